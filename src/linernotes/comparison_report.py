"""A comparison of two systems as JSON and Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from linernotes.comparison import LEVEL, ComparedMetric, Comparison, verdict
from linernotes.evaluation import FEW_CLIPS
from linernotes.evaluation_report import FEW, number, plural


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Differences are first minus second system, in the metrics' own scales."""
    return {
        "profile": comparison.profile.name,
        "systems": list(comparison.names),
        "n": comparison.n,
        "empty_predictions": list(comparison.empty),
        "left_out": comparison.left_out,
        "metrics": {item.metric.key: _metric_json(item) for item in comparison.metrics},
        "not_computed": {missing.metric.key: missing.reason for missing in comparison.not_computed},
        "bootstrap": {"resamples": comparison.resamples, "seed": comparison.seed},
        "level": LEVEL,
        "correction": "Holm",
        "verdict": verdict(comparison),
        "versions": dict(comparison.versions),
    }


def _metric_json(item: ComparedMetric) -> dict[str, Any]:
    found = item.difference
    return {
        "label": item.metric.label,
        "values": [item.first, item.second],
        "difference": item.first - item.second,
        "ci95": [found.low, found.high] if found and math.isfinite(found.low) else None,
        "p": found.p_value if found else None,
        "p_holm": item.holm_p,
        "real": item.is_real if found else None,
    }


def comparison_markdown(comparison: Comparison) -> str:
    """The comparison for a reader: the verdict first."""
    first, second = comparison.names
    tested = sum(item.difference is not None for item in comparison.metrics)
    heads = ["metric", first, second, "difference", "95 % interval", "p, Holm", "real"]
    lines = [
        f"# {first} and {second}, profile `{comparison.profile.name}`",
        "",
        verdict(comparison),
        "",
        f"{comparison.profile.about}. n = {plural(comparison.n, 'clip')}; empty predictions: "
        f"{comparison.empty[0]} and {comparison.empty[1]}; ids left out: {comparison.left_out}. Paired bootstrap "
        f"over clips, {comparison.resamples} resamples, seed {comparison.seed}; p-values with Holm's correction "
        f"over {plural(tested, 'metric')}, real: below {LEVEL:g}.{f' {FEW}' if comparison.n < FEW_CLIPS else ''}",
    ]
    if comparison.metrics:
        lines += ["", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        lines += [f"| {' | '.join(_cells(item, comparison))} |" for item in comparison.metrics]
    if comparison.not_computed:
        lines += ["", "Not computed:", ""]
        lines += [f"- {missing.metric.label}: {missing.reason}" for missing in comparison.not_computed]
    return "\n".join(lines) + "\n"


def _cells(item: ComparedMetric, comparison: Comparison) -> list[str]:
    found = item.difference
    cells = [
        item.metric.title(comparison.resources),
        number(item.first),
        number(item.second),
        number(item.first - item.second),
    ]
    if found is None or item.holm_p is None:
        return [*cells, "", "", "not tested"]
    interval = f"{number(found.low)} to {number(found.high)}"
    return [*cells, interval, f"{item.holm_p:.4f}", "yes" if item.is_real else "no"]


def reports_markdown(reports: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Reports of one profile side by side: values with their intervals; no test, for which captions are needed."""
    names = [name for name, _ in reports]
    keys = dict.fromkeys(key for _, report in reports for key in report["metrics"])
    lines = [
        f"Profile `{reports[0][1]['profile']}`, n = {reports[0][1]['n']}. Values with their 95 % intervals. Which "
        "differences are real needs the captions: `linernotes compare A.jsonl B.jsonl REFERENCES`.",
        "",
        f"| metric | {' | '.join(names)} |",
        "|" + "---|" * (len(names) + 1),
    ]
    for key in keys:
        found = [report["metrics"].get(key) for _, report in reports]
        label = next(item.get("label", key) for item in found if item)
        lines.append(f"| {' | '.join([label, *map(_report_cell, found)])} |")
    return "\n".join(lines) + "\n"


def _report_cell(item: Mapping[str, Any] | None) -> str:
    if not item or item.get("value") is None:
        return ""
    ends = item.get("ci95")
    return number(item["value"]) + (f" [{number(ends[0])}, {number(ends[1])}]" if ends else "")
