"""Scores of the next token: what is forbidden, what is likeliest, what belongs to the nucleus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linernotes.decoding.options import Constraint, DecodingOptions, FloatArray

BLOCKS = 64
"""Slices of which the maxima bound the largest scores from below: a pass over them spares a sort of them all."""


def allowed_scores(
    log_probs: FloatArray,
    tokens: tuple[int, ...],
    eos_id: int,
    options: DecodingOptions,
    constraint: Constraint | None,
) -> FloatArray:
    """Scores (vocabulary,) of the token after `tokens`; after `max_tokens` only <eos> is left."""
    scores = log_probs + np.float32(options.length_reward)
    scores[eos_id] = log_probs[eos_id]
    if constraint is not None:
        scores = scores + constraint(tokens)
    banned = repeated_ngram_ends(tokens, options.no_repeat_ngram)
    if banned:
        scores[list(banned)] = -np.inf
    if len(tokens) < options.min_tokens:
        scores[eos_id] = -np.inf
    if len(tokens) >= options.max_tokens:
        end = 0.0 if options.ends_as_transformers else scores[eos_id]
        scores[:] = -np.inf
        scores[eos_id] = end
    return scores


def repeated_ngram_ends(tokens: Sequence[int], size: int) -> set[int]:
    """Tokens that would complete a run of `size` tokens which `tokens` already holds."""
    if size < 1 or len(tokens) < size - 1:
        return set()
    tail = tuple(tokens[len(tokens) - size + 1 :])
    starts = range(len(tokens) - size + 1)
    return {tokens[at + size - 1] for at in starts if tuple(tokens[at : at + size - 1]) == tail}


def largest(scores: FloatArray, count: int) -> NDArray[np.intp]:
    """Where the `count` largest finite scores stand, largest first, ties by place."""
    length = scores.size // BLOCKS
    bound = np.float32(-np.inf)
    if length > count:
        # Each of the `count` largest maxima is a score of its own, so the least of them bounds what is sought.
        maxima = scores[: BLOCKS * length].reshape(BLOCKS, length).max(axis=0)
        bound = np.partition(maxima, length - count)[length - count]
    places = np.flatnonzero((scores >= bound) & np.isfinite(scores))
    return places[np.lexsort((places, -scores[places]))[:count]]


def nucleus(scores: FloatArray, top_p: float) -> NDArray[np.float64]:
    """Chances (vocabulary,) of tokens with these log-scores, zero outside the least set that reaches `top_p`."""
    best = float(np.max(scores))
    if not np.isfinite(best):
        return np.zeros(len(scores))
    chances = np.exp(scores.astype(np.float64) - best)
    chances /= chances.sum()
    order = np.argsort(-chances, kind="stable")
    before = np.cumsum(chances[order]) - chances[order]
    chances[order[before >= top_p]] = 0.0
    total: NDArray[np.float64] = chances / chances.sum()
    return total
