"""What the project's own listeners hear of singing: where it is, who sings, and the facts of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.building.annotate.shipped import blocks_of
from linernotes.building.singing.best_path import best_path
from linernotes.clip import Fact
from linernotes.encoders.musicnn_onnx import MusicnnListener
from linernotes.features.estimate import estimate_facts, make_listeners
from linernotes.features.frames import Frames
from linernotes.features.listen import listen
from linernotes.features.voice.gender import (
    MIDDLE_PITCH,
    GenderEvidence,
    female_chance,
)
from linernotes.features.voice.singer_gender import SingerGenderListener
from linernotes.features.voice.voice_events import MUSIC

Floats = NDArray[np.float32]

SMOOTHED_S = 1.5
SUNG_FROM = 0.4
"""Mean probability of a voice over `SMOOTHED_S` from which a moment counts as sung."""
GAP_S = 2.0
"""Breaths and rests up to this long do not end a sung part."""
SWITCH_COST = 3.0
"""Log odds that must speak for another singer before a turn is begun."""
LOOK_LIMIT = 1.5


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one singer sings; singers of a track are told apart by `singer`, whatever their name."""

    start_s: float
    end_s: float
    singer: str

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


def frames_of(audio: Audio) -> Frames:
    """Everything that the listeners of the everyday path hear of a segment."""
    return listen(blocks_of(audio), make_listeners(), threads=1)


def voice_frames(audio: Audio) -> Frames:
    """Only where there is a voice and how it sounds: a fraction of the work."""
    return listen(blocks_of(audio), [MusicnnListener(("mtt",)), SingerGenderListener()], threads=1)


def facts_of(frames: Frames) -> list[Fact]:
    """The facts of a segment that is known to be music."""
    return estimate_facts(frames, within_music=True)


def sung_parts(frames: Frames) -> list[tuple[float, float]]:
    """Stretches in seconds where a voice goes on, rests of up to `GAP_S` included."""
    series = frames.series["voice_events"]
    if not len(series.values):
        return []
    voice = series.values[:, :MUSIC].max(axis=1).astype(np.float64)
    width = max(1, round(SMOOTHED_S * series.rate_hz))
    smooth = np.convolve(voice, np.ones(width) / width, mode="same")
    half_s = 0.5 / series.rate_hz
    parts: list[tuple[float, float]] = []
    for index in np.flatnonzero(smooth >= SUNG_FROM):
        at_s = series.start_s + float(index) / series.rate_hz
        first, last = max(0.0, at_s - half_s), min(frames.end_s, at_s + half_s)
        if parts and first - parts[-1][1] <= GAP_S:
            parts[-1] = (parts[-1][0], last)
        else:
            parts.append((first, last))
    return [(round(first, 2), round(last, 2)) for first, last in parts]


def turns_by_gender(frames: Frames, parts: Sequence[tuple[float, float]]) -> list[Turn]:
    """Who sings when, as far as one man and one woman can be told apart; two of a kind are taken for one.

    Every look at the singer (2 s) gives log odds of a woman; of the two-state paths the one of greatest odds less
    `SWITCH_COST` a change is taken.
    """
    turns: list[Turn] = []
    for start_s, end_s in parts:
        looks = frames.series["singer_gender"].between(start_s, end_s)
        odds = np.array([_odds(look) for look in looks.values.astype(np.float64)])
        if not len(odds) or not odds.any():
            turns.append(Turn(start_s, end_s, "singer 1"))
            continue
        gains = np.stack([-odds / 2, odds / 2], axis=1).astype(np.float32)
        states = best_path(gains, np.float32(SWITCH_COST) * (1 - np.eye(2, dtype=np.float32))).tolist()
        borders = [start_s]
        names = [states[0]]
        for before, after, at_s in zip(states, states[1:], looks.times_s[1:], strict=False):
            if after != before:
                borders.append(float(at_s) - 1.0)
                names.append(after)
        ends = [*borders[1:], end_s]
        turns += [
            Turn(round(first, 2), round(last, 2), f"singer {name + 1}")
            for first, last, name in zip(borders, ends, names, strict=True)
        ]
    return turns


def _odds(look: NDArray[np.float64]) -> float:
    """Log odds that one look shows a woman; 0 where nothing was looked at."""
    female, sureness, pitch = look
    if sureness <= 0:
        return 0.0
    chance = min(max(float(female), 0.02), 0.98)
    evidence = GenderEvidence(1, float(np.log(chance / (1 - chance))), float(pitch) - MIDDLE_PITCH, 0.0)
    told = min(max(female_chance(evidence), 0.02), 0.98)
    return float(np.clip(np.log(told / (1 - told)), -LOOK_LIMIT, LOOK_LIMIT)) * float(sureness)
