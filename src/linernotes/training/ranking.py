"""Retrieval by likelihood: tracks ranked for a caption by log P(caption | track) (Manco et al. 2021, IV-C.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from linernotes.metrics.retrieval import Retrieval, retrieval
from linernotes.training.examples import Example

TRACKS_AT_ONCE = 8

TrackScorer: TypeAlias = Callable[[Sequence[Example], Sequence[str]], NDArray[np.floating[Any]]]
"""(tracks, captions) -> log P(caption | track) in nats, (tracks, captions)."""


def log_likelihoods(
    scorer: TrackScorer,
    tracks: Sequence[Example],
    queries: Sequence[str],
    advance: Callable[[float], Any] = lambda done: None,
) -> NDArray[np.float64]:
    """log P(query | track) in nats, (queries, tracks); the scorer gets some tracks at a time, and all queries."""
    columns = []
    for start in range(0, len(tracks), TRACKS_AT_ONCE):
        some = tracks[start : start + TRACKS_AT_ONCE]
        columns.append(np.asarray(scorer(some, queries), np.float64).T)
        advance(start + len(some))
    matrix: NDArray[np.float64] = np.concatenate(columns, axis=1)
    return matrix


def against_prior(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores (queries, tracks) less what each track gives captions on average.

    log P(query | track) favours tracks of which every common caption is likely. Subtracting the track's mean over
    all queries asks how much likelier than usual this query is. Not in the paper.
    """
    centred: NDArray[np.float64] = scores - scores.mean(axis=0, keepdims=True)
    return centred


def rank_tracks(
    scorer: TrackScorer,
    tracks: Sequence[Example],
    *,
    queries: int,
    seed: int = 0,
    prior: bool = False,
    advance: Callable[[float], Any] = lambda done: None,
) -> Retrieval:
    """Recall and median rank of `queries` captions, drawn from different tracks, among all `tracks`.

    Tracks with a caption equal to the query count as found, since nothing tells them apart.

    Raises:
        ValueError: there are fewer tracks than queries.
    """
    if not 1 <= queries <= len(tracks):
        raise ValueError(f"{queries} queries need at least as many tracks, and one; there are {len(tracks)}")
    rng = np.random.default_rng(seed)
    asked = rng.choice(len(tracks), size=queries, replace=False)
    texts = [tracks[int(at)].captions[int(rng.integers(len(tracks[int(at)].captions)))] for at in asked]
    scores = log_likelihoods(scorer, tracks, texts, advance)
    relevant = [[number for number, track in enumerate(tracks) if text in track.captions] for text in texts]
    return retrieval(against_prior(scores) if prior else scores, relevant)
