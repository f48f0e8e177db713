"""Manners of telling a list of aspects, and which one the wording of the aspects calls for.

People who write captions differ in manner: some begin with the recording, some with the tempo or the genre.
The aspects' own wording says which manner they would be told in ("punchy snare" or "e-bass", "no singer" or "no
voices"); `data/manners.tsv`, fitted by `scripts/fit_manners.py`, holds what goes with what.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from random import Random
from typing import TypeAlias

_OPENINGS: Mapping[str, str] = {
    "recording": r"The .{0,60}?(recording|song|cover|performance|track) (features|consists|contains)\b",
    "contains": r"(This|The) \w+ contains\b|Someone is\b",
    "features": r"This [\w &'’/-]{0,60}? ?features\b",
    "sings": r"An? (fe)?male (vocalist|voice)\b.{0,20} sings?\b|This (music|song) is\b",
    "song is": r"The song is\b|(A |Two )?(fe)?male singers? sings?\b",
    "piece": r"This is (an?|the) ",
    "plain": r"",
}
Weights: TypeAlias = Mapping[str, tuple[float, ...]]
"""Feature -> a weight for each of `MANNERS`."""
MANNERS = tuple(_OPENINGS)
"""Names of the manners, after the words they open with; `plain` is everybody else's."""


PLAIN = "plain"
CLEAR_MARGIN = 1.0
"""By how much (natural logarithm of odds) a manner must lead; else the telling is plain."""
FLATNESS = 9.0
"""Divides those odds when the seed draws a manner: the larger, the more even the draw."""
FEWEST_ASPECTS = 4
"""Shorter lists show no manner."""


def manner_of_caption(caption: str) -> str:
    """The manner that a caption's opening words belong to."""
    return next(
        name for name, pattern in _OPENINGS.items() if re.match(pattern, caption.strip(), re.IGNORECASE)
    )


def aspect_features(aspects: Iterable[str]) -> set[str]:
    """What the choice looks at: whole phrases (in quotes) and their words, and how many phrases there are."""
    tidy = [" ".join(aspect.lower().split()) for aspect in aspects]
    words = {word for aspect in tidy for word in aspect.split()}
    return words | {f'"{aspect}"' for aspect in tidy if " " in aspect} | {f"#{min(len(tidy), 20) // 3}"}


def read_table(text: str) -> Weights:
    """The fitted table, feature by feature; the empty feature is the prior."""
    cells = (line.split("\t") for line in text.splitlines()[1:])
    return {row[0]: tuple(float(cell) for cell in row[1:]) for row in cells}


@lru_cache(maxsize=1)
def _shipped() -> Weights:
    file = resources.files("linernotes.writers.composer") / "data" / "manners.tsv"
    return read_table(file.read_text(encoding="utf-8"))


def choose_manner(aspects: Iterable[str], rng: Random | None = None, weights: Weights | None = None) -> str:
    """The likeliest manner for these aspects; with `rng` one drawn by likelihood, flattened for variety."""
    aspects = list(aspects)
    if len(aspects) < FEWEST_ASPECTS and rng is None:
        return PLAIN
    weights = weights or _shipped()
    scores = list(weights[""])
    for feature in sorted(aspect_features(aspects)):
        for index, weight in enumerate(weights.get(feature, ())):
            scores[index] += weight
    best, second = sorted(scores, reverse=True)[:2]
    if rng is None:
        return MANNERS[scores.index(best)] if best - second > CLEAR_MARGIN else PLAIN
    odds = [math.exp(max(score - best, -30.0) / FLATNESS) for score in scores]
    return rng.choices(MANNERS, odds)[0]
