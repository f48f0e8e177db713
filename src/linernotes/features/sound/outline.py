"""The outline of the waveform: what is left of it to draw once the audio is gone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from linernotes.features.frames import Series

SAMPLE_RATE = 16_000
RATE_HZ = 20.0
_STRETCH = int(SAMPLE_RATE / RATE_HZ)


class OutlineListener:
    """Series: "outline" (frames, 2), lowest and highest sample of every 50 ms."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._kept: NDArray[np.float32] = np.zeros(0, np.float32)
        self._ends: list[NDArray[np.float16]] = []

    def push(self, waveform: NDArray[np.float32]) -> None:
        """Take the next samples, shape (samples,), of any length."""
        samples = np.concatenate([self._kept, waveform])
        whole = len(samples) // _STRETCH * _STRETCH
        self._kept = samples[whole:]
        self._add(samples[:whole].reshape(-1, _STRETCH))

    def finish(self) -> Mapping[str, Series]:
        """Flush the tail and return the series, by name."""
        if len(self._kept):
            self._add(self._kept[None])
        values = np.concatenate([np.zeros((0, 2), np.float16), *self._ends])
        return {"outline": Series(values, RATE_HZ, 0.5 / RATE_HZ)}

    def _add(self, stretches: NDArray[np.float32]) -> None:
        ends = np.stack([stretches.min(axis=1), stretches.max(axis=1)], axis=1)
        self._ends.append(np.clip(ends, -1.0, 1.0).astype(np.float16))
