"""A small network that says how likely each chord is in each frame, the same for all twelve roots.

It sees the semitone spectrum from the point of view of one candidate root at a time (root at 0, its octaves at 12,
24, ...) and scores the chord qualities on that root; the twelve views share all weights, so a chord is known in
every key once it is known in one. Around each frame it sees five means: the moment, just before, just after, the
phrase and the half minute (which carries the key). `scripts/train_chords.py` fits the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.spectra import Floats

QUALITIES = ("maj", "min", "7", "maj7", "min7", "dim", "hdim7", "sus4")
"""Harte shorthands, in the order of the network's outputs."""
CHORDS = 12 * len(QUALITIES) + 1
"""Outputs: chord `root * len(QUALITIES) + quality` with root 0 for C, and at the end no chord."""
NO_CHORD = CHORDS - 1

LOWEST_NOTE = 28
"""MIDI number of the first semitone: E1, 41.2 Hz, the open bottom string of a bass guitar."""
NOTES = 76
"""Semitones heard: E1 to G7, 3136 Hz."""
VIEW_NOTES = NOTES + 12
SPANS_FRAMES = ((-1, 1), (-9, -2), (2, 9), (-20, 20), (-150, 150))
"""First and last frame (of 0.1 s) of each mean, from the frame in question."""
_REACH = 150
_FRAMES_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class ChordNet:
    """Weights: two hidden layers a root, an output a quality, and one for no chord from the mean of all roots."""

    hidden1: Floats  # (views, width1)
    bias1: Floats
    hidden2: Floats  # (width1, width2)
    bias2: Floats
    out: Floats  # (width2, qualities)
    out_bias: Floats
    none: Floats  # (width2, 1)
    none_bias: Floats

    def __call__(self, semitones: NDArray[Any]) -> NDArray[np.float16]:
        """Log probabilities of the chords, (frames, notes) -> (frames, chords), in pieces of bounded size."""
        scores = np.zeros((len(semitones), CHORDS), np.float16)
        for start in range(0, len(semitones), _FRAMES_AT_ONCE):
            first, last = max(0, start - _REACH), start + _FRAMES_AT_ONCE + _REACH
            near = surroundings(semitones[first:last])[start - first :][:_FRAMES_AT_ONCE]
            scores[start : start + len(near)] = self._log_probabilities(near)
        return scores

    def _log_probabilities(self, near: Floats) -> Floats:
        """(frames, spans, notes) -> (frames, chords)."""
        frames = len(near)
        views = near_views(near).reshape(frames * 12, -1)
        first = np.maximum(views @ self.hidden1 + self.bias1, 0)
        second = np.maximum(first @ self.hidden2 + self.bias2, 0)
        chords = (second @ self.out + self.out_bias).reshape(frames, -1)
        none = second.reshape(frames, 12, -1).mean(axis=1) @ self.none + self.none_bias
        scores = np.concatenate([chords, none], axis=1)
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), np.float32)


def surroundings(semitones: NDArray[Any]) -> Floats:
    """Means of the compressed semitones around each frame, (frames, notes) -> (frames, spans, notes)."""
    loud = np.log1p(semitones.astype(np.float32))
    sums = np.concatenate([np.zeros((1, loud.shape[1])), np.cumsum(loud, axis=0, dtype=np.float64)])
    frame = np.arange(len(loud))
    near = np.empty((len(loud), len(SPANS_FRAMES), loud.shape[1]), np.float32)
    for span, (first, last) in enumerate(SPANS_FRAMES):
        start, end = np.clip(frame + first, 0, len(loud)), np.clip(frame + last + 1, 0, len(loud))
        near[:, span] = (sums[end] - sums[start]) / np.maximum(end - start, 1)[:, None]
    return near


def near_views(near: Floats) -> Floats:
    """The surroundings as each root sees them, (frames, spans, notes) -> (frames, roots, spans, view notes)."""
    padded = np.pad(near, ((0, 0), (0, 0), (12, 12)))
    views = np.empty((len(near), 12, near.shape[1], VIEW_NOTES), np.float32)
    for root in range(12):
        start = first_of_view(root)
        views[:, root] = padded[:, :, start : start + VIEW_NOTES]
    return views


def first_of_view(root: int) -> int:
    """Where a root's view starts among the notes padded by 12: at the root in the octave up to the lowest note."""
    return 12 - (LOWEST_NOTE - root) % 12


@lru_cache(maxsize=1)
def load_chord_net() -> ChordNet:
    """The network that ships with the package."""
    with files("linernotes").joinpath("assets", "chord_net.npz").open("rb") as opened:
        weights = np.load(opened)
        return ChordNet(**{name: weights[name].astype(np.float32) for name in ChordNet.__slots__})
