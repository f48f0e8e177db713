"""Retrieval: where each query ranks what belongs to it, by a matrix of similarities or log-likelihoods.

Items that score the same stand at their mean rank, so that a scorer which says the same of everything gets what
chance gets, whatever the order of the items.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linernotes.metrics.score import Captions, References, paired
from linernotes.metrics.sentence_similarity import Embeddings, embed_captions
from linernotes.metrics.text_models import OFFLINE_MODEL

Clip = TypeVar("Clip")
Scorer = Callable[[Sequence[str], Sequence[Clip]], ArrayLike]
"""(captions, clips) -> (captions, clips) similarities or log-likelihoods, higher is better."""

_SIMILARITIES_AT_ONCE = 2**24
"""64 MB, however many clips there are."""


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
    average_precisions: tuple[float, ...]  # by query
    chance_at_1: float = 0.0
    chance_at_5: float = 0.0
    chance_at_10: float = 0.0
    """What an order by lot reaches, which is more than k of all items where a query has several relevant ones."""


def chance_recall(relevant: int, items: int, k: int) -> float:
    """Probability that one of `relevant` items is among the first `k` of all `items` in an order by lot."""
    return 1.0 - math.comb(items - relevant, k) / math.comb(items, k) if k < items else 1.0


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
    return _retrieval(ranks, matrix.shape[1])


def _retrieval(ranks: Sequence[Sequence[float]], items: int) -> Retrieval:
    """What ranks of the relevant items, by query and best first, come to."""
    best = np.array([found[0] for found in ranks])
    precisions = [_average_precision(found) for found in ranks]

    def chance(k: int) -> float:
        return float(np.mean([chance_recall(len(found), items, k) for found in ranks]))

    return Retrieval(
        queries=len(ranks),
        items=items,
        recall_at_1=float((best <= 1).mean()),
        recall_at_5=float((best <= 5).mean()),
        recall_at_10=float((best <= 10).mean()),
        median_rank=float(np.median(best)),
        mean_average_precision=float(np.mean(precisions)),
        ranks=tuple(best.tolist()),
        average_precisions=tuple(precisions),
        chance_at_1=chance(1),
        chance_at_5=chance(5),
        chance_at_10=chance(10),
    )


def text_to_text_retrieval(
    candidates: Captions, references: References, *, model: str | Path = OFFLINE_MODEL
) -> Retrieval:
    """Whether each candidate finds the references of its own clip among everyone's, by sentence similarity.

    A caption that fits every clip is close to its reference and still finds nothing: n-gram scores miss that.

    Raises:
        MissingMetricError: the model can't be loaded.
    """
    embeddings = embed_captions([candidates], references, model=model)
    return retrieval_in(embeddings, candidates, references)


def retrieval_in(embeddings: Embeddings, candidates: Captions, references: References) -> Retrieval:
    """The same by the embeddings of `embed_captions`, in memory for some thousand clips' similarities at once."""
    pairs = paired(candidates, references)
    items = np.stack([embeddings[text] for _, _, refs in pairs for text in refs])
    ends = np.cumsum([len(refs) for _, _, refs in pairs])
    relevant = [range(end - len(refs), end) for end, (_, _, refs) in zip(ends.tolist(), pairs, strict=True)]
    ranks: list[list[float]] = []
    at_once = max(1, _SIMILARITIES_AT_ONCE // len(items))
    for start in range(0, len(pairs), at_once):
        queries = np.stack([embeddings[candidate] for _, candidate, _ in pairs[start : start + at_once]])
        ranks += map(_ranks, queries @ items.T, relevant[start : start + at_once])
    return _retrieval(ranks, len(items))


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


def _ranks(row: NDArray[np.floating[Any]], relevant: Sequence[int]) -> list[float]:
    """Ranks of the relevant items, best first; equal scores share the mean of their ranks."""
    ranks = []
    for item in relevant:
        equal = np.count_nonzero(row == row[item])
        ranks.append(np.count_nonzero(row > row[item]) + (equal + 1) / 2)
    return sorted(ranks)


def _average_precision(ranks: Sequence[float]) -> float:
    """Mean over the relevant items of the share of relevant ones at or above each."""
    return float(np.mean([(place + 1) / rank for place, rank in enumerate(ranks)]))
