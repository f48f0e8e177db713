"""Tempo, and how it moves, from the beats that were decoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.beats import beat_times
from linernotes.features.frames import Frames

SOURCE = "beatnet-beats"

Doubles = NDArray[np.float64]

_FEWEST_BEATS = 6
_WINDOW_BEATS = 8
_SAME_TEMPO = 0.04
_STATED_FROM = 0.15
"""Confidence below which no tempo is stated."""


@dataclass(frozen=True, slots=True)
class LocalTempo:
    """Tempo around each of a row of moments, from a line through the beats nearby."""

    times_s: Doubles  # (windows,)
    bpm: Doubles  # (windows,)
    jitter: Doubles  # (windows,), how far beats lie off their line, in beats


def local_tempo(times_s: Doubles, window_beats: int = _WINDOW_BEATS) -> LocalTempo:
    """A line through every run of `window_beats` + 1 beats (fewer if there are fewer), (beats,) in seconds."""
    width = min(window_beats + 1, len(times_s))
    runs = np.lib.stride_tricks.sliding_window_view(times_s, width)
    index = np.arange(width) - (width - 1) / 2
    centre = runs.mean(axis=1)
    period = runs @ index / (index @ index)
    residual = runs - centre[:, None] - period[:, None] * index
    return LocalTempo(centre, 60.0 / period, residual.std(axis=1) / period)


def dominant_bpm(local: LocalTempo) -> float:
    """The tempo that holds for most of the time: the mode of the local tempi, averaged over its neighbours."""
    log_bpm = np.log(local.bpm)
    weight = 1.0 / local.bpm  # time, not beats
    order = np.argsort(log_bpm)
    cumulated = np.concatenate([[0.0], np.cumsum(weight[order])])
    low = np.searchsorted(log_bpm[order], log_bpm - _SAME_TEMPO, "left")
    high = np.searchsorted(log_bpm[order], log_bpm + _SAME_TEMPO, "right")
    mode = log_bpm[np.argmax(cumulated[high] - cumulated[low])]
    near = np.abs(log_bpm - mode) < _SAME_TEMPO
    return float(near.sum() / np.sum(1.0 / local.bpm[near]))


@dataclass(frozen=True, slots=True)
class BeatEvidence:
    """What speaks for a decoded tempo; all without unit."""

    on_beats: float
    """Mean probability of a beat where beats were put."""
    between: float
    """Mean probability of a beat half way between them."""
    overall: float
    jitter: float
    dominance: float
    """Share of time at the dominant tempo."""
    beats: int


def beat_evidence(frames: Frames, times_s: Doubles, local: LocalTempo, bpm: float) -> BeatEvidence:
    """Read the probabilities of a beat on and between the beats at `times_s` (seconds)."""
    series = frames["beat_activation"]
    probability = series.values.sum(axis=1)
    padded = np.pad(probability, 1)
    near = np.max([padded[:-2], probability, padded[2:]], axis=0)

    def at(moments: Doubles) -> float:
        index = np.round((moments - series.start_s) * series.rate_hz).astype(int)
        return float(near[np.clip(index, 0, len(near) - 1)].mean())

    same = np.abs(np.log(local.bpm / bpm)) < _SAME_TEMPO
    return BeatEvidence(
        on_beats=at(times_s),
        between=at((times_s[1:] + times_s[:-1]) / 2),
        overall=float(probability.mean()),
        jitter=float(np.median(local.jitter)),
        dominance=float(np.average(same, weights=1.0 / local.bpm)),
        beats=len(times_s),
    )


def confidence_of(evidence: BeatEvidence) -> float:
    """Probability that the tempo is within 4 % of the truth; fitted by benchmarks/tempo_fit.py."""
    score = (
        -3.0
        + 6.0 * (evidence.on_beats - 0.5)
        - 3.0 * evidence.between
        + 3.0 * evidence.dominance
        - 10.0 * evidence.jitter
    )
    return float(1.0 / (1.0 + np.exp(-score)))


def estimate_tempo(frames: Frames) -> list[Fact]:
    """The tempo that holds most of the time, and how tempo moves; nothing where no pulse is heard."""
    times_s = beat_times(frames)
    if len(times_s) < _FEWEST_BEATS:
        return []
    local = local_tempo(times_s)
    bpm = dominant_bpm(local)
    confidence = confidence_of(beat_evidence(frames, times_s, local, bpm))
    if confidence < _STATED_FROM:
        return []
    tempo = Fact("tempo", "tempo", round(bpm, 1), "BPM", round(confidence, 2), SOURCE, frames.start_s, frames.end_s)
    return [tempo]
