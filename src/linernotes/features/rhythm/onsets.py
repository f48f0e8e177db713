"""What is heard of rhythm: beat probabilities, the beats decoded from them, and the strength of onsets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from linernotes.features.frames import Series
from linernotes.features.rhythm.beat_level import beats_of_pulses
from linernotes.features.rhythm.beats import BeatDecoder, beat_positions
from linernotes.features.rhythm.beats_net import (
    FRAME_SAMPLES,
    HOP_SAMPLES,
    RATE_HZ,
    SAMPLE_RATE,
    BeatNet,
    band_filters,
    log_bands,
    with_rise,
)
from linernotes.spectra import Framer

Floats = NDArray[np.float32]

BAND_EDGES_HZ = (0.0, 120.0, 400.0, 2000.0, 6000.0, 20000.0)
"""Onsets are kept apart by these: kick and bass, low and middle notes, snare and strumming, cymbals."""

_FRAMES_AT_ONCE = 256
"""So that spectra stay in the processor's cache."""


@lru_cache(maxsize=1)
def onset_filters() -> Floats:
    """Means of the network's bands within `BAND_EDGES_HZ`, (136, 5)."""
    bins, bands = np.nonzero(band_filters())
    centre_bin = np.bincount(bands, bins) / np.bincount(bands)
    centre_hz = centre_bin * SAMPLE_RATE / FRAME_SAMPLES
    inside = np.digitize(centre_hz, BAND_EDGES_HZ)[:, None] == np.arange(1, len(BAND_EDGES_HZ))
    filters: Floats = (inside / inside.sum(axis=0)).astype(np.float32)
    filters.setflags(write=False)
    return filters


class OnsetListener:
    """Hears the pulse of a recording at 50 frames a second.

    Series: "beat_activation" (frames, 2), probability of a beat that is no downbeat, and of a downbeat;
    "onset_strength" (frames,), rise of the log spectrum, mean of five bands; "beat_position" (frames,), beats
    counted from the first, with fractions between them.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._framer = Framer(FRAME_SAMPLES, HOP_SAMPLES)
        self._net = BeatNet()
        self._decoder = BeatDecoder()
        self._before: Floats | None = None
        self._activation: list[Floats] = []
        self._onsets: list[Floats] = []

    def push(self, waveform: Floats) -> None:
        """Take the next samples, shape (samples,), of any length."""
        self._hear(self._framer.push(waveform))

    def finish(self) -> Mapping[str, Series]:
        """Flush the tail and return the series, by name."""
        self._hear(self._framer.finish())
        activation = np.concatenate([np.zeros((0, 2), np.float32), *self._activation])
        onsets = np.concatenate([np.zeros((0, len(BAND_EDGES_HZ) - 1), np.float32), *self._onsets])
        beats = beats_of_pulses(self._decoder.finish(), activation, onsets)
        positions = beat_positions(beats, len(activation))
        return {
            "beat_activation": Series(activation, RATE_HZ),
            "onset_strength": Series(onsets.mean(axis=1), RATE_HZ),
            "beat_position": Series(positions, RATE_HZ),
        }

    def _hear(self, frames: Floats) -> None:
        for start in range(0, len(frames), _FRAMES_AT_ONCE):
            bands = log_bands(frames[start : start + _FRAMES_AT_ONCE])
            if self._before is None:
                self._before = np.full(bands.shape[1], np.inf, np.float32)
            features = with_rise(bands, self._before)
            self._before = bands[-1]
            activation = self._net.activation(features)[:, :2]
            self._activation.append(activation)
            self._onsets.append(features[:, bands.shape[1] :] @ onset_filters())
            self._decoder.push(activation.sum(axis=1))
