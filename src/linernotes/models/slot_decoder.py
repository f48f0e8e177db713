"""A decoder over slots as the `step` of a search: for BART in PyTorch and in ONNX alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.decoding import (
    DecodingOptions,
    FloatArray,
    Hypothesis,
    State,
    StepResult,
    new_search,
    search_together,
)
from linernotes.models.slots import Slots, SlotSizes, Zeros

IntArray = NDArray[np.int64]
Read = Callable[[IntArray, IntArray, FloatArray, FloatArray, list[Any]], Sequence[Any]]
"""Tokens, position, masks of the sound and of the slots, memory -> log-probabilities and new slots."""
WINDOWS_AT_ONCE = 20
"""Of a long recording; more would take memory, 1 MB a window for a vocabulary of 50,000 and five hypotheses."""


@dataclass(frozen=True, slots=True)
class TokenMarks:
    """Token ids that a search needs."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sound:
    """What the decoder hears of each clip: keys and values layer after layer, and 0 or -inf (clips, positions)."""

    memory: list[Any]
    mask: FloatArray

    def of(self, clips: IntArray) -> Sound:
        """These clips, in this order."""
        return Sound([part[clips] for part in self.memory], self.mask[clips])


def sound_mask(real: Sequence[int], positions: int) -> FloatArray:
    """0 at the first `real (clips,)` positions, -inf behind them."""
    heard = np.arange(positions) < np.array(real)[:, None]
    return np.where(heard, 0, -np.inf).astype(np.float32)


class SlotDecoder:
    """A `Step` for one search over the clips of `sound`, whose slots it keeps: a step can't be taken twice."""

    def __init__(self, read: Read, sizes: SlotSizes, sound: Sound, zeros: Zeros) -> None:
        self._read, self._sound = read, sound
        self._clips = np.arange(len(sound.mask))
        self._slots = Slots(sizes, len(self._clips), zeros)

    @property
    def start(self) -> State:
        """A row for each clip: its number, and no slots."""
        return {"clip": self._clips, "path": np.zeros((len(self._clips), 0), np.int64)}

    def __call__(self, state: State, tokens: IntArray) -> StepResult:
        """Read `tokens (rows,)`; the rows of a clip stand together, as many for each."""
        clips = state["clip"]
        left = clips[np.flatnonzero(np.diff(clips, prepend=-1))]
        if len(left) < len(self._clips):
            still = np.flatnonzero(np.isin(self._clips, left))
            self._clips, self._sound = left, self._sound.of(still)
            self._slots.keep(still)
        width = len(clips) // len(left)
        paths = self._slots.make_room(state["path"].reshape(len(left), width, -1), width)
        own = np.full((len(left), width, self._slots.room), -np.inf, np.float32)
        np.put_along_axis(own, paths, 0.0, axis=2)
        position = np.array([paths.shape[2]])
        layers = zip(
            self._sound.memory[::2], self._sound.memory[1::2],
            self._slots.arrays()[::2], self._slots.arrays()[1::2], strict=True,
        )  # fmt: skip
        memory = [array for layer in layers for array in layer]
        log_probs, *new = self._read(tokens, position, self._sound.mask, own, memory)
        newest = np.broadcast_to(self._slots.used + np.arange(width)[:, None], (len(left), width, 1))
        self._slots.add(new)
        after = np.concatenate([paths, newest], axis=2).reshape(len(clips), -1)
        return StepResult(log_probs, {"clip": clips, "path": after})


def write_clips(decoder: SlotDecoder, marks: TokenMarks, options: DecodingOptions) -> list[Hypothesis]:
    """The best hypothesis for each clip."""
    start = decoder.start
    searches = [new_search(marks.start, marks.end, options) for _ in start["clip"]]
    search_together(decoder, start, searches)
    return [search.hypotheses[0] for search in searches]


def log_likelihoods(decoder: SlotDecoder, start: int, targets: Sequence[Sequence[int]]) -> FloatArray:
    """log P of one row of tokens for each clip, the last of which is the end, (clips,)."""
    totals = np.zeros(len(targets), np.float32)
    state = decoder.start
    newest = np.full(len(targets), start)
    for place in range(max(map(len, targets))):
        result = decoder(state, newest)
        # Those whose tokens are spent read their last one again, and what they say then is not counted.
        newest = np.array([row[min(place, len(row) - 1)] for row in targets])
        counted = np.array([place < len(row) for row in targets])
        totals += np.where(counted, result.log_probs[np.arange(len(targets)), newest], 0)
        state = result.state
    return totals
