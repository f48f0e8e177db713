"""Tempo around every moment, from lines through neighbouring beats, and the tempo that holds most of the time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

SAME_TEMPO = 0.04
"""Tempi whose logarithms differ by less are the same."""

_WINDOW_BEATS = 8
_EXACT = 0.015
_NEW_TEMPO = 0.08
_NEW_TEMPO_WINDOWS = 6
"""A stretch ends where this many windows in a row are further than `_NEW_TEMPO` from its tempo."""


@dataclass(frozen=True, slots=True)
class LocalTempo:
    """Tempo around each of a row of moments."""

    times_s: Doubles  # (windows,)
    bpm: Doubles  # (windows,)
    jitter: Doubles  # (windows,), how far beats lie off their line, in beats


@dataclass(frozen=True, slots=True)
class TempoStretch:
    """A stretch of a recording that keeps its tempo."""

    start_s: float
    end_s: float
    bpm: float


def local_tempo(times_s: Doubles, window_beats: int = _WINDOW_BEATS) -> LocalTempo:
    """A line through every run of `window_beats` + 1 of at least two beats, (beats,) in seconds.

    A line, not the median interval: beats are known to one frame of 20 ms only.
    """
    width = min(window_beats + 1, len(times_s))
    runs = np.lib.stride_tricks.sliding_window_view(times_s, width)
    index = np.arange(width) - (width - 1) / 2
    centre = runs.mean(axis=1)
    period = runs @ index / (index @ index)
    residual = runs - centre[:, None] - period[:, None] * index
    return LocalTempo(centre, 60.0 / period, residual.std(axis=1) / period)


def dominant_bpm(local: LocalTempo) -> float:
    """The tempo that holds for most of the time: the mode of the local tempi, then the mean around its median."""
    log_bpm = np.sort(np.log(local.bpm))
    seconds = np.exp(-log_bpm)  # a beat of a slow tempo stands for more time
    cumulated = np.concatenate([[0.0], np.cumsum(seconds)])
    low = np.searchsorted(log_bpm, log_bpm - SAME_TEMPO, "left")
    high = np.searchsorted(log_bpm, log_bpm + SAME_TEMPO, "right")
    best = int(np.argmax(cumulated[high] - cumulated[low]))
    centre = np.median(log_bpm[low[best] : high[best]])
    near = np.abs(log_bpm - centre) < _EXACT
    return float(near.sum() / seconds[near].sum())


def steady_stretches(local: LocalTempo, shortest_s: float) -> list[TempoStretch]:
    """Stretches of at least `shortest_s` that keep a tempo each, in order; what lies between them is left out."""
    log_bpm = np.log(local.bpm)
    borders, first = [0], 0
    centre = float(np.median(log_bpm[:_NEW_TEMPO_WINDOWS]))
    for window in range(len(log_bpm) - _NEW_TEMPO_WINDOWS):
        ahead = log_bpm[window : window + _NEW_TEMPO_WINDOWS]
        if np.min(np.abs(ahead - centre)) > _NEW_TEMPO:
            first = window
            borders.append(first)
            centre = float(np.median(ahead))
        elif window - first < 4 * _NEW_TEMPO_WINDOWS:
            centre = float(np.median(log_bpm[first : window + 1]))
    borders.append(len(log_bpm))
    stretches = []
    for start, end in pairwise(borders):
        times_s, bpm = local.times_s[start:end], local.bpm[start:end]
        if len(times_s) > 1 and times_s[-1] - times_s[0] >= shortest_s:
            stretches.append(TempoStretch(float(times_s[0]), float(times_s[-1]), float(np.median(bpm))))
    return stretches
