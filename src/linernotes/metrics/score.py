"""What a metric returns: per-item sufficient statistics, so that any subset or resample is scored at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Statistics = NDArray[np.float64]
Captions = Mapping[str, str]
References = Mapping[str, Sequence[str]]


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
        row = {clip_id: number for number, clip_id in enumerate(self.clip_ids)}
        return float(self.combine(self.statistics[[row[clip_id] for clip_id in clip_ids]].sum(axis=0)))

    def interval(self, *, resamples: int = 1000, seed: int = 0) -> tuple[float, float]:
        """Bootstrap 95 % interval over clips (percentile method)."""
        rng = np.random.default_rng(seed)
        count = len(self.clip_ids)
        weights = rng.multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float64)
        low, high = np.percentile(self.combine(weights @ self.statistics), [2.5, 97.5])
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
        raise ValueError(f"{len(alone)} ids stand on one side only, such as {min(alone)!r} in the {side}")
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
