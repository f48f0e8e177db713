"""The leading melody of a mix: the path of greatest salience, harmonics speaking for a pitch, what lies half-way
between them against it.

All pitches are weighed that people sing: a range for men or women would hold the melody better, but by a gender
that is wrong it would be lost. An instrument that leads is taken for a singer.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

from linernotes.building.singing.best_path import best_path

Floats = NDArray[np.float32]

SAMPLE_RATE = 16_000
WINDOW, HOP = 2048, 512
PITCHES = np.arange(40.0, 79.125, 0.25)
"""MIDI pitches that are weighed."""
SALIENT_FROM_HZ, SALIENT_TO_HZ = 200.0, 3500.0
"""Below is the bass."""
HARMONICS, DECAY, BETWEEN = 10, 0.85, 0.8
STEP_PENALTY, HIGHEST_PENALTY = 0.1, 1.2
"""Price of a semitone between two frames, in units of a loud frame's salience; none costs more than an octave."""
BLOCK_FRAMES = 1000
FLOOR = 1e-9


def leading_melody(waveform: Floats) -> Floats:
    """MIDI pitch of the leading voice, (samples,) at 16 kHz -> (frames,); frame i is at sample i * HOP."""
    padded = np.pad(waveform.astype(np.float32), (WINDOW // 2, WINDOW // 2 + HOP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    salience = np.concatenate(
        [_salience(windows[first : first + BLOCK_FRAMES]) for first in range(0, len(windows), BLOCK_FRAMES)]
    )
    scores = (salience / max(float(np.percentile(salience.max(axis=1), 80)), FLOOR)).astype(np.float32)
    steps = np.minimum(STEP_PENALTY * np.abs(PITCHES[:, None] - PITCHES[None]), HIGHEST_PENALTY)
    return PITCHES.astype(np.float32)[best_path(scores, steps.astype(np.float32))]


def _salience(windows: Floats) -> Floats:
    """How much speaks for every pitch, (frames, WINDOW) -> (frames, pitches), mean 0."""
    magnitudes = np.abs(sp_fft.rfft(windows * np.hanning(WINDOW + 1)[:-1].astype(np.float32), axis=1))
    salience: Floats = magnitudes @ _weights(magnitudes.shape[1]).T
    salience -= salience.mean(axis=1, keepdims=True)
    return salience


@lru_cache(maxsize=1)
def _weights(bins: int) -> Floats:
    """What every bin counts for every pitch, (pitches, bins), each place shared by its two nearest bins."""
    weights = np.zeros((len(PITCHES), bins), np.float32)
    pitch_hz = 440.0 * 2 ** ((PITCHES - 69.0) / 12)
    for harmonic in range(1, HARMONICS + 1):
        for multiple, sign in ((harmonic, 1.0), (harmonic - 0.5, -BETWEEN)):
            place_hz = multiple * pitch_hz
            able = np.flatnonzero((place_hz > SALIENT_FROM_HZ) & (place_hz < SALIENT_TO_HZ))
            place = place_hz[able] * WINDOW / SAMPLE_RATE
            lower = place.astype(int)
            share = place - lower
            weights[able, lower] += sign * DECAY ** (harmonic - 1) * (1 - share)
            weights[able, lower + 1] += sign * DECAY ** (harmonic - 1) * share
    return weights
