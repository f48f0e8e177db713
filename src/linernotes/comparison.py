"""Two systems on the same clips under one profile: which differences are real.

A difference is called real where the paired bootstrap's p-value, after Holm's correction over all metrics compared
(Holm, 1979), is below 0.05.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linernotes.caption_files import CaptionPairs
from linernotes.evaluation import SEED, NotComputed, versions
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.profiles import PROFILES, Metric, Profile
from linernotes.metrics.score import Difference, Score, paired_differences
from linernotes.metrics.score_sheet import Resources, side_by_side

RESAMPLES = 2000
"""More than an interval needs: p-values end at 2 / (resamples + 1), and Holm multiplies them by the metrics."""

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """One metric of both systems; `difference` is first minus second, None where clips have no values."""

    metric: Metric
    first: float
    second: float
    difference: Difference | None
    holm_p: float | None

    @property
    def is_real(self) -> bool:
        return self.holm_p is not None and self.holm_p < LEVEL

    @property
    def better(self) -> str:
        """`first`, `second`, or `neither` where the difference is not real or more is not better."""
        if not self.is_real or self.difference is None:
            return "neither"
        ahead = (self.difference.value > 0) == self.metric.higher_is_better
        return "first" if ahead else "second"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found."""

    profile: Profile
    names: tuple[str, str]
    n: int
    empty: tuple[int, int]
    left_out: int
    metrics: tuple[ComparedMetric, ...]
    not_computed: tuple[NotComputed, ...]
    resources: Resources
    versions: Mapping[str, str]
    resamples: int
    seed: int


