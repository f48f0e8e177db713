"""Singing style F1: what a caption says of volume, pitch, timbre, mood, tempo and gender against its references.

The attributes and classes are those of S2Cap (Ok and Lee 2025). Both texts are read by the same few rules, which
know the words around which captions of singing are built ("a low pitch", "sings softly", "the mood is sad") and
nothing else. Over all statements of all clips (micro): F1 = 2 right / (said + true).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from linernotes.metrics.score import Captions, References, Score, Statistics, paired

CLASSES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "volume": {
        "low": ("low", "soft", "quiet"),
        "medium": ("medium", "moderate"),
        "high": ("high", "loud", "powerful"),
    },
    "pitch": {
        "low": ("low", "lower", "deep"),
        "medium": ("medium", "middle", "mid", "moderate"),
        "high": ("high", "higher"),
    },
    "tempo": {
        "slow": ("slow", "unhurried"),
        "moderate": ("moderate", "medium", "mid"),
        "fast": ("fast", "quick", "brisk"),
    },
}
"""Attribute -> class -> the words that say it beside one of `NOUNS`."""
NOUNS: Mapping[str, tuple[str, ...]] = {
    "volume": ("volume",),
    "pitch": ("pitch", "pitched", "register", "range"),
    "tempo": ("tempo", "pace"),
    "mood": ("mood", "atmosphere"),
    "timbre": ("timbre", "tone"),
}
ALONE: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("softly", "quietly"), ("volume", "low")),
    **dict.fromkeys(("loudly", "powerfully"), ("volume", "high")),
    **dict.fromkeys(("male", "man", "man's"), ("singer_gender", "male")),
    **dict.fromkeys(("female", "woman", "woman's"), ("singer_gender", "female")),
    "slow": ("tempo", "slow"), "slowly": ("tempo", "slow"), "unhurried": ("tempo", "slow"),
    "fast": ("tempo", "fast"), "brisk": ("tempo", "fast"), "quick": ("tempo", "fast"),
}  # fmt: skip
"""Words that say an attribute by themselves."""
TIMBRES = ("dark", "warm", "clear", "bright")
EMPTY = frozenset("a an and at by in is of over song the to with music singing sung this its voice".split())
"""Words that stand beside a noun and say nothing of it."""


def style_in_text(text: str) -> frozenset[str]:
    """What a caption says, as "pitch:low"; of moods any word."""
    words = re.findall(r"[a-z]+(?:'s)?", text.lower())
    found: dict[str, str] = {}
    for word in words:
        if word in ALONE:
            attribute, value = ALONE[word]
            found.setdefault(attribute, value)
    for attribute, nouns in NOUNS.items():
        places = (at for at, word in enumerate(words) if word in nouns)
        value = next((value for at in places if (value := _beside(words, at, attribute))), "")
        if value:
            found[attribute] = value
    if "timbre" not in found and (value := _timbre_of_singer(words)):
        found["timbre"] = value
    if "mood" not in found and (value := _mood_of_song(words)):
        found["mood"] = value
    return frozenset(f"{attribute}:{value}" for attribute, value in found.items())


def style_f1(candidates: Captions, references: References) -> Score:
    """F1 over all statements; several references of a clip unite. NaN where no text says anything.

    Raises:
        ValueError: there are no clips, or an id stands on one side only.
    """
    pairs = paired(candidates, references)
    counts = np.zeros((len(pairs), 2))
    for number, (_, text, given) in enumerate(pairs):
        said, true = style_in_text(text), frozenset[str]().union(*map(style_in_text, given))
        counts[number] = 2 * len(said & true), len(said) + len(true)
    return Score(tuple(clip_id for clip_id, _, _ in pairs), counts, _share)


def _share(sums: Statistics) -> Statistics:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 0] / sums[..., 1]


def _beside(words: list[str], at: int, attribute: str) -> str:
    """The value told by the word before a noun, else by the one behind it, "is" between them skipped."""
    behind = words[at + 1 : at + 3]
    if behind[:1] == ["is"]:
        behind = behind[1:]
    for word in (*words[max(0, at - 1) : at], *behind[:1]):
        if value := _value(attribute, word):
            return value
    return ""


def _value(attribute: str, word: str) -> str:
    if attribute == "mood":
        return "" if word in EMPTY else word
    if attribute == "timbre":
        return word if word in TIMBRES else ""
    return next((value for value, said in CLASSES[attribute].items() if word in said), "")


def _timbre_of_singer(words: list[str]) -> str:
    """As in "a dark male voice"."""
    return next(
        (word for word, then in pairwise(words) if word in TIMBRES and then in ("male", "female", "voice")),
        "",
    )


def _mood_of_song(words: list[str]) -> str:
    """As in "a sad song"."""
    before = (word for word, then in pairwise(words) if then == "song")
    return next((word for word in before if word not in EMPTY and word not in ALONE), "")
