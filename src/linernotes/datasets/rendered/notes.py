"""Notes as a player reads them (in beats) and as they sound (in seconds)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A MIDI pitch from `beat` on, `beats` long; `loudness` is 0..1."""

    pitch: int
    beat: float
    beats: float
    loudness: float


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note of one MIDI channel between two times of the recording; `velocity` is 1..127."""

    channel: int
    pitch: int
    start_s: float
    end_s: float
    velocity: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a bar stands: its first beat, its beats, and how one of its beats divides (2, in 6/8 3)."""

    beat: float
    beats: int
    division: int
