"""What a metric returns: per-item sufficient statistics, so that any subset or resample is scored at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Statistics = NDArray[np.float64]
Captions = Mapping[str, str]
References = Mapping[str, Sequence[str]]

RESAMPLES = 1000
_DRAWS_AT_ONCE = 2**18
"""Clips drawn in one block of resamples: 2 MB of counts, however many resamples there are."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Score:
    """A metric over clips: `combine` turns summed statistics (..., k) into values (...)."""

    clip_ids: tuple[str, ...]
    statistics: Statistics  # (clips, k)
    combine: Callable[[Statistics], Statistics]

    @property
    def corpus(self) -> float:
        """The value over all clips."""
        return float(self.combine(self.statistics.sum(axis=0)))

    @property
    def per_clip(self) -> dict[str, float]:
        """The value of every clip alone."""
        return dict(zip(self.clip_ids, self.combine(self.statistics).tolist(), strict=True))

    def over(self, clip_ids: Sequence[str]) -> float:
        """The value over some of the clips."""
        return float(self.combine(self.statistics[self._rows(clip_ids)].sum(axis=0)))

    def interval(self, *, resamples: int = RESAMPLES, seed: int = 0) -> tuple[float, float]:
        """Bootstrap 95 % interval over clips (percentile method)."""
        return middle_95(resampled([self], resamples=resamples, seed=seed)[0])

    def ordered(self, clip_ids: Sequence[str]) -> Score:
        """The same score with its clips in another order."""
        if clip_ids == self.clip_ids:
            return self
        return Score(tuple(clip_ids), self.statistics[self._rows(clip_ids)], self.combine)

    def _rows(self, clip_ids: Sequence[str]) -> list[int]:
        row = {clip_id: number for number, clip_id in enumerate(self.clip_ids)}
        return [row[clip_id] for clip_id in clip_ids]


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second system, with its bootstrap 95 % interval and two-sided p-value."""

    value: float
    low: float
    high: float
    p_value: float


def paired_differences(
    firsts: Sequence[Score], seconds: Sequence[Score], *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Difference]:
    """Paired bootstrap (Koehn, 2004): both systems, under each metric, are scored on the same resampled clips.

    The p-value is twice the share of resamples that don't stand on the value's side of zero, counted with one
    more of them, so that it is never below 2 / (resamples + 1); nor below 2 / 2**clips, the least that an exact
    test over signs could give, because the bootstrap of a few clips is too sure of itself. Clips in which neither
    system has a value (nothing to count) don't count there.

    Raises:
        ValueError: the systems were scored on different clips.
    """
    if any(set(score.clip_ids) != set(firsts[0].clip_ids) for score in (*firsts, *seconds)):
        raise ValueError("a paired comparison needs both systems scored on the same clips")
    order = firsts[0].clip_ids
    values = resampled(
        [score.ordered(order) for score in (*firsts, *seconds)], resamples=resamples, seed=seed
    )
    return [
        _difference(
            one.corpus - two.corpus,
            values[number] - values[number + len(firsts)],
            _counting(one, two.ordered(one.clip_ids)),
        )
        for number, (one, two) in enumerate(zip(firsts, seconds, strict=True))
    ]


def _counting(one: Score, two: Score) -> int:
    """Clips in which at least one of the systems has a value."""
    values = np.stack([score.combine(score.statistics) for score in (one, two)])
    return int(np.isfinite(values).any(axis=0).sum())


def _difference(value: float, gaps: Statistics, clips: int) -> Difference:
    gaps = gaps[np.isfinite(gaps)]
    gaps[np.abs(gaps) < _ROUNDING] = 0.0  # else two equal systems could differ by the order of their sums
    beyond = min(int((gaps <= 0).sum()), int((gaps >= 0).sum()))
    p_value = max(2 * (beyond + 1) / (len(gaps) + 1), 2.0 ** (1 - clips))
    return Difference(value, *middle_95(gaps), min(1.0, p_value))


def resampled(scores: Sequence[Score], *, resamples: int = RESAMPLES, seed: int = 0) -> list[Statistics]:
    """(resamples,) values of every score over the same clips drawn with replacement, in bounded memory.

    The scores must have their clips in the same order.
    """
    together = np.hstack([score.statistics for score in scores])
    sums = _resampled_sums(together, resamples, seed)
    parts = np.split(sums, np.cumsum([score.statistics.shape[1] for score in scores])[:-1], axis=1)
    return [score.combine(part) for score, part in zip(scores, parts, strict=True)]


def _resampled_sums(statistics: Statistics, resamples: int, seed: int) -> Statistics:
    """(resamples, k): summed statistics of as many clips as there are, drawn in blocks of bounded size."""
    rng = np.random.default_rng(seed)
    clips = len(statistics)
    at_once = max(1, _DRAWS_AT_ONCE // clips)
    counts = np.empty((at_once, clips))
    sums = np.empty((resamples, statistics.shape[1]))
    for start in range(0, resamples, at_once):
        block = counts[: resamples - start]
        for row in block:
            row[:] = np.bincount(rng.integers(clips, size=clips), minlength=clips)
        sums[start : start + at_once] = block @ statistics
    return sums


def middle_95(values: Statistics) -> tuple[float, float]:
    """The middle 95 % of what is defined; resamples in which the metric has nothing to count say nothing."""
    defined = values[np.isfinite(values)]
    if not defined.size:
        return float("nan"), float("nan")
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def mean_score(clip_ids: Sequence[str], values: Sequence[float]) -> Score:
    """The score of a metric that is the mean of its per-clip values."""
    statistics = np.stack([np.asarray(values, np.float64), np.ones(len(values))], axis=1)
    return Score(tuple(clip_ids), statistics, lambda sums: sums[..., 0] / sums[..., 1])


def paired(candidates: Captions, references: References) -> list[tuple[str, str, Sequence[str]]]:
    """(clip id, candidate, references) of every clip.

    Raises:
        ValueError: there are no clips, or an id stands on one side only.
    """
    alone = set(candidates) ^ set(references)
    if alone:
        side = "predictions" if next(iter(sorted(alone))) in candidates else "references"
        stand = "id stands" if len(alone) == 1 else "ids stand"
        raise ValueError(f"{len(alone)} {stand} on one side only, such as {min(alone)!r} in the {side}")
    if not candidates:
        raise ValueError("there are no captions to score")
    return [(clip_id, text, references[clip_id]) for clip_id, text in candidates.items()]


def derange(captions: Captions, *, seed: int = 0) -> dict[str, str]:
    """The same captions handed to other clips, none to its own: the shuffled floor's input."""
    ids = list(captions)
    if len(ids) < 2:
        raise ValueError("a shuffled floor needs at least two clips")
    order = np.random.default_rng(seed).permutation(len(ids))
    rotated = np.roll(order, 1)
    return {ids[clip]: captions[ids[other]] for clip, other in zip(order, rotated, strict=True)}
