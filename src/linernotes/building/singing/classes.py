"""Volume, pitch and tempo in three classes, by thresholds that are stated here or fitted on a data set's terciles.

The paper names three classes of volume (RMS) and pitch (mean F0) and no thresholds. Those below are ours: volume
for recordings at their own level; pitch apart for men and women, whose voices lie about an octave apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linernotes.building.singing import UNSURE

LEVELS = ("low", "medium", "high")
PACES = ("slow", "moderate", "fast")
SILENT_DB = -90.0
FEWEST_FOR_TERCILES = 9
"""Below so many segments of a kind the stated thresholds stay."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Two borders: under `low` is the first class, over `high` the third."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"the lower threshold {self.low:g} must lie below the upper one {self.high:g}")

    def __str__(self) -> str:
        return f"{self.low:g} and {self.high:g}"

    def index(self, value: float) -> int:
        """0, 1 or 2."""
        return 0 if value < self.low else 2 if value > self.high else 1


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Borders of the classes: volume in dBFS, pitch in Hz by gender, tempo in BPM; `made_by` says whose."""

    volume_db: Bounds = Bounds(-28.0, -20.0)
    pitch_hz: Mapping[str, Bounds] = field(
        default_factory=lambda: {"male": Bounds(130.0, 200.0), "female": Bounds(235.0, 330.0)}
    )
    tempo_bpm: Bounds = Bounds(80.0, 132.0)
    made_by: str = "stated"

    def __str__(self) -> str:
        pitch = ", ".join(f"{gender} {bounds} Hz" for gender, bounds in self.pitch_hz.items())
        return f"{self.made_by} (volume {self.volume_db} dBFS; pitch {pitch}; tempo {self.tempo_bpm} BPM)"

    def volume(self, level_db: float) -> str:
        """Class of an RMS."""
        return LEVELS[self.volume_db.index(level_db)]

    def pitch(self, mean_hz: float, gender: str) -> str:
        """Class of a mean F0; where the gender is not known, only what men and women would both be called."""
        if gender in self.pitch_hz:
            return LEVELS[self.pitch_hz[gender].index(mean_hz)]
        found = {bounds.index(mean_hz) for bounds in self.pitch_hz.values()}
        return LEVELS[found.pop()] if len(found) == 1 else UNSURE

    def tempo(self, bpm: float) -> str:
        """Class of a tempo."""
        return PACES[self.tempo_bpm.index(bpm)]

    def margin(self, kind: str, value: float, gender: str = "") -> float:
        """How far a value lies from the nearest border: octaves for pitch and tempo, dB for volume."""
        if kind == "volume":
            return min(abs(value - self.volume_db.low), abs(value - self.volume_db.high))
        bounds = self.tempo_bpm if kind == "tempo" else self.pitch_hz.get(gender)
        if bounds is None or value <= 0:
            return 0.0
        return min(abs(math.log2(value / bounds.low)), abs(math.log2(value / bounds.high)))


def level_db(waveform: NDArray[np.float32]) -> float:
    """RMS of samples (samples,) in dB below a full-scale constant."""
    power = float(np.mean(waveform.astype(np.float64) ** 2)) if len(waveform) else 0.0
    return max(SILENT_DB, 10.0 * math.log10(power)) if power > 0 else SILENT_DB


def fitted(volumes_db: Sequence[float], pitches_hz: Mapping[str, Sequence[float]]) -> Thresholds:
    """Thresholds at the terciles of a data set, so that every class holds a third of it.

    Kinds with fewer than `FEWEST_FOR_TERCILES` different values keep the stated thresholds.
    """
    stated = Thresholds()
    pitch = {
        gender: _terciles(pitches_hz.get(gender, ()), bounds) for gender, bounds in stated.pitch_hz.items()
    }
    return Thresholds(
        _terciles(volumes_db, stated.volume_db), pitch, stated.tempo_bpm, "terciles of this set"
    )


def _terciles(values: Sequence[float], otherwise: Bounds) -> Bounds:
    if len(set(values)) < FEWEST_FOR_TERCILES:
        return otherwise
    low, high = np.quantile(np.asarray(values, np.float64), (1 / 3, 2 / 3))
    return Bounds(round(float(low), 2), round(float(high), 2)) if low < high else otherwise
