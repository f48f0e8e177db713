"""BLEU (Papineni et al., 2002), clipped n-gram precision and brevity penalty, in three published forms."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from linernotes.metrics.ngrams import MAX_N, Integers, count_ngrams, tabulate
from linernotes.metrics.ptb_tokens import ptb_words
from linernotes.metrics.score import Captions, References, Score, Statistics, mean_score, paired
from linernotes.metrics.tokens import tokenize_13a

UNIFORM = (0.25, 0.25, 0.25, 0.25)
ONLY_4 = (0.0, 0.0, 0.0, 1.0)
"""The weights of SonicVerse's "BLEU" and "BLEU-4"."""

COCO_TINY, COCO_SMALL = 1e-15, 1e-9
"""What pycocoevalcap adds to numerators and denominators, so that nothing is divided by zero."""

CLIPS_AT_ONCE = 4096
"""Bounds the memory of counting."""

Tokenizer = Callable[[str], Sequence[str]]


def bleu(candidates: Captions, references: References, *, order: int = 4) -> Score:
    """BLEU-`order` in 0..1 as LP-MusicCaps' evaluation counted it (profile `lp2023`); see `bleu_orders`."""
    return bleu_orders(candidates, references)[order - 1]


def bleu_orders(candidates: Captions, references: References) -> tuple[Score, ...]:
    """BLEU-1 .. BLEU-4 in 0..1 of profile `lp2023`, counted once.

    Tokens of mteval-v13a, case kept, no smoothing, the shortest reference's length.
    """
    counts = _count(candidates, references, tokenize_13a)
    statistics = counts.statistics(counts.shortest())
    return tuple(Score(counts.clip_ids, statistics, partial(_plain, order)) for order in range(1, MAX_N + 1))


def bleu_coco(candidates: Captions, references: References, *, order: int = 4) -> Score:
    """BLEU-`order` in 0..1 as pycocoevalcap 1.2 counts it (profile `coco`); see `bleu_coco_orders`."""
    return bleu_coco_orders(candidates, references)[order - 1]


def bleu_coco_orders(candidates: Captions, references: References) -> tuple[Score, ...]:
    """BLEU-1 .. BLEU-4 in 0..1 of profile `coco`, counted once.

    PTB tokens in lower case without punctuation, the closest reference's length (of two as close, the shorter).
    """
    counts = _count(candidates, references, ptb_words)
    statistics = counts.statistics(counts.closest())
    return tuple(Score(counts.clip_ids, statistics, partial(_coco, order)) for order in range(1, MAX_N + 1))


def bleu_characters(
    candidates: Captions, references: References, *, weights: Sequence[float] = UNIFORM
) -> Score:
    """Mean of the clips' BLEU over *characters* in 0..1 (profile `sonicverse2025`).

    It is what NLTK's `sentence_bleu` returns when it is handed strings, which are sequences of characters: the
    closest reference's length, no smoothing, and the least positive float for an order without a match, so that
    with `ONLY_4` such a pair counts 0 and with `UNIFORM` about 1e-77. A pair without a common character counts 0.
    """
    counts = _count(candidates, references, tuple)
    statistics = counts.statistics(counts.closest())
    return mean_score(counts.clip_ids, _sentence(statistics, np.asarray(weights, np.float64)).tolist())


@dataclass(frozen=True, slots=True)
class _Counts:
    clip_ids: tuple[str, ...]
    matches: Integers  # (clips, MAX_N)
    candidate: Integers  # (clips,) tokens
    references: Integers  # (clips, most references) tokens, absent: -1

    def shortest(self) -> Integers:
        most = np.iinfo(np.int64).max
        shortest: Integers = np.where(self.references < 0, most, self.references).min(axis=1)
        return shortest

    def closest(self) -> Integers:
        distance = np.abs(self.references - self.candidate[:, None]).astype(np.float64)
        rank = np.where(
            self.references < 0, np.inf, distance + 0.25 * (self.references > self.candidate[:, None])
        )
        closest: Integers = np.take_along_axis(self.references, rank.argmin(axis=1)[:, None], axis=1)[:, 0]
        return closest

    def statistics(self, reference_length: Integers) -> Statistics:
        """(clips, 2 MAX_N + 2): matches, n-grams of the candidate, candidate length, reference length."""
        totals = np.maximum(0, self.candidate[:, None] - np.arange(MAX_N))
        columns = [self.matches, totals, self.candidate[:, None], reference_length[:, None]]
        return np.concatenate(columns, axis=1).astype(np.float64)


def _count(candidates: Captions, references: References, tokenizer: Tokenizer) -> _Counts:
    pairs = paired(candidates, references)
    most = max(len(refs) for _, _, refs in pairs)
    matches, lengths, reference_lengths = [], [], []
    for begin in range(0, len(pairs), CLIPS_AT_ONCE):
        some = pairs[begin : begin + CLIPS_AT_ONCE]
        table = tabulate(
            (tokenizer(text) for _, text, _ in some),
            (map(tokenizer, refs) for _, _, refs in some),
        )
        matches.append(
            np.stack(
                [
                    np.bincount(
                        grams.clip,
                        np.minimum(grams.counts[:, 0], grams.counts[:, 1:].max(axis=1)),
                        minlength=len(some),
                    )
                    for grams in count_ngrams(table)
                ],
                axis=1,
            )
        )
        lengths.append(table.lengths[0])
        missing = most - table.lengths[1].shape[1]
        reference_lengths.append(np.pad(table.lengths[1], ((0, 0), (0, missing)), constant_values=-1))
    return _Counts(
        tuple(clip_id for clip_id, _, _ in pairs),
        np.concatenate(matches).astype(np.int64),
        np.concatenate(lengths),
        np.concatenate(reference_lengths),
    )


def _plain(order: int, sums: Statistics) -> Statistics:
    matches, totals = sums[..., :order], sums[..., MAX_N : MAX_N + order]
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(totals > 0, matches / totals, 0.0)
        log_mean = np.log(precision).mean(axis=-1)
        ratio = sums[..., -2] / sums[..., -1]
        penalty = np.where(ratio >= 1, 1.0, np.exp(1 - 1 / ratio))
    value: Statistics = np.where(precision.min(axis=-1) > 0, np.exp(log_mean) * penalty, 0.0)
    return value


def _coco(order: int, sums: Statistics) -> Statistics:
    matches, totals = sums[..., :order], sums[..., MAX_N : MAX_N + order]
    precision = (matches + COCO_TINY) / (totals + COCO_SMALL)
    ratio = (sums[..., -2] + COCO_TINY) / (sums[..., -1] + COCO_SMALL)
    penalty = np.exp(np.minimum(0.0, 1 - 1 / ratio))
    value: Statistics = precision.prod(axis=-1) ** (1 / order) * penalty
    return value


def _sentence(counts: Statistics, weights: Statistics) -> Statistics:
    matches, totals = counts[..., :MAX_N], counts[..., MAX_N : 2 * MAX_N]
    precision = np.maximum(matches / np.maximum(totals, 1), sys.float_info.min)
    longest_first = np.minimum(0.0, 1 - counts[..., -1] / np.maximum(counts[..., -2], 1))
    value: Statistics = np.exp(np.log(precision) @ weights + longest_first)
    return np.where(matches[..., 0] > 0, value, 0.0)
