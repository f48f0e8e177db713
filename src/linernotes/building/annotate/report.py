"""What a run has annotated, counted: classes, facts and their confidence by source, coverage, failures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from linernotes.building.annotate import Bounds
from linernotes.building.annotate.against_truth import TruthReport, truth_lines
from linernotes.building.annotate.class_labels import ClassLabels, known, present
from linernotes.clip import Fact
from linernotes.datasets.feature_classes import CLASSES

BINS = 1000
"""Steps in which confidences are counted, so that memory does not grow with the clips."""


@dataclass(frozen=True, slots=True)
class Confidences:
    """Facts of one name from one source, on how many clips, and quartiles of their confidence."""

    name: str
    source: str
    facts: int
    clips: int
    lower: float
    median: float
    upper: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A clip that is in no output, or of which an extractor said nothing."""

    clip_id: str
    audio_path: str
    reason: str
    left_out: bool


@dataclass(frozen=True, slots=True)
class ClassCount:
    """In how many clips a class is present and absent; in all others it is unknown."""

    present: int
    absent: int


@dataclass(frozen=True, slots=True)
class Report:
    """A run over `clips` clips, of which `annotated` are in the outputs."""

    source: str
    extractors: tuple[str, ...]
    bounds: Bounds
    clips: int
    annotated: int
    heard_now: int
    hearing_s: float
    """How long that took, by the clock."""
    seconds_per_clip: float
    """CPU time of the extractors' work, decoding not counted, on the clips that were heard in any run."""
    classes: Mapping[str, Mapping[str, ClassCount]]
    coverage: Mapping[str, float]
    """Share of the annotated clips of which at least one class of a head is known."""
    facts: tuple[Confidences, ...]
    unmapped: Mapping[str, int]
    failures: tuple[Failure, ...]
    warnings: Mapping[str, tuple[str, ...]]
    facts_left_out: int = 0
    unmatched_predictions: int = 0
    truth: TruthReport | None = None

    @property
    def failed(self) -> int:
        """Clips that are in no output."""
        return sum(failure.left_out for failure in self.failures)


@dataclass(slots=True)
class _Spread:
    facts: int = 0
    clips: int = 0
    bins: np.ndarray[tuple[int], np.dtype[np.int64]] = field(
        default_factory=lambda: np.zeros(BINS + 1, np.int64)
    )

    def quantile(self, share: float) -> float:
        reached = int(np.searchsorted(np.cumsum(self.bins), share * self.facts))
        return min(reached, BINS) / BINS


@dataclass(slots=True)
class Tally:
    """Counts as the clips come."""

    bounds: Bounds
    annotated: int = 0
    seconds: float = 0.0
    heard: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _covered: Counter[str] = field(default_factory=Counter)
    _spreads: defaultdict[tuple[str, str], _Spread] = field(default_factory=lambda: defaultdict(_Spread))
    _counts: dict[str, np.ndarray[tuple[int, int], np.dtype[np.int64]]] = field(
        default_factory=lambda: {
            head: np.zeros((2, len(classes)), np.int64) for head, classes in CLASSES.items()
        }
    )

    def add(self, facts: Sequence[Fact], labels: ClassLabels) -> None:
        """A clip that goes into the outputs, with its claims."""
        self.annotated += 1
        self.unmapped.update(labels.unmapped)
        for head, chances in labels.chances.items():
            there, is_known = present(chances, self.bounds), known(chances, self.bounds)
            self._counts[head] += np.array((there, is_known & ~there), np.int64)
            self._covered[head] += bool(is_known.any())
        for fact in facts:
            spread = self._spreads[fact.name, fact.source]
            spread.facts += 1
            spread.bins[round(fact.confidence * BINS)] += 1
        for place in {(fact.name, fact.source) for fact in facts}:
            self._spreads[place].clips += 1

    def classes(self) -> dict[str, dict[str, ClassCount]]:
        """Counts by head and class."""
        return {
            head: {
                name: ClassCount(int(counts[0, column]), int(counts[1, column]))
                for column, name in enumerate(CLASSES[head])
            }
            for head, counts in self._counts.items()
        }

    def coverage(self) -> dict[str, float]:
        """Share of clips by head."""
        return {head: self._covered[head] / max(1, self.annotated) for head in CLASSES}

    def confidences(self) -> tuple[Confidences, ...]:
        """By fact name and source."""
        return tuple(
            Confidences(
                name,
                source,
                spread.facts,
                spread.clips,
                spread.quantile(0.25),
                spread.quantile(0.5),
                spread.quantile(0.75),
            )
            for (name, source), spread in sorted(self._spreads.items())
        )


