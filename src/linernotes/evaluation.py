"""Predictions against references under one profile: every number with its interval, its floor and what made it.

The shuffled floor is what the same captions score when each is handed to another clip (a derangement with a fixed
seed): how much of a number is owed to manner alone. A metric whose model, program or package is missing is said to
be not computed and why; it never stops the others.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from linernotes import __version__
from linernotes.caption_files import CaptionPairs
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.profiles import Metric, Profile
from linernotes.metrics.score import RESAMPLES, Score, derange, middle_95, resampled
from linernotes.metrics.score_sheet import Resources, ScoreSheet, side_by_side

SEED = 0
LEAST_FLOOR = 5e-5
"""Less prints as 0.0000; it is pycocoevalcap's stand-in for no match at all, and a ratio to it says nothing."""

FEW_CLIPS = 30
"""Below this many the bootstrap's intervals are too narrow."""

Values = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """A metric's value and what to hold it against; None is what it has none of."""

    metric: Metric
    value: float
    ci95: tuple[float, float] | None = None
    shuffled: float | None = None

    @property
    def ratio(self) -> float | None:
        """Value over shuffled floor; None where there is none to speak of."""
        if self.shuffled is None or not self.shuffled >= LEAST_FLOOR:
            return None
        return self.value / self.shuffled


@dataclass(frozen=True, slots=True)
class NotComputed:
    """A metric of the profile that could not be taken, and why."""

    metric: Metric
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class ClipValues:
    """A metric of every clip (clips,), as predicted and with the captions shuffled; NaN: nothing to score."""

    predicted: Values
    shuffled: Values | None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What an evaluation found."""

    profile: Profile
    pairs: CaptionPairs
    resources: Resources
    results: tuple[Result, ...]
    not_computed: tuple[NotComputed, ...]
    per_clip: Mapping[str, ClipValues]
    versions: Mapping[str, str]
    resamples: int = RESAMPLES
    seed: int = SEED

    @property
    def n(self) -> int:
        """Clips scored."""
        return len(self.pairs.candidates)

    @property
    def references_each(self) -> tuple[int, int]:
        """Fewest and most references of a clip."""
        counts = [len(texts) for texts in self.pairs.references.values()]
        return min(counts), max(counts)


def evaluate(
    pairs: CaptionPairs,
    profile: Profile,
    *,
    metrics: Sequence[str] = (),
    resources: Resources | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    begun: Progress = lambda _: None,
) -> Report:
    """Score predictions under `profile`.

    Args:
        pairs: predictions and references of the same clips.
        profile: whose implementations count.
        metrics: keys of the metrics wanted; all of the profile where empty.
        resources: models and files that some metrics need.
        resamples: of the bootstrap.
        seed: of the bootstrap and of the shuffled floor.
        begun: told the label of every metric before it is taken, twice where it has a floor.

    Raises:
        ValueError: there are no clips, or the profile has no such metric.
    """
    if not pairs.candidates:
        raise ValueError("there are no captions to score")
    resources = resources or Resources()
    wanted = [profile.metric(key) for key in dict.fromkeys(metrics)] if metrics else list(profile.metrics)
    sheet, shuffled = _sheets(pairs, resources, seed)
    taken: list[tuple[Metric, Score | float, Score | float | None]] = []
    missing: list[NotComputed] = []
    for metric in wanted:
        try:
            taken.append((metric, *_take(metric, sheet, shuffled, begun)))
        except MissingMetricError as error:
            missing.append(NotComputed(metric, str(error)))
    return Report(
        profile,
        pairs,
        resources,
        _results(taken, tuple(pairs.candidates), resamples, seed),
        tuple(missing),
        _per_clip(taken, tuple(pairs.candidates)),
        versions([metric for metric, _, _ in taken]),
        resamples,
        seed,
    )


def _sheets(pairs: CaptionPairs, resources: Resources, seed: int) -> tuple[ScoreSheet, ScoreSheet | None]:
    """As predicted, and shuffled; one clip has no other to be handed to, and so no floor."""
    if len(pairs.candidates) < 2:
        return ScoreSheet(pairs.candidates, pairs.references, resources), None
    captions = [pairs.candidates, derange(pairs.candidates, seed=seed)]
    sheet, shuffled = side_by_side(captions, pairs.references, resources)
    return sheet, shuffled


def _take(
    metric: Metric, sheet: ScoreSheet, shuffled: ScoreSheet | None, begun: Progress
) -> tuple[Score | float, Score | float | None]:
    begun(metric.label)
    found = metric.of(sheet)
    if shuffled is None or not metric.reads_references:
        return found, None
    begun(f"{metric.label}, shuffled")
    return found, metric.of(shuffled)


def _results(
    taken: Sequence[tuple[Metric, Score | float, Score | float | None]],
    clip_ids: tuple[str, ...],
    resamples: int,
    seed: int,
) -> tuple[Result, ...]:
    scores = [score.ordered(clip_ids) for _, score, _ in taken if isinstance(score, Score)]
    drawn = iter(resampled(scores, resamples=resamples, seed=seed) if scores else [])
    return tuple(
        Result(
            metric,
            _corpus(found),
            middle_95(next(drawn)) if isinstance(found, Score) else None,
            None if floor is None else _corpus(floor),
        )
        for metric, found, floor in taken
    )


def _corpus(score: Score | float) -> float:
    return score.corpus if isinstance(score, Score) else score


def _per_clip(
    taken: Sequence[tuple[Metric, Score | float, Score | float | None]], clip_ids: tuple[str, ...]
) -> dict[str, ClipValues]:
    return {
        metric.key: ClipValues(
            _clip_values(found, clip_ids), _clip_values(floor, clip_ids) if isinstance(floor, Score) else None
        )
        for metric, found, floor in taken
        if isinstance(found, Score)
    }


def _clip_values(score: Score, clip_ids: tuple[str, ...]) -> Values:
    score = score.ordered(clip_ids)
    return score.combine(score.statistics)


def versions(metrics: Sequence[Metric]) -> dict[str, str]:
    """Version of linernotes, of Python and of every package that the metrics were computed with."""
    packages = dict.fromkeys(("numpy", *(name for metric in metrics for name in metric.packages)))
    found = {"linernotes": __version__, "python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def worst_clips(report: Report, count: int) -> tuple[str, tuple[str, ...]]:
    """The metric that ranks (METEOR, else ROUGE-L, else the first with a value per clip), and the lowest clips.

    Clips in which it has nothing to score are left out.

    Raises:
        ValueError: no metric of the report has values per clip.
    """
    ranked = [key for key in ("meteor", "rougeL", *report.per_clip) if key in report.per_clip]
    if not ranked:
        raise ValueError("no metric of this report has values per clip, so none is the worst")
    values = report.per_clip[ranked[0]].predicted
    clip_ids = tuple(report.pairs.candidates)
    lowest = np.argsort(values, kind="stable")[: min(count, int(np.isfinite(values).sum()))]
    return ranked[0], tuple(clip_ids[number] for number in lowest)
