"""What a build did: every stage with who did it and what it left out, splits in the layout of S2Cap's Table 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    if report.whole:
        lines += ["", *_table_2(report), "", *_balance(report)]
    return "\n".join(lines) + "\n"


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
