"""ROUGE-L (Lin, 2004): longest common subsequence of candidate and reference."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.metrics.score import Captions, References, Score, mean_score, paired
from linernotes.metrics.tokens import tokenize_rouge


def rouge_l(candidates: Captions, references: References) -> Score:
    """Mean F measure (beta 1, no stemmer) of the best reference, in 0..1; profile `lp2023`."""
    pairs = paired(candidates, references)
    values = [
        max(_f_measure(tokenize_rouge(text), tokenize_rouge(ref)) for ref in refs) for _, text, refs in pairs
    ]
    return mean_score([clip_id for clip_id, _, _ in pairs], values)


def _f_measure(candidate: Sequence[str], reference: Sequence[str]) -> float:
    if not candidate or not reference:
        return 0.0
    common = longest_common_subsequence(candidate, reference)
    return 2 * common / (len(candidate) + len(reference))


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, by the bit-parallel method of Hyyrö (2004)."""
    positions: dict[str, int] = {}
    for index, token in enumerate(first):
        positions[token] = positions.get(token, 0) | 1 << index
    full = (1 << len(first)) - 1
    row = full
    for token in second:
        matched = row & positions.get(token, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(first) - row.bit_count()
