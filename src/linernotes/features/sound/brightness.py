"""Brightness: where the spectrum has its centre of gravity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames, Series
from linernotes.spectra import Framer, power_spectrum

SAMPLE_RATE = 22050
SOURCE = "spectral-centroid"
RATE_HZ = 10.0

_FRAME_SAMPLES = 2048
_SILENCE_BELOW_PEAK = 1e-3
"""Frames 60 dB below the loudest have no brightness of their own."""

Floats = NDArray[np.float32]


class BrightnessListener:
    """Series: "brightness" (frames,), centroid of the magnitude spectrum in Hz, 0 in digital silence;
    "spectral_level" (frames,), sum of the magnitudes behind it."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._framer = Framer(_FRAME_SAMPLES, int(SAMPLE_RATE / RATE_HZ))
        self._bin_hz = np.linspace(0, SAMPLE_RATE / 2, _FRAME_SAMPLES // 2 + 1, dtype=np.float32)
        self._centroids: list[Floats] = []
        self._levels: list[Floats] = []

    def push(self, waveform: Floats) -> None:
        """Take the next samples, shape (samples,), of any length."""
        self._hear(self._framer.push(waveform))

    def finish(self) -> Mapping[str, Series]:
        """Flush the tail and return the series, by name."""
        self._hear(self._framer.finish())
        empty = np.zeros(0, np.float32)
        return {
            "brightness": Series(np.concatenate([empty, *self._centroids]), RATE_HZ),
            "spectral_level": Series(np.concatenate([empty, *self._levels]), RATE_HZ),
        }

    def _hear(self, frames: Floats) -> None:
        if not len(frames):
            return
        magnitude = np.sqrt(power_spectrum(frames))
        level = magnitude.sum(axis=1)
        self._centroids.append(magnitude @ self._bin_hz / np.maximum(level, 1e-9))
        self._levels.append(level)


def estimate_brightness(frames: Frames) -> list[Fact]:
    """The mean centroid of the frames that are heard; nothing of silence."""
    centroid, level = frames["brightness"].values, frames["spectral_level"].values
    if not len(level) or level.max() <= 1e-6:
        return []
    heard = centroid[level > level.max() * _SILENCE_BELOW_PEAK]
    hz = float(round(float(heard.mean()), -1))
    return [Fact("brightness", "brightness", hz, "Hz", 0.95, SOURCE, frames.start_s, frames.end_s)]
