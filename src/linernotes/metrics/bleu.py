"""BLEU-1 to BLEU-4 of a corpus (Papineni et al., 2002): clipped n-gram precision and brevity penalty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from linernotes.metrics.score import Captions, References, Score, Statistics, paired
from linernotes.metrics.tokens import tokenize_13a

MAX_N = 4


def bleu(candidates: Captions, references: References, *, order: int = 4) -> Score:
    """BLEU-`order` in 0..1 as LP-MusicCaps' evaluation counted it (profile `lp2023`).

    Tokens of mteval-v13a, case kept, no smoothing, the shortest reference's length.
    """
    pairs = paired(candidates, references)
    rows = [_statistics(tokenize_13a(text), [tokenize_13a(ref) for ref in refs]) for _, text, refs in pairs]
    ids = tuple(clip_id for clip_id, _, _ in pairs)
    return Score(ids, np.array(rows, np.float64), lambda sums: _combine(sums, order))


def _statistics(candidate: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """[matches 1..4, totals 1..4, candidate length, reference length]."""
    matches, totals = [], []
    for n in range(1, MAX_N + 1):
        have = _ngrams(candidate, n)
        allowed: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            allowed |= _ngrams(reference, n)
        matches.append(sum((have & allowed).values()))
        totals.append(max(0, len(candidate) - n + 1))
    return [*matches, *totals, len(candidate), min(len(reference) for reference in references)]


def _ngrams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


def _combine(sums: Statistics, order: int) -> Statistics:
    matches, totals = sums[..., :order], sums[..., MAX_N : MAX_N + order]
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(totals > 0, matches / totals, 0.0)
        log_mean = np.log(precision).mean(axis=-1)
        ratio = sums[..., -2] / sums[..., -1]
        penalty = np.where(ratio >= 1, 1.0, np.exp(1 - 1 / ratio))
    value: Statistics = np.where(precision.min(axis=-1) > 0, np.exp(log_mean) * penalty, 0.0)
    return value
