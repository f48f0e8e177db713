"""Tempo, and how it moves, from the beats that were decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.rhythm.beats import beat_times
from linernotes.features.rhythm.local_tempo import (
    SAME_TEMPO,
    LocalTempo,
    dominant_bpm,
    local_tempo,
    steady_stretches,
)

SOURCE = "beatnet-beats"

Doubles = NDArray[np.float64]

FEWEST_BEATS = 6
_SLIPS = np.array([0.5, 2 / 3, 1.0, 1.5, 2.0])
_SMOOTH_WINDOWS = 9
_STEADY_SPREAD = 0.06
_TREND_SHARE = 0.7
_OFFSET = -1.51
_WEIGHTS = np.array([3.8, -1.48, -1.67, -1.54, 0.81, 0.04, -1.72])
_SHORTEST_STRETCH_S, _COVERED_SHARE = 10.0, 0.75
_STRETCHES_STATED_FROM = 0.7
_STATED_FROM = 0.3
"""Confidence below which no tempo is stated."""


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
    octaves: float
    """Octaves from 110 BPM."""


def beat_evidence(frames: Frames, times_s: Doubles, local: LocalTempo, bpm: float) -> BeatEvidence:
    """Read the probabilities of a beat on and between the beats at `times_s` (seconds)."""
    series = frames["beat_activation"]
    probability = series.values.sum(axis=1)
    padded = np.pad(probability, 1)
    near = np.max([padded[:-2], probability, padded[2:]], axis=0)

    def at(moments: Doubles) -> float:
        index = np.round((moments - series.start_s) * series.rate_hz).astype(int)
        return float(near[np.clip(index, 0, len(near) - 1)].mean())

    same = np.abs(np.log(local.bpm / bpm)) < SAME_TEMPO
    return BeatEvidence(
        on_beats=at(times_s),
        between=at((times_s[1:] + times_s[:-1]) / 2),
        overall=float(probability.mean()),
        jitter=float(np.median(local.jitter)),
        dominance=float(np.average(same, weights=1.0 / local.bpm)),
        beats=len(times_s),
        octaves=float(np.log2(bpm / 110.0)),
    )


def confidence_features(evidence: BeatEvidence) -> tuple[float, ...]:
    """What the confidence is computed from, in the order of its weights."""
    return (
        evidence.on_beats,
        evidence.between,
        evidence.overall,
        evidence.jitter * 10.0,
        evidence.dominance,
        min(float(np.log2(evidence.beats / 16.0)), 2.0),
        evidence.octaves**2,
    )


def confidence_of(evidence: BeatEvidence) -> float:
    """Probability that the tempo is within 4 % of the truth; fitted by benchmarks/tempo_fit.py."""
    score = _OFFSET + float(np.dot(_WEIGHTS, confidence_features(evidence)))
    return float(1.0 / (1.0 + np.exp(-score)))


def tempo_change_of(local: LocalTempo, bpm: float) -> str:
    """How tempo moves about the dominant one: steady, slowing, quickening or varying.

    Windows at half, double or one and a half times the tempo are slips of the level, not changes of tempo.
    """
    deviation = np.log(local.bpm / bpm)
    slip = np.log(_SLIPS)
    deviation = deviation - slip[np.abs(deviation[:, None] - slip).argmin(axis=1)]
    smooth = median_filter(deviation, size=min(_SMOOTH_WINDOWS, len(deviation)), mode="nearest")
    low, high = np.percentile(smooth, [10, 90])
    if high - low < _STEADY_SPREAD:
        return "steady"
    position = (local.times_s - local.times_s.mean()) / np.ptp(local.times_s)
    slope = float(np.polyfit(position, smooth, 1)[0])
    explained = slope**2 * position.var() / smooth.var()
    if explained < _TREND_SHARE:
        return "varying"
    return "quickening" if slope > 0 else "slowing"


def estimate_tempo(frames: Frames) -> list[Fact]:
    """The tempo that holds most of the time, and how tempo moves; nothing where no pulse is heard."""
    times_s = beat_times(frames)
    if len(times_s) < FEWEST_BEATS:
        return []
    local = local_tempo(times_s)
    bpm = dominant_bpm(local)
    confidence = confidence_of(beat_evidence(frames, times_s, local, bpm))
    if confidence < _STATED_FROM:
        return []
    facts = [_fact(frames, "tempo", round(bpm, 1), "BPM", confidence)]
    if len(local.bpm) > _SMOOTH_WINDOWS:
        change = tempo_change_of(local, bpm)
        facts.append(_fact(frames, "tempo_change", change, "", confidence))
        if change == "varying":
            facts += _stretch_facts(frames, local)
    return facts


def _stretch_facts(frames: Frames, local: LocalTempo) -> list[Fact]:
    """A tempo for each of two or more stretches, if all are clear and fill most of the time; otherwise nothing."""
    stretches = steady_stretches(local, _SHORTEST_STRETCH_S)
    covered = sum(stretch.end_s - stretch.start_s for stretch in stretches)
    if len(stretches) < 2 or covered < _COVERED_SHARE * np.ptp(local.times_s):
        return []
    facts = []
    for number, stretch in enumerate(stretches, 1):
        within = frames.between(stretch.start_s, stretch.end_s)
        times_s = beat_times(within)
        confidence = confidence_of(beat_evidence(within, times_s, local_tempo(times_s), stretch.bpm))
        fact = _fact(within, "tempo", round(stretch.bpm, 1), "BPM", confidence)
        start_s, end_s = round(within.start_s, 2), round(within.end_s, 2)
        facts.append(replace(fact, id=f"tempo:{number}", start_s=start_s, end_s=end_s))
    return facts if min(fact.confidence for fact in facts) >= _STRETCHES_STATED_FROM else []


def _fact(frames: Frames, name: str, value: float | str, unit: str, confidence: float) -> Fact:
    return Fact(name, name, value, unit, round(confidence, 2), SOURCE, frames.start_s, frames.end_s)
