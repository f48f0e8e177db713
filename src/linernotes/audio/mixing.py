"""Channels to one: the mean, with what is not a number taken out, and a memory of what was met on the way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MAX_SAMPLE = 1e6
"""Larger magnitudes (full scale is 1) come from damage and would overflow in a power spectrum."""
SILENCE_POWER = 1e-8
"""Variance below which there is nothing to hear: -80 dB of full scale, a constant offset left out."""
CANCELLED_RATIO = 1e-3
"""Mix to channel power (-30 dB) below which channels are said to cancel: they are in opposite phase."""


class Mixer:
    """Turns (frames, channels) into mono (frames,), block after block of one recording.

    Channels in opposite phase leave silence where listeners hear music, so a recording whose first audible
    block cancels is heard through its loudest channel instead, all of it.
    """

    def __init__(self, channels: int) -> None:
        self.samples = 0
        self.unusable = 0
        """Frames of which no channel held a usable number."""
        self._weights = np.full(channels, 1.0 / channels, np.float32)
        self._settled = channels == 1
        self._cancelled = False
        self._repaired = 0
        self._sum = self._square_sum = 0.0

    def mix(self, samples: Floats) -> Floats:
        """Mono of the next samples (frames, channels); `samples` itself may be repaired in place."""
        with np.errstate(invalid="ignore", over="ignore"):
            mono = samples @ self._weights
        # The peak of a mix that holds a NaN is NaN, so this one comparison finds all there is to repair.
        if not max(float(mono.max()), -float(mono.min())) <= MAX_SAMPLE:
            self._repair(samples)
            mono = samples @ self._weights
        if not self._settled:
            mono = self._settle(samples, mono)
        self.samples += len(mono)
        self._sum += float(mono.sum(dtype=np.float64))
        self._square_sum += float(np.dot(mono, mono))
        return mono

    def warnings(self) -> Iterator[str]:
        """What should be told of the recording so far, each to follow its name."""
        if self._repaired:
            yield f"holds {self._repaired} samples that are NaN, infinite or absurdly large; they became 0"
        if self._cancelled:
            yield "has channels in opposite phase, which cancel in a mix; only its loudest channel was used"
        mean = self._sum / max(1, self.samples)
        if self._square_sum / max(1, self.samples) - mean**2 < SILENCE_POWER:
            kind = "a constant offset (DC) and no sound" if mean**2 > SILENCE_POWER else "only silence"
            yield f"holds {kind}"

    def _repair(self, samples: Floats) -> None:
        with np.errstate(invalid="ignore"):
            bad = ~(np.abs(samples) <= MAX_SAMPLE)
        self._repaired += int(bad.sum())
        self.unusable += int(bad.all(axis=1).sum())
        samples[bad] = 0.0

    def _settle(self, samples: Floats, mono: Floats) -> Floats:
        centred = samples - samples.mean(axis=0)
        power = np.einsum("ij,ij->j", centred, centred) / len(samples)
        if power.max() < SILENCE_POWER:
            return mono
        self._settled = True
        self._cancelled = bool(np.var(mono) < CANCELLED_RATIO * power.max())
        if self._cancelled:
            self._weights[:] = 0.0
            self._weights[power.argmax()] = 1.0
            return samples @ self._weights
        return mono
