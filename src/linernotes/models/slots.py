"""Keys and values of all hypotheses' pasts, each position stored once however often a search reorders.

Usual caches hold the whole past of every hypothesis and copy it whenever the search reorders them. Here a position
is a slot that stays where it was written, and a hypothesis is the list of its slots: that is all a search moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPARE = 64
"""Slots made at a time."""

Zeros = Callable[[tuple[int, ...]], Any]
"""Makes an array of zeros of a shape, in numpy or PyTorch."""


@dataclass(frozen=True, slots=True)
class SlotSizes:
    """Of a decoder."""

    layers: int
    heads: int
    head_dim: int


class Slots:
    """Keys (clips, heads, head dim, slots) and values (clips, heads, slots, head dim) of every layer."""

    def __init__(self, sizes: SlotSizes, clips: int, zeros: Zeros) -> None:
        self._sizes, self._zeros = sizes, zeros
        self.used = self.room = 0
        self._keys, self._values = self._empty(clips, SPARE)

    def arrays(self) -> list[Any]:
        """Keys and values, layer after layer."""
        return [array for pair in zip(self._keys, self._values, strict=True) for array in pair]

    def keep(self, clips: NDArray[np.int64]) -> None:
        """Go on with these clips only."""
        for arrays in (self._keys, self._values):
            for number, array in enumerate(arrays):
                arrays[number] = array[clips]

    def add(self, new: Sequence[Any]) -> None:
        """Write what a step gave: keys and values, layer after layer, of as many slots as there are hypotheses."""
        end = self.used + new[1].shape[2]
        for number, (keys, values) in enumerate(zip(new[::2], new[1::2], strict=True)):
            self._keys[number][..., self.used : end] = keys
            self._values[number][:, :, self.used : end] = values
        self.used = end

    def make_room(self, paths: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
        """Room for `wanted` more; slots off all paths (clips, hypotheses, time) go, and paths are told anew."""
        if self.used + wanted <= self.room:
            return paths
        found = [np.unique(path, return_inverse=True) for path in paths]
        old = self._keys, self._values
        used = max(len(slots) for slots, _ in found)
        self._keys, self._values = self._empty(len(paths), used + max(wanted, SPARE))
        for clip, (slots, _) in enumerate(found):
            for new_keys, new_values, keys, values in zip(self._keys, self._values, *old, strict=True):
                new_keys[clip, :, :, : len(slots)] = keys[clip][:, :, slots]
                new_values[clip, :, : len(slots)] = values[clip][:, slots]
        self.used = used
        return np.stack([places.reshape(paths.shape[1:]) for _, places in found])

    def _empty(self, clips: int, room: int) -> tuple[list[Any], list[Any]]:
        # Zeros, since what a mask hides is still multiplied by nothing.
        self.room, sizes = room, self._sizes
        start, end = (clips, sizes.heads, sizes.head_dim, room), (clips, sizes.heads, room, sizes.head_dim)
        layers = range(sizes.layers)
        return [self._zeros(start) for _ in layers], [self._zeros(end) for _ in layers]
