"""What is true of a rendered piece: its plan as frozen data, times in seconds from the start of the recording."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np

from linernotes.datasets.rendered.harmony import Chord, Key

BEATS_IN_BAR = {"4/4": 4, "3/4": 3, "6/8": 2}
"""A beat is what one taps: the quarter, in 6/8 the dotted quarter."""


@dataclass(frozen=True, slots=True)
class Part:
    """One player: its role (comping, pad, bass, melody, drums), instrument, General MIDI program and pattern."""

    role: str
    instrument: str
    program: int
    pattern: str


@dataclass(frozen=True, slots=True)
class PieceSection:
    """Bars that share a label, a melody and a loudness; `energy` is 0..1."""

    label: str
    start_s: float
    end_s: float
    first_bar: int
    bars: int
    energy: float


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """One chord from beat `first_beat` up to `last_beat` (not included), counted from the start of the piece."""

    start_s: float
    end_s: float
    label: str
    chord: Chord
    first_beat: float
    last_beat: float


@dataclass(frozen=True, slots=True)
class Sound:
    """What happens to the rendered notes on their way into a file."""

    gain_db: float
    noise_db: float
    room_s: float
    room_share: float
    tilt_db: float
    drive: float
    mp3_compression: float


@dataclass(frozen=True, slots=True)
class Piece:
    """The plan of a piece, which is its exact truth too; times are seconds from the start of the recording."""

    seed: int
    generator_version: str
    genre: str
    key: str
    tempo_bpm: float
    metre: str
    swing: float
    tuning_cents: float
    duration_s: float
    sections: tuple[PieceSection, ...]
    chords: tuple[ChordSpan, ...]
    beats_s: tuple[float, ...]
    downbeats_s: tuple[float, ...]
    end_s: float
    parts: tuple[Part, ...]
    drums: bool
    sound: Sound

    @property
    def instruments(self) -> tuple[str, ...]:
        """Plain names of what is heard, each once, "drums" included."""
        return tuple(dict.fromkeys(part.instrument for part in self.parts))

    @property
    def tonality(self) -> Key:
        """The key as pitch classes."""
        tonic, mode = self.key.split()
        return next(
            key
            for key in (Key(tonic_class, mode) for tonic_class in range(12))
            if key.name == f"{tonic} {mode}"
        )

    def time_s(self, beat: float) -> float:
        """Seconds at which a beat, whole or between two, stands in the recording."""
        times = (*self.beats_s, self.end_s)
        return float(np.interp(beat, np.arange(len(times)), times))

    def fingerprint(self) -> str:
        """SHA-256 of the whole plan."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
