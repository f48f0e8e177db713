"""What of a batch one process works through, in how many parts, and what each part weighs in its mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from linernotes.models.captioning import CaptionBatch
from linernotes.training.batches import Batches, Draw


@runtime_checkable
class CountsTokens(Protocol):
    """A model whose loss is a mean over tokens, and that can tell how many a caption has.

    Gradients of a batch then do not depend on how it was divided. For other models every clip weighs the same.
    """

    def token_count(self, caption: str) -> int:
        """Tokens that the loss of `caption` is the mean over."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """As much of a batch as goes through the network at once."""

    batch: CaptionBatch
    weight: float
    """Its share of the whole batch; those of all processes add up to 1."""


def share_of(
    draws: Sequence[Draw], batches: Batches, model: Any, *, process: int, processes: int, accumulate: int
) -> list[Part]:
    """The parts of one process; where clips are fewer than processes, a clip that weighs nothing."""
    weights = [_tokens(model, batches.caption_of(draw)) for draw in draws]
    own, own_weights = draws[process::processes], weights[process::processes]
    if not own:
        return [Part(batches.drawn(draws[:1]), 0.0)]
    size, total = math.ceil(len(own) / accumulate), sum(weights)
    return [
        Part(batches.drawn(own[start : start + size]), sum(own_weights[start : start + size]) / total)
        for start in range(0, len(own), size)
    ]


def _tokens(model: Any, caption: str) -> int:
    return model.token_count(caption) if isinstance(model, CountsTokens) else 1
