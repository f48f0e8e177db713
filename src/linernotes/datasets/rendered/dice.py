"""Random choices that come out the same on every Python, numpy and C library.

Only `random.Random.random` is promised to keep its sequence between Python versions, so all else is built on it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A named stream of choices; equal names give equal choices."""

    def __init__(self, *names: object) -> None:
        self.unit = random.Random("/".join(map(str, names))).random

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number in low..high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, all alike."""
        return items[int(self.unit() * len(items))]

    def weighted(self, items: Sequence[tuple[Item, float]]) -> Item:
        """One of the items, by the weight beside it."""
        left = self.unit() * sum(weight for _, weight in items)
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def bell(self, deviation: float) -> float:
        """Nearly normal around 0 (the sum of 12 uniform numbers), never beyond 6 deviations."""
        return deviation * (sum(self.unit() for _ in range(12)) - 6.0)
