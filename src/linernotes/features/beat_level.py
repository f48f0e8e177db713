"""Which level of the metre is the beat: the pulse that was decoded, or every second or third of its strokes.

Decoding finds a pulse with certainty but often twice (or, in compound time, three times) too fast. The choice is a
conditional logit over what each level would mean: how much its strokes stand out, how well bars of three or four
fit, and how usual its tempo is. Weights are fitted by benchmarks/tempo_fit.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linernotes.features.beats import BeatDecoder, BeatModel
from linernotes.features.beats_net import RATE_HZ
from linernotes.features.local_tempo import dominant_bpm, local_tempo

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

LEVELS = (1, 2, 3)
REFERENCE_BPM = 110.0
_WINDOW, _STEP = 12, 6
_FEWEST_PULSES = 8
_STRETCH_FRAMES = int(300 * RATE_HZ)
_WIDTH = 1.35
"""Within its level, the tempo of a stretch may be this much faster or slower than its dominant tempo."""


@dataclass(frozen=True, slots=True)
class LevelWeights:
    """Weights of the logit."""

    octaves: float = -0.89
    octaves_squared: float = -1.96
    contrast: float = 3.49
    strength: float = 1.76
    bars: float = 1.26


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

    def score(self, weights: LevelWeights) -> float:
        octaves = float(np.log2(self.bpm / REFERENCE_BPM))
        return (
            weights.octaves * octaves
            + weights.octaves_squared * octaves**2
            + weights.contrast * self.contrast
            + weights.strength * self.strength
            + weights.bars * self.bars
        )


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


def level_evidence(pulses: Integers, activation: Floats, bpm: float) -> list[LevelEvidence]:
    """Evidence for each of `LEVELS`, from pulses (pulses,) in frames at `bpm` and activation (frames, 2)."""
    near = highest_near(activation.sum(axis=1), 1)
    on, between = near[pulses], near[(pulses[1:] + pulses[:-1]) // 2]
    share = downbeat_share(activation, pulses)
    evidence = []
    for level in LEVELS:
        if level == 1:
            strength, rest = float(on.mean()), float(between.mean())
        else:
            strength, rest = _best_phase(on, level)
        bars = max(sum(recurrence(share, k * bar * level) for k in (1, 2)) for bar in (3, 4))
        evidence.append(LevelEvidence(bpm / level, strength - rest, strength, bars))
    return evidence


def _best_phase(on: Floats, level: int) -> tuple[float, float]:
    """Mean of every `level`-th stroke at its best phase, and of the others; windows may differ in phase."""
    width = max(level, min(_WINDOW, len(on) // level * level))
    windows = np.lib.stride_tricks.sliding_window_view(on, width)[::_STEP]
    phases = windows[:, : width // level * level].reshape(len(windows), -1, level).mean(axis=1)
    best = phases.max(axis=1)
    others = (phases.sum(axis=1) - best) / (level - 1)
    return float(best.mean()), float(others.mean())


def choose_level(evidence: list[LevelEvidence], weights: LevelWeights) -> int:
    """The likeliest of `LEVELS`."""
    return LEVELS[int(np.argmax([level.score(weights) for level in evidence]))]


def beats_of_pulses(pulses: Integers, activation: Floats) -> Integers:
    """The beats behind decoded pulses, (beats,) in frames; each five minutes choose their level for themselves."""
    stretches = max(1, round(len(activation) / _STRETCH_FRAMES))
    borders = np.linspace(0, len(activation), stretches + 1).astype(int)
    beats = [
        first + _beats_of_stretch(pulses[(pulses >= first) & (pulses < last)] - first, activation[first:last])
        for first, last in pairwise(borders)
    ]
    return np.concatenate(beats)


def _beats_of_stretch(pulses: Integers, activation: Floats) -> Integers:
    if len(pulses) < _FEWEST_PULSES:
        return pulses
    bpm = dominant_bpm(local_tempo(pulses / RATE_HZ))
    level = choose_level(level_evidence(pulses, activation, bpm), LevelWeights())
    if level == 1:
        return pulses
    decoder = BeatDecoder(BeatModel(lowest_bpm=bpm / level / _WIDTH, highest_bpm=bpm / level * _WIDTH))
    decoder.push(activation.sum(axis=1))
    return decoder.finish()
