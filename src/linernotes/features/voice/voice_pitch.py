"""How high the voice in a short mix lies, by subharmonic summation over whitened spectra.

After Hermes (1988): the pitch is that whose harmonics together stand out most. Whitening takes the bass its lead,
and what stands out half-way between two harmonics speaks against a pitch, which keeps it from falling an octave.
The mean over many frames is wanted, not a melody.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft
from scipy.ndimage import uniform_filter1d

Floats = NDArray[np.float32]

SAMPLE_RATE = 16_000
WINDOW, HOP, N_FFT = 2048, 640, 8192
PITCHES = np.arange(45.0, 82.0, 0.25)
"""MIDI pitches that are weighed: 110 Hz to 900 Hz."""

HARMONICS, DECAY, BETWEEN = 12, 0.92, 0.6
HIGHEST_HZ, WHITENED_HZ = 5000.0, 400.0


@lru_cache(maxsize=1)
def harmonic_weights() -> Floats:
    """What every spectral bin counts for every pitch, shape (pitches, bins)."""
    bins = int(HIGHEST_HZ * N_FFT / SAMPLE_RATE) + 1
    weights = np.zeros((len(PITCHES), bins), np.float32)
    pitch_hz = 440.0 * 2 ** ((PITCHES - 69) / 12)
    for harmonic in range(1, HARMONICS + 1):
        for multiple, sign in ((harmonic, 1.0), (harmonic - 0.5, -BETWEEN)):
            place = np.round(multiple * pitch_hz * N_FFT / SAMPLE_RATE).astype(int)
            inside = place < bins
            weights[inside, place[inside]] += sign * DECAY ** (harmonic - 1)
    return weights


def voice_pitch(waveform: Floats) -> float:
    """Mean MIDI pitch of a stretch with a voice, (samples,) at 16 kHz of at least `WINDOW`."""
    frames = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW)[::HOP]
    weights = harmonic_weights()
    spectra = np.abs(sp_fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), n=N_FFT, axis=1))
    around = uniform_filter1d(spectra, round(WHITENED_HZ * N_FFT / SAMPLE_RATE), axis=1, mode="constant")
    white = np.log1p(spectra / (around + 1e-3 * spectra.max() + 1e-9))[:, : weights.shape[1]]
    best = np.argmax(white @ weights.T, axis=1)
    return float(PITCHES[best].mean())
