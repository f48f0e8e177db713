"""Chords from the chord network's probabilities: when each begins and ends, and how sure one can be of it.

A hidden Markov model with one state a chord family holds each chord until the evidence for another outweighs the
cost of a change; within a chord, a seventh is named only when the evidence for it is clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.features.frames import Frames
from linernotes.features.harmony.chord_net import NO_CHORD, QUALITIES
from linernotes.features.harmony.pitch_names import harte

FAMILIES: tuple[tuple[str, ...], ...] = (("maj", "7", "maj7"), ("min", "min7"), ("dim", "hdim7"), ("sus4",))
"""Qualities that share a triad; a family is named by its first."""
NONE_STATE = 12 * len(FAMILIES)
"""State of the hidden Markov model for no chord; state `root * len(FAMILIES) + family` is a chord."""

CHANGE_COST = 4.0
"""Log probability ratio that a change of chord must gain, chosen by scripts/tune_harmony.py on held-out seeds."""
RARE_COST = (0.0, 0.0, 1.0, 1.5)
"""Log probability ratio, by family, that a diminished or suspended chord must gain in every frame."""
NONE_COST = 0.5
"""The same for no chord at all: what sounds strange to a network trained on rendered pieces may still be music."""
SEVENTH_SHARE = 0.6
"""Share of a family's probability that a seventh must have to be named."""
NONE_LEVEL_DB = -70.0
"""Under this level no chord is heard."""
_FRAMES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class ChordSegment:
    """One chord: `root` 0..11 from C and Harte `quality`, or root -1 and quality "N" for none."""

    root: int
    quality: str
    start_s: float
    end_s: float
    probability: float

    @property
    def triad(self) -> tuple[int, str]:
        """Root and family, by which chords are compared."""
        family = next((names[0] for names in FAMILIES if self.quality in names), "N")
        return self.root, family

    def label(self, key: int) -> str:
        """In Harte's syntax, spelled as the key would."""
        return "N" if self.root < 0 else harte(self.root, self.quality, key)


def segment_chords(frames: Frames) -> list[ChordSegment]:
    """The chords of a stretch, end to end, from its "chords" and "harmony_level" series."""
    series = frames["chords"]
    count = len(series.values)
    if not count:
        return []
    families = np.empty((count, NONE_STATE + 1), np.float16)
    for first in range(0, count, _FRAMES_AT_ONCE):
        last = min(first + _FRAMES_AT_ONCE, count)
        families[first:last] = family_logs(_logs(frames, np.arange(first, last)))
    path = decode(families)
    edges = np.flatnonzero(np.diff(path)) + 1
    bounds = [0, *edges.tolist(), count]
    return [_segment(int(path[first]), frames, first, last) for first, last in pairwise(bounds)]


def _logs(frames: Frames, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """Log probabilities of the chords in some frames, (chosen, chords); where it is quiet, of no chord."""
    logs = frames["chords"].values[chosen].astype(np.float32)
    quiet = frames["harmony_level"].values[chosen] < NONE_LEVEL_DB
    logs[quiet] = -12.0
    logs[quiet, NO_CHORD] = 0.0
    return logs


def family_logs(logs: NDArray[np.float32], rare_cost: tuple[float, ...] = RARE_COST) -> NDArray[np.float32]:
    """Log probabilities by family, (frames, chords) -> (frames, 12 * families + 1), root by root, N last."""
    by_root = logs[:, :NO_CHORD].reshape(len(logs), 12, len(QUALITIES))
    columns = [
        np.logaddexp.reduce(by_root[:, :, [QUALITIES.index(name) for name in names]], axis=2) - cost
        for names, cost in zip(FAMILIES, rare_cost, strict=True)
    ]
    return np.concatenate(
        [np.stack(columns, axis=2).reshape(len(logs), -1), logs[:, NO_CHORD:] - NONE_COST], axis=1
    )


def decode(logs: NDArray[np.floating[Any]], change_cost: float = CHANGE_COST) -> NDArray[np.int64]:
    """The likeliest path of states where every change costs the same (Viterbi), (frames, states) -> (frames,)."""
    score = logs[0].astype(np.float64)
    best = np.zeros(len(logs), np.int64)
    stayed = np.zeros(logs.shape, np.bool_)
    for frame in range(1, len(logs)):
        best[frame] = score.argmax()
        changed = score[best[frame]] - change_cost
        np.greater_equal(score, changed, out=stayed[frame])
        score = np.maximum(score, changed) + logs[frame]
        score -= score.max()
    path = np.empty(len(logs), np.int64)
    path[-1] = score.argmax()
    for frame in range(len(logs) - 1, 0, -1):
        state = path[frame]
        path[frame - 1] = state if stayed[frame, state] else best[frame]
    return path


def _segment(state: int, frames: Frames, first: int, last: int) -> ChordSegment:
    """The segment of frames `first` up to `last`; of a very long one every few frames are enough to name it."""
    chosen = np.arange(first, last, 1 + (last - first) // _FRAMES_AT_ONCE)
    probabilities = np.exp(_logs(frames, chosen)).mean(axis=0)
    times = _times(frames, first, last)
    if state == NONE_STATE:
        return ChordSegment(-1, "N", *times, _rounded(probabilities[NO_CHORD]))
    root, family = divmod(state, len(FAMILIES))
    names = FAMILIES[family]
    shares = np.array([probabilities[root * len(QUALITIES) + QUALITIES.index(name)] for name in names])
    total = float(shares.sum())
    clearest = int(shares.argmax())
    quality = names[clearest] if shares[clearest] > SEVENTH_SHARE * total else names[0]
    return ChordSegment(root, quality, *times, _rounded(total))


def _times(frames: Frames, first: int, last: int) -> tuple[float, float]:
    """Spans meet half-way between frames; the first and the last reach the ends of the stretch."""
    series = frames["chords"]
    start_s = frames.start_s if first == 0 else series.start_s + (first - 0.5) / series.rate_hz
    end_s = frames.end_s if last == len(series.values) else series.start_s + (last - 0.5) / series.rate_hz
    return round(start_s, 3), round(end_s, 3)


def _rounded(probability: float) -> float:
    return round(min(1.0, float(probability)), 3)
