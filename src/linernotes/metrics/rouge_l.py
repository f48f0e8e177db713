"""ROUGE-L (Lin, 2004), longest common subsequence of candidate and reference, in three published forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linernotes.metrics.ptb_tokens import tokenize_ptb
from linernotes.metrics.score import Captions, References, Score, mean_score, paired
from linernotes.metrics.tokens import rouge_stems, tokenize_rouge

COCO_BETA = 1.2
"""Weight of recall against precision in profile `coco`."""

Tokens = Sequence[str]


def rouge_l(candidates: Captions, references: References) -> Score:
    """Mean F measure (beta 1, no stemmer) of the best reference, in 0..1; profile `lp2023`."""
    return _mean(candidates, references, tokenize_rouge, _best_f)


def rouge_l_recall(candidates: Captions, references: References) -> Score:
    """Mean recall of Porter stems, in 0..1, of the reference with the best F measure; profile `sonicverse2025`.

    Raises:
        MissingExtraError: NLTK, whose stemmer it is, is not installed.
    """
    return _mean(candidates, references, rouge_stems(), _recall_of_best_f)


def rouge_l_coco(candidates: Captions, references: References) -> Score:
    """Mean F measure (beta 1.2) of the best precision and the best recall over references; profile `coco`.

    As in pycocoevalcap a text without tokens counts as one empty token, so nothing said of nothing scores 1.
    """
    return _mean(candidates, references, tokenize_ptb, _best_precision_and_recall)


def _mean(
    candidates: Captions,
    references: References,
    tokenizer: Callable[[str], Tokens],
    value: Callable[[Tokens, Sequence[Tokens]], float],
) -> Score:
    pairs = paired(candidates, references)
    values = [value(tokenizer(text), [tokenizer(ref) for ref in refs]) for _, text, refs in pairs]
    return mean_score([clip_id for clip_id, _, _ in pairs], values)


def _best_f(candidate: Tokens, references: Sequence[Tokens]) -> float:
    return max(_f_measure(candidate, reference) for reference in references)


def _recall_of_best_f(candidate: Tokens, references: Sequence[Tokens]) -> float:
    best = max(references, key=lambda reference: _f_measure(candidate, reference))
    return longest_common_subsequence(candidate, best) / len(best) if best else 0.0


def _best_precision_and_recall(candidate: Tokens, references: Sequence[Tokens]) -> float:
    candidate = candidate or [""]
    told = [reference or [""] for reference in references]
    common = [longest_common_subsequence(candidate, reference) for reference in told]
    precision = max(common) / len(candidate)
    recall = max(length / len(reference) for length, reference in zip(common, told, strict=True))
    if not common or not precision:
        return 0.0
    return (1 + COCO_BETA**2) * precision * recall / (recall + COCO_BETA**2 * precision)


def _f_measure(candidate: Tokens, reference: Tokens) -> float:
    if not candidate or not reference:
        return 0.0
    return 2 * longest_common_subsequence(candidate, reference) / (len(candidate) + len(reference))


def longest_common_subsequence(first: Tokens, second: Tokens) -> int:
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
