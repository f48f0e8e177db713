"""What one pass over a recording leaves behind: named series of frames on a common clock.

A `Listener` turns audio into series block by block, so that a file of any length needs bounded memory; an
estimator (`tempo`, `key`, ...) is a plain function from `Frames` to facts, and the same function serves a whole
recording or, after `Frames.between`, one of its sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Series:
    """Frames at a constant rate: frame `i` is centred at `start_s + i / rate_hz` seconds of the recording."""

    values: NDArray[Any]  # (frames, ...)
    rate_hz: float
    start_s: float = 0.0

    def between(self, start_s: float, end_s: float) -> Series:
        """Frames whose centre lies in [start_s, end_s)."""
        first = max(0, int(np.ceil((start_s - self.start_s) * self.rate_hz - 1e-6)))
        last = max(first, int(np.ceil((end_s - self.start_s) * self.rate_hz - 1e-6)))
        return Series(self.values[first:last], self.rate_hz, self.start_s + first / self.rate_hz)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Centre of every frame in seconds, shape (frames,)."""
        times: NDArray[np.float64] = self.start_s + np.arange(len(self.values)) / self.rate_hz
        return times


@dataclass(frozen=True, slots=True)
class Frames:
    """The series of one recording, or of the stretch [start_s, end_s) of it."""

    start_s: float
    end_s: float
    series: Mapping[str, Series]

    def __getitem__(self, name: str) -> Series:
        return self.series[name]

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    def between(self, start_s: float, end_s: float) -> Frames:
        """The same series cut to a stretch; times stay those of the whole recording."""
        cut = {name: series.between(start_s, end_s) for name, series in self.series.items()}
        return Frames(max(start_s, self.start_s), min(end_s, self.end_s), cut)


class Listener(Protocol):
    """Consumes a recording in order and gives its series at the end; holds no audio longer than it must."""

    sample_rate: int
    """The rate in Hz at which it wants to be fed."""

    def push(self, waveform: NDArray[np.float32]) -> None:
        """Take the next samples, shape (samples,), of any length."""

    def finish(self) -> Mapping[str, Series]:
        """Flush the tail and return the series, by name."""
