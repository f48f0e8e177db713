"""Beats and downbeats as facts: for data sets, since a person would not read them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.rhythm.beat_level import downbeat_share
from linernotes.features.rhythm.beats import beat_times
from linernotes.features.rhythm.tempo import SOURCE

DOWNBEAT_SOURCE = "beatnet-downbeats"

Doubles = NDArray[np.float64]


def estimate_beats(frames: Frames, facts: Sequence[Fact]) -> list[Fact]:
    """Facts "beat" where `facts` state a tempo, as sure as that; "downbeat" where they state a metre too.

    A beat lasts until the next one, a downbeat for its bar; the last ones end with the stretch at the latest. A
    downbeat is as sure as the metre times the share of what speaks for downbeats that falls on the chosen beat
    of the bar; this product is no calibrated probability (docs/annotate.md: how often downbeats were right).
    """
    tempo = next((fact for fact in facts if fact.name == "tempo"), None)
    times_s = beat_times(frames)
    if tempo is None or len(times_s) < 2:
        return []
    found = _spans("beat", times_s, frames.end_s, tempo.confidence, SOURCE)
    metre = next((fact for fact in facts if fact.name == "metre"), None)
    if metre is None:
        return found
    beats_in_bar = int(str(metre.value).partition("/")[0])
    first, clarity = _first_downbeat(frames, times_s, beats_in_bar)
    bars_s = times_s[first::beats_in_bar]
    confidence = round(metre.confidence * clarity, 3)
    return found + _spans("downbeat", bars_s, frames.end_s, confidence, DOWNBEAT_SOURCE)


def _first_downbeat(frames: Frames, times_s: Doubles, beats_in_bar: int) -> tuple[int, float]:
    """Which of the first beats opens a bar, and its share of what speaks for any of them."""
    series = frames["beat_activation"]
    places = np.round((times_s - series.start_s) * series.rate_hz).astype(np.int64)
    share = downbeat_share(series.values, np.clip(places, 0, len(series.values) - 1))
    means = np.array([share[place::beats_in_bar].mean() for place in range(beats_in_bar)])
    first = int(means.argmax())
    return first, float(means[first] / max(float(means.sum()), 1e-9))


def _spans(name: str, times_s: Doubles, end_s: float, confidence: float, source: str) -> list[Fact]:
    """A fact from each time to the next; the last is as long as the one before, if there is room."""
    period_s = float(times_s[-1] - times_s[-2]) if len(times_s) > 1 else float(end_s - times_s[-1])
    edges = [*(float(time_s) for time_s in times_s), min(float(times_s[-1]) + period_s, end_s)]
    return [
        Fact(f"{name}:{number}", name, number, "", confidence, source, round(start_s, 3), round(stop_s, 3))
        for number, (start_s, stop_s) in enumerate(pairwise(edges), 1)
    ]
