"""Short sounds with known truth, made of sines, for the voice tests; all mono at 16 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""First three formants in Hz of five English vowels (Peterson and Barney, 1952)."""
MELODY = (0, 4, 7, 5, 2, 4, 0, -3)


def times_s(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE)) / RATE


def sung_vowels(lowest_pitch: int, seconds: float, *, formant_scale: float = 1.0) -> NDArray[np.float32]:
    """Vowels on a melody, half a second each, with vibrato: a pulse train through three formants."""
    times = times_s(seconds)
    note = (times / 0.5).astype(int)
    pitch = lowest_pitch + np.array(MELODY)[note % len(MELODY)] + 0.4 * np.sin(2 * np.pi * 5.5 * times)
    pitch_hz = 440.0 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE
    formants = formant_scale * np.array(VOWELS)[note % len(VOWELS)]
    wave = np.zeros(len(times))
    for harmonic in range(1, 40):
        hz = harmonic * pitch_hz
        gains = [1.0 / (1.0 + ((hz - formant) / 90.0) ** 2) for formant in formants.T]
        strength = (gains[0] + 0.5 * gains[1] + 0.25 * gains[2] + 0.02) / harmonic**0.5
        wave += np.where(hz < 7500, strength, 0.0) * np.sin(harmonic * phase)
    envelope = np.minimum(1.0, 8.0 * (0.5 - times % 0.5)) * np.minimum(1.0, 20.0 * (times % 0.5))
    return (0.3 * wave * envelope / np.abs(wave).max()).astype(np.float32)


def chords(seconds: float) -> NDArray[np.float32]:
    """Four plucked chords, one a second, over and over."""
    times = times_s(seconds)
    decay = np.exp(-3.0 * (times % 1.0))
    wave = np.zeros(len(times))
    for place, root in enumerate((48, 45, 53, 43)):
        now = (times.astype(int) % 4) == place
        for pitch in (root, root + 7, root + 12, root + (15 if place == 1 else 16)):
            for harmonic in range(1, 8):
                hz = harmonic * 440.0 * 2 ** ((pitch - 69) / 12)
                wave += now * decay**harmonic * np.sin(2 * np.pi * hz * times) / harmonic
    return (0.1 * wave / np.abs(wave).max()).astype(np.float32)


def noise(seconds: float, *, seed: int = 0) -> NDArray[np.float32]:
    """White noise at -30 dB."""
    dice = np.random.default_rng(seed)
    return dice.normal(0.0, 10 ** (-30 / 20), round(seconds * RATE)).astype(np.float32)
