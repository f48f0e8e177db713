"""Retrieval: where each query ranks what belongs to it, by a matrix of similarities or log-likelihoods.

Items that score the same stand at their mean rank, so that a scorer which says the same of everything gets what
chance gets, whatever the order of the items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linernotes.metrics.score import Captions, References, paired
from linernotes.metrics.sentence_similarity import embed_sentences
from linernotes.metrics.text_models import OFFLINE_MODEL

Clip = TypeVar("Clip")
Scorer = Callable[[Sequence[str], Sequence[Clip]], ArrayLike]
"""(captions, clips) -> (captions, clips) similarities or log-likelihoods, higher is better."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Recall at k: share of queries whose best relevant item ranks k or better; ranks begin at 1."""

    queries: int
    items: int
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    median_rank: float
    mean_average_precision: float
    ranks: tuple[float, ...]  # of the best relevant item, by query


def retrieval(similarities: ArrayLike, relevant: Sequence[Sequence[int]] | None = None) -> Retrieval:
    """How well the queries of `similarities` (queries, items) find their items.

    Args:
        relevant: by query, the items that belong to it; None: query i has item i alone.

    Raises:
        ValueError: the matrix is not one, holds a NaN, or does not fit `relevant`.
    """
    matrix = np.asarray(similarities, np.float64)
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"retrieval needs a matrix (queries, items), not the shape {matrix.shape}")
    if np.isnan(matrix).any():
        raise ValueError("a similarity is not a number: look at what scored these captions")
    belong = _belonging(matrix, relevant)
    ranks = [_ranks(row, items) for row, items in zip(matrix, belong, strict=True)]
    best = np.array([found[0] for found in ranks])
    return Retrieval(
        queries=matrix.shape[0],
        items=matrix.shape[1],
        recall_at_1=float((best <= 1).mean()),
        recall_at_5=float((best <= 5).mean()),
        recall_at_10=float((best <= 10).mean()),
        median_rank=float(np.median(best)),
        mean_average_precision=float(np.mean([_average_precision(found) for found in ranks])),
        ranks=tuple(best.tolist()),
    )


def text_to_text_retrieval(
    candidates: Captions, references: References, *, model: str | Path = OFFLINE_MODEL
) -> Retrieval:
    """Whether each candidate finds the references of its own clip among everyone's, by sentence similarity.

    A caption that fits every clip is close to its reference and still finds nothing: n-gram scores miss that.

    Raises:
        MissingMetricError: the model can't be loaded.
    """
    pairs = paired(candidates, references)
    texts = [text for _, _, refs in pairs for text in refs]
    ends = np.cumsum([len(refs) for _, _, refs in pairs])
    relevant = [range(end - len(refs), end) for end, (_, _, refs) in zip(ends.tolist(), pairs, strict=True)]
    queries = embed_sentences([candidate for _, candidate, _ in pairs], model=model)
    return retrieval(queries @ embed_sentences(texts, model=model).T, relevant)


def round_trip(captions: Sequence[str], clips: Sequence[Clip], scorer: Scorer[Clip]) -> Retrieval:
    """Whether the caption of each clip finds that clip's audio again: caption to audio, by any joint model.

    Args:
        captions: the caption of each clip, in the order of `clips`.
        clips: whatever `scorer` reads: audio, paths, ids.

    Raises:
        ValueError: captions and clips are not as many, or the scorer's matrix does not fit them.
    """
    if len(captions) != len(clips):
        raise ValueError(f"{len(captions)} captions and {len(clips)} clips: each clip needs its caption")
    matrix = np.asarray(scorer(captions, clips), np.float64)
    if matrix.shape != (len(captions), len(clips)):
        raise ValueError(f"the scorer gave {matrix.shape} for {len(captions)} captions and as many clips")
    return retrieval(matrix)


def _belonging(matrix: NDArray[np.float64], relevant: Sequence[Sequence[int]] | None) -> list[list[int]]:
    queries, items = matrix.shape
    if relevant is None:
        if queries != items:
            raise ValueError(f"{queries} queries and {items} items: say which items belong to which query")
        return [[number] for number in range(queries)]
    belong = [sorted(set(found)) for found in relevant]
    if len(belong) != queries:
        raise ValueError(f"{queries} queries, and relevant items for {len(belong)}")
    for number, found in enumerate(belong):
        if not found or found[0] < 0 or found[-1] >= items:
            raise ValueError(f"query {number} needs relevant items of 0 to {items - 1}, not {found}")
    return belong


def _ranks(row: NDArray[np.float64], relevant: Sequence[int]) -> list[float]:
    """Ranks of the relevant items, best first; equal scores share the mean of their ranks."""
    ranks = []
    for item in relevant:
        equal = np.count_nonzero(row == row[item])
        ranks.append(np.count_nonzero(row > row[item]) + (equal + 1) / 2)
    return sorted(ranks)


def _average_precision(ranks: Sequence[float]) -> float:
    """Mean over the relevant items of the share of relevant ones at or above each."""
    return float(np.mean([(place + 1) / rank for place, rank in enumerate(ranks)]))
