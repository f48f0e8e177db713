"""PLACEHOLDER of the contract while it is being built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray


class AudioError(ValueError):
    """A recording that can't be used: one line that says what arrived, the likely cause and what to do."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono samples, float32, shape (samples,), and their rate in Hz."""

    waveform: NDArray[np.float32]
    sample_rate: int

    @property
    def duration_s(self) -> float:
        return len(self.waveform) / self.sample_rate
