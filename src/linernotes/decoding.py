"""Greedy and beam search, written once for every decoder: ONNX or PyTorch, constrained or free.

A decoder is a function `step(state, tokens) -> StepResult`: `tokens (beams,)` are the newest tokens, `state` maps
names to arrays whose first axis is the beam, so that the search can reorder hypotheses without knowing the model.
Everything here is numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
State: TypeAlias = Mapping[str, FloatArray]
Constraint: TypeAlias = Callable[[tuple[int, ...]], FloatArray]
"""Tokens so far (without <bos>) -> scores (vocabulary,) added to the log-probabilities; -inf forbids a token."""


@dataclass(frozen=True)
class StepResult:
    """Log-probabilities (beams, vocabulary) of the next token and the state after the newest one."""

    log_probs: FloatArray
    state: State


class Step(Protocol):
    """One step of an autoregressive decoder."""

    def __call__(self, state: State, tokens: NDArray[np.int64]) -> StepResult:
        """Read `tokens (beams,)`, return what may follow."""
        ...


@dataclass(frozen=True)
class DecodingOptions:
    """How to search. One beam is greedy search."""

    beams: int = 4
    max_tokens: int = 120
    min_tokens: int = 0
    length_penalty: float = 1.0
    """Finished hypotheses are ranked by score / tokens ** length_penalty; 0 ranks by the plain score."""
    length_reward: float = 0.0
    """Added to the score for every token."""
    no_repeat_ngram: int = 0
    """No run of this many tokens occurs twice; 0 allows repetition."""
    hypotheses: int = 1
    """How many finished hypotheses to return at most, best first."""
    top_p: float | None = None
    """Draw each token from the likeliest ones that together have this probability; None searches."""
    seed: int | None = None
    """Of the draws, which begin anew with it at each clip; None is 0."""

    def __post_init__(self) -> None:
        for name in ("beams", "max_tokens", "hypotheses"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.min_tokens <= self.max_tokens:
            raise ValueError(f"min_tokens must lie in 0..{self.max_tokens}, got {self.min_tokens}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must lie above 0 and at most at 1, got {self.top_p}")


@dataclass(frozen=True)
class Hypothesis:
    """A decoded sequence without <bos> and <eos>.

    `log_prob` is the model's, `raw_score` adds what constraints and rewards gave, `score` is that
    normalised by length. `finished` is False where `max_tokens` cut the sequence.
    """

    tokens: tuple[int, ...]
    log_prob: float
    raw_score: float
    score: float
    finished: bool


@dataclass(frozen=True)
class _Candidate:
    source_beam: int
    token: int
    log_prob: float
    raw_score: float


def beam_search(
    step: Step,
    state: State,
    bos_id: int,
    eos_id: int,
    options: DecodingOptions,
    constraint: Constraint | None = None,
) -> list[Hypothesis]:
    """The best hypotheses, best first; `state` holds one beam. Ties go to the earlier beam and the smaller token.

    The search stops when no live hypothesis can still beat the finished ones, as long as constraints only take
    score away; where they add score it may stop a little early.
    """
    alive = [Hypothesis((), 0.0, 0.0, 0.0, False)]
    finished: list[Hypothesis] = []
    newest = np.array([bos_id], dtype=np.int64)
    wanted = max(options.beams, options.hypotheses)
    for length in range(1, options.max_tokens + 2):
        result = step(state, newest)
        candidates = _candidates(alive, result.log_probs, eos_id, length, options, constraint)
        kept: list[_Candidate] = []
        for candidate in candidates:
            if candidate.token == eos_id:
                finished.append(_finish(alive[candidate.source_beam], candidate, options))
            elif len(kept) < options.beams:
                kept.append(candidate)
        finished = sorted(finished, key=lambda hypothesis: -hypothesis.score)[:wanted]
        if length > options.max_tokens or not kept:
            break
        alive = [_extend(alive[candidate.source_beam], candidate, options) for candidate in kept]
        if len(finished) == wanted and _bound(alive, options) <= finished[-1].score:
            break
        order = np.array([candidate.source_beam for candidate in kept])
        state = {name: array[order] for name, array in result.state.items()}
        newest = np.array([candidate.token for candidate in kept], dtype=np.int64)
    ranked = finished or sorted(alive, key=lambda hypothesis: -hypothesis.score)
    return ranked[: options.hypotheses]


def greedy_search(
    step: Step,
    state: State,
    bos_id: int,
    eos_id: int,
    options: DecodingOptions,
    constraint: Constraint | None = None,
) -> Hypothesis:
    """The most likely allowed token at every step, until <eos> or `max_tokens`."""
    tokens: tuple[int, ...] = ()
    log_prob = raw_score = 0.0
    newest = np.array([bos_id], dtype=np.int64)
    for length in range(1, options.max_tokens + 1):
        result = step(state, newest)
        scores = _allowed_scores(result.log_probs[0], tokens, eos_id, length, options, constraint)
        best = int(np.argmax(scores))
        if not np.isfinite(scores[best]):
            break
        log_prob += float(result.log_probs[0, best])
        raw_score += float(scores[best])
        if best == eos_id:
            return Hypothesis(tokens, log_prob, raw_score, _normalise(raw_score, length, options), True)
        tokens = (*tokens, best)
        newest = np.array([best], dtype=np.int64)
        state = result.state
    return Hypothesis(tokens, log_prob, raw_score, _normalise(raw_score, max(len(tokens), 1), options), False)


def nucleus_sample(
    step: Step,
    state: State,
    bos_id: int,
    eos_id: int,
    options: DecodingOptions,
    constraint: Constraint | None = None,
) -> Hypothesis:
    """Tokens drawn from the nucleus: the likeliest ones that together reach `top_p` (Holtzman et al. 2020)."""
    rng = np.random.default_rng(options.seed or 0)
    tokens: tuple[int, ...] = ()
    log_prob = raw_score = 0.0
    newest = np.array([bos_id], dtype=np.int64)
    for length in range(1, options.max_tokens + 1):
        result = step(state, newest)
        scores = _allowed_scores(result.log_probs[0], tokens, eos_id, length, options, constraint)
        chances = nucleus(scores, 1.0 if options.top_p is None else options.top_p)
        if not chances.any():
            break
        drawn = int(rng.choice(len(chances), p=chances))
        log_prob += float(result.log_probs[0, drawn])
        raw_score += float(scores[drawn])
        if drawn == eos_id:
            return Hypothesis(tokens, log_prob, raw_score, _normalise(raw_score, length, options), True)
        tokens = (*tokens, drawn)
        newest = np.array([drawn], dtype=np.int64)
        state = result.state
    return Hypothesis(tokens, log_prob, raw_score, _normalise(raw_score, max(len(tokens), 1), options), False)


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


def repeated_ngram_ends(tokens: Sequence[int], size: int) -> set[int]:
    """Tokens that would complete a run of `size` tokens which `tokens` already holds."""
    if size < 1 or len(tokens) < size - 1:
        return set()
    tail = tuple(tokens[len(tokens) - size + 1 :])
    starts = range(len(tokens) - size + 1)
    return {tokens[at + size - 1] for at in starts if tuple(tokens[at : at + size - 1]) == tail}


def _allowed_scores(
    log_probs: FloatArray,
    tokens: tuple[int, ...],
    eos_id: int,
    length: int,
    options: DecodingOptions,
    constraint: Constraint | None,
) -> FloatArray:
    """Scores (vocabulary,) of the next token; after `max_tokens` only <eos> is left."""
    scores = log_probs + np.float32(options.length_reward)
    scores[eos_id] = log_probs[eos_id]
    if constraint is not None:
        scores = scores + constraint(tokens)
    banned = repeated_ngram_ends(tokens, options.no_repeat_ngram)
    if banned:
        scores[list(banned)] = -np.inf
    if len(tokens) < options.min_tokens:
        scores[eos_id] = -np.inf
    if length > options.max_tokens:
        end = scores[eos_id]
        scores[:] = -np.inf
        scores[eos_id] = end
    return scores


def _candidates(
    alive: list[Hypothesis],
    log_probs: FloatArray,
    eos_id: int,
    length: int,
    options: DecodingOptions,
    constraint: Constraint | None,
) -> list[_Candidate]:
    """The best continuations of all beams, enough of them that <eos> cannot starve the live ones."""
    rows = [
        _allowed_scores(log_probs[i], hypothesis.tokens, eos_id, length, options, constraint)
        + np.float32(hypothesis.raw_score)
        for i, hypothesis in enumerate(alive)
    ]
    flat = np.concatenate(rows)
    count = min(2 * max(options.beams, options.hypotheses), flat.size)
    top = np.argpartition(-flat, count - 1)[:count]
    top = top[np.lexsort((top, -flat[top]))]
    vocabulary = log_probs.shape[1]
    chosen = []
    for index in top:
        if np.isfinite(flat[index]):
            beam, token = divmod(int(index), vocabulary)
            log_prob = alive[beam].log_prob + float(log_probs[beam, token])
            chosen.append(_Candidate(beam, token, log_prob, float(flat[index])))
    return chosen


def _normalise(raw_score: float, length: int, options: DecodingOptions) -> float:
    return float(raw_score / max(length, 1) ** options.length_penalty)


def _finish(hypothesis: Hypothesis, candidate: _Candidate, options: DecodingOptions) -> Hypothesis:
    score = _normalise(candidate.raw_score, len(hypothesis.tokens) + 1, options)
    return Hypothesis(hypothesis.tokens, candidate.log_prob, candidate.raw_score, score, True)


def _extend(hypothesis: Hypothesis, candidate: _Candidate, options: DecodingOptions) -> Hypothesis:
    tokens = (*hypothesis.tokens, candidate.token)
    score = _normalise(candidate.raw_score, len(tokens), options)
    return Hypothesis(tokens, candidate.log_prob, candidate.raw_score, score, False)


def _bound(alive: list[Hypothesis], options: DecodingOptions) -> float:
    """The best score any live hypothesis could still reach if every further token were certain."""
    best = max(hypothesis.raw_score for hypothesis in alive)
    left = options.max_tokens - len(alive[0].tokens)
    best += max(options.length_reward, 0.0) * left
    length = options.max_tokens + 1 if best < 0 else len(alive[0].tokens) + 1
    return _normalise(best, length, options)
