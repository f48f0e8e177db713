"""Small synthetic rhythms with exact truth, for the tests of beats, tempo and metre."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linernotes.features.frames import Frames
from linernotes.features.rhythm.beats_net import SAMPLE_RATE
from linernotes.features.rhythm.onsets import OnsetListener

Floats = NDArray[np.float32]


def drum_loop(beats_s: Sequence[float], beats_in_bar: int = 4, seed: int = 0) -> Floats:
    """Kick on the first beat of a bar, snare on the others (in four: kick on 1 and 3), hats on eighths."""
    rng = np.random.default_rng(seed)
    wave = np.zeros(int((beats_s[-1] + 1.0) * SAMPLE_RATE))
    for number, (start, end) in enumerate(pairwise(beats_s)):
        place = number % beats_in_bar
        kick = place == 0 or (beats_in_bar == 4 and place == 2)
        _add(wave, start, _kick() if kick else 0.5 * _noise(rng, 25.0))
        if place == 0:
            _add(wave, start, 0.5 * _bass(end - start))
        for part in (0.0, 0.5):
            _add(wave, start + part * (end - start), 0.15 * _noise(rng, 80.0))
    return (0.5 * wave).astype(np.float32)


def steady_beats(bpm: float, seconds: float) -> list[float]:
    """Times of beats from 0.5 s on."""
    return list(np.arange(0.5, seconds, 60.0 / bpm))


def heard(waveform: Floats, block: int = 220_500) -> Frames:
    """The series of a waveform, fed in blocks."""
    listener = OnsetListener()
    for start in range(0, len(waveform), block):
        listener.push(waveform[start : start + block])
    return Frames(0.0, len(waveform) / SAMPLE_RATE, listener.finish())


def _add(wave: NDArray[np.float64], start_s: float, sound: NDArray[np.float64]) -> None:
    first = int(start_s * SAMPLE_RATE)
    part = wave[first : first + len(sound)]
    part += sound[: len(part)]


def _time(seconds: float) -> NDArray[np.float64]:
    return np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _kick() -> NDArray[np.float64]:
    t = _time(0.25)
    return np.sin(2 * np.pi * (50 * t - 5 * np.exp(-30 * t))) * np.exp(-12 * t)


def _bass(seconds: float) -> NDArray[np.float64]:
    t = _time(seconds)
    return sum(np.sin(2 * np.pi * 82.4 * k * t) / k for k in (1, 2, 3)) * np.exp(-3 * t)


def _noise(rng: np.random.Generator, decay: float) -> NDArray[np.float64]:
    t = _time(0.2)
    return rng.standard_normal(len(t)) * np.exp(-decay * t)
