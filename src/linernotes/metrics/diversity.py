"""How varied captions are: properties of a whole set of them, which no clip has alone.

Vocabulary, novelty and length are counted as LP-MusicCaps (Doh et al., 2023) released them: lower case, commas and
full stops removed, split at white space; novel captions are compared as they are. Distinct-n is of Li et al.
(2016), self-BLEU of Zhu et al. (2018).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linernotes.metrics.bleu import bleu

SELF_BLEU_SAMPLE = 200
"""Captions that are compared with each other: the work grows with the square."""

_REMOVED = str.maketrans("", "", ",.")


@dataclass(frozen=True, slots=True)
class Diversity:
    """Figures of a set of captions; novelty is None without training captions, self-BLEU with one caption."""

    captions: int
    vocabulary: int
    novel_v: float | None
    novel_c: float | None
    distinct_1: float
    distinct_2: float
    self_bleu: float | None
    self_bleu_sample: int
    tokens_mean: float
    tokens_sd: float


def diversity(
    captions: Sequence[str],
    *,
    train_captions: Sequence[str] | None = None,
    as_released: bool = False,
    sample: int = SELF_BLEU_SAMPLE,
    seed: int = 0,
) -> Diversity:
    """The diversity of `captions`.

    Args:
        train_captions: what the captioner learnt from; gives the novelty scores.
        as_released: count vocabulary and its novelty as the release does: it walks through captions and training
            captions in step, and so reads no more of either than the other has.
        sample: how many captions self-BLEU compares, drawn by `seed`.

    Raises:
        ValueError: there are no captions, or nothing to walk in step with.
    """
    if not captions:
        raise ValueError("there are no captions whose diversity could be counted")
    if as_released and train_captions is None:
        raise ValueError("vocabulary as released is counted along the training captions: give them")
    counted, learnt = list(captions), list(train_captions or ())
    if as_released:
        counted, learnt = counted[: len(learnt)], learnt[: len(counted)]
    vocabulary = _vocabulary(counted)
    lengths = [len(caption.split()) for caption in captions]
    return Diversity(
        captions=len(captions),
        vocabulary=len(vocabulary),
        novel_v=_share_new(vocabulary, _vocabulary(learnt)) if train_captions is not None else None,
        novel_c=_share_new(set(captions), set(train_captions)) if train_captions is not None else None,
        distinct_1=_distinct(captions, 1),
        distinct_2=_distinct(captions, 2),
        self_bleu=_self_bleu(captions, sample, seed),
        self_bleu_sample=min(sample, len(captions)),
        tokens_mean=float(np.mean(lengths)),
        tokens_sd=float(np.std(lengths)),
    )


def _tokens(caption: str) -> list[str]:
    return caption.lower().translate(_REMOVED).split()


def _vocabulary(captions: Sequence[str]) -> set[str]:
    return {token for caption in captions for token in _tokens(caption)}


def _share_new(values: set[str], known: set[str]) -> float:
    return len(values - known) / len(values) if values else 0.0


def _distinct(captions: Sequence[str], n: int) -> float:
    """Different n-grams over all n-grams."""
    counts: Counter[tuple[str, ...]] = Counter()
    for caption in captions:
        tokens = _tokens(caption)
        counts.update(zip(*(tokens[start:] for start in range(n)), strict=False))
    return len(counts) / counts.total() if counts else 0.0


def _self_bleu(captions: Sequence[str], sample: int, seed: int) -> float | None:
    """Mean BLEU-4 of each caption of a sample against all others of it: 1 if all are the same."""
    if len(captions) < 2 or sample < 2:
        return None
    chosen = np.random.default_rng(seed).permutation(len(captions))[:sample]
    texts = [captions[place] for place in chosen.tolist()]
    # one at a time: all at once their counts, n-grams by captions by captions, take gigabytes
    values = [
        bleu({"": text}, {"": [*texts[:place], *texts[place + 1 :]]}).corpus
        for place, text in enumerate(texts)
    ]
    return float(np.mean(values))
