"""Metre: how many beats a bar has, told only where downbeats come back clearly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.rhythm.beat_level import downbeat_share, highest_near, recurrence
from linernotes.features.rhythm.beats import beat_times

SOURCE = "beatnet-downbeats"

FEWEST_BEATS = 16
_STATED_FROM = 0.8
_WEIGHTS = {"4/4": (0.44, 3.03, -1.14, 1.2, -0.5), "3/4": (-1.15, -2.57, 1.58, -1.3, 0.31)}
"""Of an offset, then of the evidence in its order. 6/8 is missing: no evidence tried could tell it."""

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MetreEvidence:
    """How downbeats and what lies between beats come back."""

    four: float
    """Mean recurrence of downbeats after 4 and 8 beats, -1..1."""
    three: float
    """The same after 3 and 6 beats."""
    two: float
    """The same after 2 and 4 beats."""
    ternary: float
    """Onsets a third and two thirds into the beat less those at its half, as a share of all."""


def metre_evidence(frames: Frames, times_s: Doubles) -> MetreEvidence:
    """Evidence at beats of a stretch, (beats,) in seconds."""
    activation, onsets = frames["beat_activation"], frames["onset_strength"]

    def index(moments: Doubles) -> NDArray[np.int64]:
        places = np.round((moments - activation.start_s) * activation.rate_hz).astype(np.int64)
        return np.clip(places, 0, len(activation.values) - 1)

    share = downbeat_share(activation.values, index(times_s))
    near = highest_near(onsets.values, 1)
    periods = np.diff(times_s)
    at = {part: float(near[index(times_s[:-1] + part * periods)].mean()) for part in (1 / 3, 1 / 2, 2 / 3)}
    ternary = (at[1 / 3] + at[2 / 3]) / 2 - at[1 / 2]
    return MetreEvidence(
        four=(recurrence(share, 4) + recurrence(share, 8)) / 2,
        three=(recurrence(share, 3) + recurrence(share, 6)) / 2,
        two=(recurrence(share, 2) + recurrence(share, 4)) / 2,
        ternary=ternary / (sum(at.values()) + 1e-9),
    )


def confidences_of(evidence: MetreEvidence) -> dict[str, float]:
    """Probability of each metre that can be told; fitted by benchmarks/tempo_fit.py."""
    features = (1.0, evidence.four, evidence.three, evidence.two, evidence.ternary)
    return {
        name: float(1.0 / (1.0 + np.exp(-np.dot(weights, features)))) for name, weights in _WEIGHTS.items()
    }


def estimate_metre(frames: Frames) -> list[Fact]:
    """4/4 or 3/4 where downbeats come back clearly after four or three beats; otherwise nothing."""
    times_s = beat_times(frames)
    if len(times_s) < FEWEST_BEATS:
        return []
    confidences = confidences_of(metre_evidence(frames, times_s))
    metre = max(confidences, key=lambda name: confidences[name])
    if confidences[metre] < _STATED_FROM:
        return []
    confidence = round(confidences[metre], 2)
    return [Fact("metre", "metre", metre, "", confidence, SOURCE, frames.start_s, frames.end_s)]
