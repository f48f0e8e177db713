"""Tempo around every moment, from lines through neighbouring beats, and the tempo that holds most of the time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

SAME_TEMPO = 0.04
"""Tempi whose logarithms differ by less are the same."""

_WINDOW_BEATS = 8
_EXACT = 0.015


@dataclass(frozen=True, slots=True)
class LocalTempo:
    """Tempo around each of a row of moments."""

    times_s: Doubles  # (windows,)
    bpm: Doubles  # (windows,)
    jitter: Doubles  # (windows,), how far beats lie off their line, in beats


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
