"""Which level of the metre is the beat: the pulse that was decoded, or every second or third of its strokes.

Decoding finds a pulse with certainty but often twice (or, in compound time, three times) too fast. The choice is a
conditional logit over what each level would mean: how much its strokes stand out, how well bars of three or four
fit, what lies between them, and how usual its tempo is. Weights are fitted by benchmarks/tempo_fit.py.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linernotes.features.rhythm.beats import BeatDecoder, BeatModel
from linernotes.features.rhythm.beats_net import RATE_HZ
from linernotes.features.rhythm.local_tempo import dominant_bpm, local_tempo

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

LEVELS = (1, 2, 3)
REFERENCE_BPM = 110.0
LOW_BAND, HIGH_BAND = 0, 3
"""Which of the bands of `onsets.BAND_EDGES_HZ` carry kicks, and which snares and strumming."""
_WINDOW, _STEP = 12, 6
_FEWEST_PULSES = 8
_STRETCH_FRAMES = int(300 * RATE_HZ)
_WIDTH = 1.35
"""Within its level, the tempo of a stretch may be this much faster or slower than its dominant tempo."""


@dataclass(frozen=True, slots=True)
class LevelWeights:
    """Weights of the logit, in the order of `LevelEvidence.features`."""

    octaves: float = 0.4
    octaves_squared: float = -0.59
    contrast: float = 3.0
    strength: float = 1.27
    bars: float = 1.09
    pulse: float = -2.13
    low_between: float = 2.06
    high_between: float = 1.53


@dataclass(frozen=True, slots=True)
class LevelEvidence:
    """What one level would mean."""

    bpm: float
    contrast: float
    """Mean probability of a beat on its strokes less that between them."""
    strength: float
    """Mean probability of a beat on its strokes."""
    bars: float
    """How well downbeats come back every three or four of its strokes, -2..2."""
    is_pulse: bool
    """Whether it is the pulse itself."""
    low_between: float
    """Onsets below 120 Hz half way between its strokes against those on them; 0 unless it is the pulse."""
    high_between: float
    """The same from 2 to 6 kHz."""

    @property
    def features(self) -> Doubles:
        """What the logit sees, (8,)."""
        octaves = float(np.log2(self.bpm / REFERENCE_BPM))
        prior = (octaves, octaves**2)
        fit = (self.contrast, self.strength, self.bars, float(self.is_pulse))
        return np.array((*prior, *fit, self.low_between, self.high_between))


def highest_near(values: Floats, frames: int) -> Floats:
    """The maximum of every value and its neighbours up to `frames` away, (n,) -> (n,)."""
    padded = np.pad(values, frames)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * frames + 1)
    highest: Floats = windows.max(axis=1)
    return highest


def downbeat_share(activation: Floats, beats: Integers) -> Floats:
    """How much of what is at each beat is a downbeat, from activation (frames, 2), (beats,) in 0..1."""
    beat, downbeat = (highest_near(activation[:, column], 2)[beats] for column in (0, 1))
    share: Floats = downbeat / (downbeat + beat + 0.1)
    return share


def recurrence(values: Floats, lag: int) -> float:
    """Autocorrelation at a lag, -1..1; 0 where there is too little to tell."""
    if len(values) < lag + 3:
        return 0.0
    centred = values - values.mean()
    return float(np.mean(centred[lag:] * centred[:-lag]) / (centred.var() + 1e-6))


def level_evidence(
    pulses: Integers, activation: Floats, onset_bands: Floats, bpm: float
) -> list[LevelEvidence]:
    """Evidence for each of `LEVELS`, from pulses (pulses,) in frames at `bpm`, activation (frames, 2) and onset
    bands (frames, 5)."""
    near = highest_near(activation.sum(axis=1), 1)
    between = (pulses[1:] + pulses[:-1]) // 2
    share = downbeat_share(activation, pulses)
    onsets = np.stack([highest_near(band, 1) for band in onset_bands.T])
    divided = onsets[:, between].mean(axis=1) / (onsets[:, pulses].mean(axis=1) + 1e-6)
    evidence = []
    for level in LEVELS:
        strength, rest = _best_phase(near[pulses], level)
        is_pulse = level == 1
        if is_pulse:
            strength, rest = float(near[pulses].mean()), float(near[between].mean())
        evidence.append(
            LevelEvidence(
                bpm=bpm / level,
                contrast=strength - rest,
                strength=strength,
                bars=max(sum(recurrence(share, k * bar * level) for k in (1, 2)) for bar in (3, 4)),
                is_pulse=is_pulse,
                low_between=float(divided[LOW_BAND]) * is_pulse,
                high_between=float(divided[HIGH_BAND]) * is_pulse,
            )
        )
    return evidence


def _best_phase(on: Floats, level: int) -> tuple[float, float]:
    """Mean of every `level`-th stroke at its best phase, and of the others; windows may differ in phase."""
    width = max(level, min(_WINDOW, len(on) // level * level))
    windows = np.lib.stride_tricks.sliding_window_view(on, width)[::_STEP]
    phases = windows[:, : width // level * level].reshape(len(windows), -1, level).mean(axis=1)
    best = phases.max(axis=1)
    others = (phases.sum(axis=1) - best) / max(1, level - 1)
    return float(best.mean()), float(others.mean())


def choose_level(evidence: list[LevelEvidence], weights: LevelWeights) -> int:
    """The likeliest of `LEVELS`."""
    scores = [float(np.dot(astuple(weights), level.features)) for level in evidence]
    return LEVELS[int(np.argmax(scores))]


def beats_of_pulses(
    pulses: Integers, activation: Floats, onset_bands: Floats, weights: LevelWeights | None = None
) -> Integers:
    """The beats behind decoded pulses, (beats,) in frames; each five minutes choose their level for themselves."""
    stretches = max(1, round(len(activation) / _STRETCH_FRAMES))
    borders = np.linspace(0, len(activation), stretches + 1).astype(int)
    beats = [np.zeros(0, np.int64)]
    for first, last in pairwise(borders):
        within = pulses[(pulses >= first) & (pulses < last)] - first
        of_stretch = _beats_of_stretch(
            within, activation[first:last], onset_bands[first:last], weights or LevelWeights()
        )
        beats.append(first + of_stretch)
    return np.concatenate(beats)


def _beats_of_stretch(
    pulses: Integers, activation: Floats, onset_bands: Floats, weights: LevelWeights
) -> Integers:
    if len(pulses) < _FEWEST_PULSES:
        return pulses
    bpm = dominant_bpm(local_tempo(pulses / RATE_HZ))
    level = choose_level(level_evidence(pulses, activation, onset_bands, bpm), weights)
    if level == 1:
        return pulses
    decoder = BeatDecoder(BeatModel(lowest_bpm=bpm / level / _WIDTH, highest_bpm=bpm / level * _WIDTH))
    decoder.push(activation.sum(axis=1))
    return decoder.finish()
