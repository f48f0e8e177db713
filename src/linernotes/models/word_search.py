"""Captions searched word by word over arrays: shared by networks in PyTorch and in ONNX."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linernotes.decoding import (
    DecodingOptions,
    FloatArray,
    State,
    Step,
    StepResult,
    new_search,
    search_together,
)
from linernotes.models.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which chunks each word of a caption attended to."""

    words: tuple[str, ...]  # the last one is <eos>
    weights: np.ndarray  # (words, chunks)


def search_caption(step: Step, state: State, vocabulary: Vocabulary, options: DecodingOptions) -> str:
    """A caption: drawn with `top_p`, else greedy with one beam, beam search with more; `state` holds one beam."""
    search = new_search(vocabulary.sos_id, vocabulary.eos_id, options)
    search_together(step, state, [search])
    return vocabulary.decode(search.hypotheses[0].tokens)


def writable(log_probs: FloatArray) -> FloatArray:
    """Log-probabilities (beams, vocabulary) for the search, which never writes `<pad>` or `<sos>`."""
    allowed = log_probs.copy()
    allowed[:, [Vocabulary.pad_id, Vocabulary.sos_id]] = -np.inf
    return allowed


FIRST_POSITION: State = {"position": np.zeros((1, 1), np.float32)}


class Positions:
    """A decoder that only counts: the log-probabilities (positions, vocabulary) stand from the start."""

    def __init__(self, log_probs: FloatArray) -> None:
        self.log_probs = log_probs

    def __call__(self, state: State, tokens: np.ndarray) -> StepResult:
        """The word after `tokens (beams,)`, whatever they are."""
        del tokens
        position = state["position"]
        last = len(self.log_probs) - 1
        rows = np.minimum(position[:, 0].astype(np.int64), last)
        return StepResult(self.log_probs[rows], {"position": position + 1})
