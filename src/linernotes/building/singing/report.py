"""What a build did: every stage with who did it and what it left out, splits in the layout of S2Cap's Table 2."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from linernotes.building.singing.stages import STAGES

SPLIT_NAMES = {"train": "Train", "validation": "Dev", "test": "Test"}
"""As the paper's table has them."""


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage: `fresh` of its `items` were worked on now, the others before; excluded ones by reason."""

    name: str
    made_by: str
    items: int
    fresh: int
    made: int
    excluded: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The stages that ran and, where the last one did, the finished set."""

    source: str
    stages: tuple[StageReport, ...]
    thresholds: Mapping[str, Any]
    splits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    largest_deviation: float | None = None
    deviates: str = ""
    artists: int = 0
    artists_in_several_splits: int = 0
    clips_without_artist: int = 0
    values: Mapping[str, int] = field(default_factory=dict)
    outdated: tuple[str, ...] = ()
    """Stages made from an earlier output of a stage before them, which has another since."""

    def after(self, before: BuildReport | None, ran: Sequence[str], changed: Sequence[str]) -> BuildReport:
        """The report with what an earlier run told of the stages that did not run now."""
        if before is None:
            return self
        kept = {one.name: one for one in (*before.stages, *self.stages)}
        merged = replace(
            self,
            stages=tuple(kept[name] for name in STAGES if name in kept),
            outdated=_outdated(before.outdated, ran, changed, {*kept, *(["split"] if before.whole else [])}),
            thresholds=self.thresholds if "prompt" in ran else before.thresholds,
        )
        if "split" in ran:
            return merged
        return replace(merged, **{name: getattr(before, name) for name in OF_THE_SET})


OF_THE_SET = (
    "splits", "whole", "largest_deviation", "deviates", "artists", "artists_in_several_splits",
    "clips_without_artist", "values",
)  # fmt: skip
"""What the last stage tells."""


def _outdated(
    before: Sequence[str], ran: Sequence[str], changed: Sequence[str], there: Collection[str]
) -> tuple[str, ...]:
    found: list[str] = []
    for place, name in enumerate(STAGES):
        is_left = name not in ran and (name in before or any(one in changed for one in STAGES[:place]))
        if name in there and (found or is_left):
            found.append(name)
    return tuple(found)


def read_report(path: Path) -> BuildReport | None:
    """The report of an earlier run; None where there is none that can be read."""
    try:
        told = json.loads(path.read_text("utf-8"))
        stages = tuple(StageReport(**one) for one in told.pop("stages"))
        return BuildReport(stages=stages, outdated=tuple(told.pop("outdated", ())), **told)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def report_to_markdown(report: BuildReport) -> str:
    """The report for people."""
    lines = [
        f"# Singing style captions from {report.source}",
        "",
        "| stage | made by | in | out | excluded |",
    ]
    lines.append("|---|---|---|---|---|")
    for stage in report.stages:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in stage.excluded.items()) or "none"
        lines.append(f"| {stage.name} | {stage.made_by} | {stage.items} | {stage.made} | {reasons} |")
    if report.outdated:
        lines += ["", f"Made before the stages above changed, run them again: {', '.join(report.outdated)}."]
    if report.whole:
        lines += ["", *(_table_2(report) if report.whole["captions"] else _nothing(report)), ""]
        lines += _balance(report) if report.whole["captions"] else []
    return "\n".join(lines) + "\n"


def _nothing(report: BuildReport) -> list[str]:
    unknown = any(reason.startswith("unknown: ") for stage in report.stages for reason in stage.excluded)
    way = (
        " `--allow-partial` keeps segments of which an attribute is unknown, `--guess-mood` guesses moods, "
        "and `--audio-llm` asks a model."
    )
    return [f"No segment was left to caption.{way if unknown else ''}"]


def _table_2(report: BuildReport) -> list[str]:
    rows = {SPLIT_NAMES[name]: report.splits[name] for name in SPLIT_NAMES if name in report.splits}
    rows["Total"] = report.whole
    head = "| Splits | # Tracks | # Captions | # Words/Caption | # Total tokens | # Duration (h) |"
    return [
        head,
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {row['tracks']:,} | {row['captions']:,} | {row['words_per_caption']:.2f} | "
            f"{row['tokens']:,} | {row['hours']:.2f} |"
            for name, row in rows.items()
        ),
    ]


def _balance(report: BuildReport) -> list[str]:
    deviation = f"{report.largest_deviation:.1%}" if report.largest_deviation is not None else "-"
    lines = [
        f"Largest deviation of an attribute's share from 70/10/20: {deviation} ({report.deviates}); "
        "values of fewer than 20 segments are not counted.",
        f"Artists: {report.artists}, in more than one split: {report.artists_in_several_splits}; segments without "
        f"an artist, kept with their track: {report.clips_without_artist}.",
        "",
        "| attribute and value | segments |",
        "|---|---|",
    ]
    return lines + [f"| {value} | {count} |" for value, count in report.values.items()]
