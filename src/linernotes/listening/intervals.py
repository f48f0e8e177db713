"""95 % intervals of shares when answers share raters and clips, and when there are few of them.

Answers of one rater are alike, and so are answers about one clip: counted as independent they make any interval
too narrow. `two_way` takes the variance between raters, adds that between clips and takes off what was counted
twice (Cameron, Gelbach and Miller, 2011, "Robust inference with multiway clustering"). A bootstrap that draws
raters and clips together would count noise three times over where each rater hears each clip once at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

FEWEST = 2
"""Raters or clips below which nothing can be said about others."""
Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`."""

    low: float
    high: float

    def around(self, other: Interval) -> Interval:
        """The interval from the lower of the low ends to the higher of the high ones."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def within(self, least: float, most: float) -> Interval:
        """The interval without what lies beyond what is possible."""
        return Interval(max(self.low, least), min(self.high, most))


def two_way(values: Sequence[float], raters: Sequence[int], clips: Sequence[str]) -> Interval | None:
    """Of the mean of `values`, each given by a rater about a clip; None for fewer than two raters or clips.

    Student's t with one degree of freedom less than there are raters or clips, whichever are fewer.
    """
    given = np.asarray(values, np.float64)
    rater, clip = _numbered(raters), _numbered(clips)
    fewest = min(rater.max(), clip.max()) + 1
    if fewest < FEWEST:
        return None
    deviations = given - given.mean()
    both = _numbered([f"{one} {other}" for one, other in zip(rater, clip, strict=True)])
    between_raters, between_clips, between_cells = (
        _variance(deviations, groups) for groups in (rater, clip, both)
    )
    variance = max(between_raters + between_clips - between_cells, between_cells)
    half = float(stdtrit(fewest - 1, 0.975)) * math.sqrt(variance)
    return Interval(float(given.mean()) - half, float(given.mean()) + half)


def _numbered(names: Sequence[int] | Sequence[str]) -> NDArray[np.intp]:
    """Each name's number among the different ones, from 0."""
    numbers: NDArray[np.intp] = np.unique(names, return_inverse=True)[1]
    return numbers


def _variance(deviations: NDArray[np.float64], groups: NDArray[np.intp]) -> float:
    """Of the mean, when only answers of different groups are independent."""
    sums = np.bincount(groups, deviations)
    return float((sums**2).sum() / len(deviations) ** 2 * len(sums) / (len(sums) - 1))


def wilson(count: int, total: int) -> Interval:
    """Wilson's (1927) score interval of `count` out of `total` independent answers."""
    share = count / total
    centre = (share + Z_95**2 / (2 * total)) / (1 + Z_95**2 / total)
    half = Z_95 / (1 + Z_95**2 / total) * math.sqrt(share * (1 - share) / total + Z_95**2 / (4 * total**2))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def difference(first: int, second: int, total: int) -> Interval:
    """The share of `first` less that of `second`, two outcomes of the same `total` independent answers.

    Newcombe's (1998) square-and-add of the two Wilson intervals, with the correlation that outcomes which exclude
    one another have.
    """
    p, q = first / total, second / total
    one, two = wilson(first, total), wilson(second, total)
    odds = p * q / ((1 - p) * (1 - q)) if p < 1 and q < 1 else 0.0
    correlation = -math.sqrt(odds)

    def reach(ours: float, theirs: float) -> float:
        return math.sqrt(max(0.0, ours**2 + theirs**2 - 2 * correlation * ours * theirs))

    low = p - q - reach(p - one.low, two.high - q)
    high = p - q + reach(one.high - p, q - two.low)
    return Interval(max(-1.0, low), min(1.0, high))
