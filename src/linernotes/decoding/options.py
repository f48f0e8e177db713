"""What searches are asked for and what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
State: TypeAlias = Mapping[str, NDArray[Any]]
Constraint: TypeAlias = Callable[[tuple[int, ...]], FloatArray]
"""Tokens so far (without <bos>) -> scores (vocabulary,) added to the log-probabilities; -inf forbids a token."""


@dataclass(frozen=True)
class StepResult:
    """Log-probabilities (rows, vocabulary) of the next token and the state after the newest one."""

    log_probs: FloatArray
    state: State


class Step(Protocol):
    """One step of an autoregressive decoder."""

    def __call__(self, state: State, tokens: NDArray[np.int64]) -> StepResult:
        """Read `tokens (rows,)`, return what may follow."""
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
    ends_as_transformers: bool = False
    """End hypotheses and the search by the rules of transformers' `generate`, which published captions went by.

    A hypothesis then ends only if that is among the best `beams` continuations, an end that `max_tokens` forces
    costs nothing, and the search stops once the best live hypothesis, ended as it is, would not beat the last of
    the finished ones. Without it the search stops when no live hypothesis can still beat them, as long as
    constraints only take score away; where they add score it may stop a little early.
    """

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