def report_to_markdown(report: Report) -> str:
    """The report for people."""
    lines = [f"# Feature labels of {report.source}", ""]
    lines += [f"- {line}" for line in summary_lines(report)]
    if report.truth is not None:
        lines += ["", "## Truth", "", *truth_lines(report.truth)]
    lines += ["", "## Facts", "", *facts_lines(report)]
    lines += ["", "## Classes", "", *classes_lines(report)]
    if report.unmapped:
        lines += ["", "## Claims that are no class", "", "| fact | clips |", "|---|---|"]
        lines += [f"| {_cell(name)} | {count:,} |" for name, count in report.unmapped.items()]
    if report.failures:
        lines += ["", "## Failures", "", "| clip | file | in the outputs | reason |", "|---|---|---|---|"]
        lines += [
            f"| {_cell(each.clip_id)} | {_cell(each.audio_path)} | {'no' if each.left_out else 'yes'} "
            f"| {_cell(each.reason)} |"
            for each in report.failures
        ]
    if report.warnings:
        lines += ["", "## Warnings", ""]
        lines += [
            f"- {_cell(clip_id)}: {_cell('; '.join(told))}" for clip_id, told in report.warnings.items()
        ]
    return "\n".join(lines) + "\n"


def summary_lines(report: Report) -> list[str]:
    """The counts in words."""
    bounds = report.bounds
    found = [
        f"clips: {report.annotated:,} of {report.clips:,} annotated, {report.failed:,} failed; "
        f"{report.heard_now:,} heard in this run{_pace(report)}",
        f"extractors: {', '.join(report.extractors) or 'none'}; "
        f"{report.seconds_per_clip:.2f} s of CPU time a clip, decoding not counted",
        f"a class is present from {bounds.present:g}, absent up to {bounds.absent:g}, unknown between",
        "clips of which something is known: "
        + ", ".join(f"{head} {share:.1%}" for head, share in report.coverage.items()),
        f"claims that are no class: {sum(report.unmapped.values()):,}, of {len(report.unmapped):,} values",
    ]
    if report.facts_left_out:
        found.append(
            f"facts that the manifest had and the outputs have not: {report.facts_left_out:,} (--truth keeps them)"
        )
    if report.unmatched_predictions:
        found.append(f"predictions for clips that the manifest has not: {report.unmatched_predictions:,}")
    return found


def _pace(report: Report) -> str:
    if not report.heard_now or not report.hearing_s:
        return ""
    return f" in {report.hearing_s:,.0f} s ({report.heard_now / report.hearing_s:.2f} a second)"


def facts_lines(report: Report) -> list[str]:
    """A table of facts by name and source."""
    lines = [
        "| fact | source | facts | clips | confidence: lower quartile, median, upper |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {_cell(each.name)} | {_cell(each.source)} | {each.facts:,} | {each.clips:,} "
        f"| {each.lower:.2f}, {each.median:.2f}, {each.upper:.2f} |"
        for each in report.facts
    ]
    return lines


def classes_lines(report: Report) -> list[str]:
    """A table of the classes of which anything is known, most frequent first in each head."""
    lines = ["| head | class | present | absent | unknown |", "|---|---|---|---|---|"]
    for head, counts in report.classes.items():
        for name, count in sorted(counts.items(), key=lambda item: -item[1].present):
            if count.present or count.absent:
                unknown = report.annotated - count.present - count.absent
                lines.append(f"| {head} | {name} | {count.present:,} | {count.absent:,} | {unknown:,} |")
    return lines


def _cell(text: str) -> str:
    """Text that can't break a table, or its page."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