def compare(
    first: CaptionPairs,
    second: CaptionPairs,
    profile: Profile,
    *,
    names: tuple[str, str] = ("A", "B"),
    metrics: Sequence[str] = (),
    resources: Resources | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    begun: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Compare two systems' predictions for the same clips.

    Raises:
        ValueError: the clips or references are not the same, or the profile has no such metric.
    """
    if set(first.candidates) != set(second.candidates) or first.references != second.references:
        raise ValueError("both systems must be compared on the same clips and references")
    resources = resources or Resources()
    wanted = [profile.metric(key) for key in dict.fromkeys(metrics)] if metrics else list(profile.metrics)
    sheets = side_by_side([first.candidates, second.candidates], first.references, resources)
    taken: list[tuple[Metric, list[Score | float]]] = []
    missing: list[NotComputed] = []
    for metric in wanted:
        try:
            values: list[Score | float] = []
            for name, sheet in zip(names, sheets, strict=True):
                begun(f"{metric.label} of {name}")
                values.append(metric.of(sheet))
            taken.append((metric, values))
        except MissingMetricError as error:
            missing.append(NotComputed(metric, str(error)))
    return Comparison(
        profile,
        names,
        len(first.candidates),
        (len(first.empty), len(second.empty)),
        len({*first.only_predicted, *first.only_referenced, *second.only_predicted, *second.only_referenced}),
        _compared(taken, resamples, seed),
        tuple(missing),
        resources,
        versions([metric for metric, _ in taken]),
        resamples,
        seed,
    )


def on_common_clips(first: CaptionPairs, second: CaptionPairs) -> tuple[CaptionPairs, CaptionPairs]:
    """Both systems on the clips that both have; what one lacks counts as left out.

    Raises:
        ValueError: no clip is in both.
    """
    common = [clip_id for clip_id in first.candidates if clip_id in second.candidates]
    if not common:
        raise ValueError("the two systems have no clip in common")
    return _restricted(first, common), _restricted(second, common)


def _restricted(pairs: CaptionPairs, clip_ids: Sequence[str]) -> CaptionPairs:
    kept = set(clip_ids)
    return CaptionPairs(
        {clip_id: pairs.candidates[clip_id] for clip_id in clip_ids},
        {clip_id: pairs.references[clip_id] for clip_id in clip_ids},
        (*pairs.only_predicted, *(clip_id for clip_id in pairs.candidates if clip_id not in kept)),
        pairs.only_referenced,
    )


def _compared(
    taken: Sequence[tuple[Metric, Sequence[Score | float]]], resamples: int, seed: int
) -> tuple[ComparedMetric, ...]:
    of_clips = [
        (metric.key, one, two)
        for metric, (one, two) in taken
        if isinstance(one, Score) and isinstance(two, Score)
    ]
    found: dict[str, Difference] = {}
    if of_clips:
        firsts, seconds = [one for _, one, _ in of_clips], [two for _, _, two in of_clips]
        differences = paired_differences(firsts, seconds, resamples=resamples, seed=seed)
        found = {key: difference for (key, _, _), difference in zip(of_clips, differences, strict=True)}
    corrected = dict(zip(found, holm([found[key].p_value for key in found]), strict=True))
    return tuple(
        ComparedMetric(metric, _corpus(one), _corpus(two), found.get(metric.key), corrected.get(metric.key))
        for metric, (one, two) in taken
    )


def _corpus(score: Score | float) -> float:
    return score.corpus if isinstance(score, Score) else score


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: each p-value times the number of those not smaller, never below the last."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        corrected[place] = highest
    return corrected


def verdict(comparison: Comparison) -> str:
    """One plain sentence or two: which system is better by which metric, and what is not told apart."""
    first, second = comparison.names
    tested = [item for item in comparison.metrics if item.difference is not None]
    if not comparison.metrics:
        return "Nothing was tested: no metric could be computed."
    if not tested:
        return "Nothing was tested: no metric has values per clip."
    ahead = {
        name: [item.metric.label for item in tested if item.better == side]
        for name, side in ((first, "first"), (second, "second"))
    }
    said = [f"{name} is better by {_listed(labels)}" for name, labels in ahead.items() if labels]
    rest = [item.metric.label for item in tested if not item.is_real]
    if not said:
        return f"No difference between {first} and {second} is real: none by {_listed(rest)}."
    sentence = f"{'; '.join(said)}."
    return sentence + (f" Not told apart by {_listed(rest)}." if rest else "")


def _listed(labels: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))


def refuse_mixed(reports: Sequence[tuple[str, Any]]) -> None:
    """Raise ValueError unless the JSON reports of `evaluate`, by name, may stand side by side.

    Raises:
        ValueError: one is no such report, or profile, data or models differ; the message says why it matters.
    """
    for name, report in reports:
        if not isinstance(report, Mapping) or not {"profile", "n", "metrics"} <= set(report):
            raise ValueError(f"{name}: not a JSON report of `linernotes evaluate --json`")
    (first_name, first), *others = reports
    for name, report in others:
        if report["profile"] != first["profile"]:
            raise ValueError(_mixed(first_name, first["profile"], name, report["profile"]))
        _refuse_other_data(first_name, first, name, report)
        for field in ("n", "resources"):
            if report.get(field) != first.get(field):
                raise ValueError(
                    f"{first_name} and {name} can't stand side by side: {field} differs, {first.get(field)} and "
                    f"{report.get(field)}"
                )


def _refuse_other_data(
    first_name: str, first: Mapping[str, Any], name: str, report: Mapping[str, Any]
) -> None:
    """Refuse reports over other clips or references, however many they are."""
    for each, read in ((first_name, first), (name, report)):
        if not isinstance(read.get("data"), Mapping):
            raise ValueError(
                f"{each}: does not say which clips and references it scored, as reports of an older version; "
                "run `linernotes evaluate --json` again"
            )
    for field, what in (("ids_sha256", "clips"), ("references_sha256", "references")):
        if first["data"].get(field) != report["data"].get(field):
            raise ValueError(
                f"{first_name} (n = {first['n']}) and {name} (n = {report['n']}) can't stand side by side: "
                f"they scored other {what}, so a difference would say nothing of the systems"
            )


def _mixed(first_name: str, first: str, second_name: str, second: str) -> str:
    abouts = [
        f"{name} holds {profile} ({PROFILES[profile].about if profile in PROFILES else 'an unknown profile'})"
        for name, profile in ((first_name, first), (second_name, second))
    ]
    return (
        f"profiles are not mixed: {', '.join(abouts)}; the same captions get other numbers under each, so a "
        "difference would say nothing of the systems. Score both under one profile"
    )
