"""How the learning rate moves over a run: a pure function of the step, so that resuming needs no state."""

from __future__ import annotations

import math
from dataclasses import dataclass

from linernotes.training.recipe import TrainingOptions

PLATEAU_FACTOR = 0.5


def rate_share(options: TrainingOptions, step: int, total_steps: int) -> float:
    """The share of `learning_rate` at `step` (from 0) of `total_steps`; a plateau's halvings come on top."""
    if step < options.warmup_steps:
        return (step + 1) / options.warmup_steps
    if options.schedule in ("constant", "plateau"):
        return 1.0
    done = (step - options.warmup_steps) / max(1, total_steps - options.warmup_steps)
    done = min(max(done, 0.0), 1.0)
    left = 1.0 - done if options.schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
    return options.floor + (1.0 - options.floor) * left


@dataclass(slots=True)
class Plateau:
    """Halves the learning rate when the validation loss has stood still for `patience` epochs."""

    patience: int
    factor: float = 1.0
    best: float = math.inf
    stale: int = 0

    def see(self, loss: float) -> None:
        """Take note of an epoch's validation loss."""
        if loss < self.best:
            self.best, self.stale = loss, 0
            return
        self.stale += 1
        if self.stale > self.patience:
            self.factor *= PLATEAU_FACTOR
            self.stale = 0
