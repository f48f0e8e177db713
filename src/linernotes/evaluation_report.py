"""An evaluation as JSON, Markdown and a csv of clips."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any

from linernotes.caption_files import CaptionPairs
from linernotes.evaluation import FEW_CLIPS, Report, Result, worst_clips
from linernotes.metrics.score_sheet import Resources

SHOWN_REFERENCES = 3
FEW = f"With fewer than {FEW_CLIPS} clips the intervals are too narrow."


def report_json(report: Report) -> dict[str, Any]:
    """Values in the metrics' own scales (0..1, CIDEr-D 0..10); null is what a metric has none of."""
    fewest, most = report.references_each
    return {
        "profile": report.profile.name,
        "about": report.profile.about,
        "comparable_with_other_profiles": report.profile.comparable,
        "n": report.n,
        "data": data_hashes(report.pairs),
        "references_per_clip": [fewest, most],
        "empty_predictions": len(report.pairs.empty),
        "only_in_predictions": len(report.pairs.only_predicted),
        "only_in_references": len(report.pairs.only_referenced),
        "metrics": {result.metric.key: _result_json(result, report.resources) for result in report.results},
        "not_computed": {missing.metric.key: missing.reason for missing in report.not_computed},
        "resources": resources_json(report),
        "bootstrap": {"resamples": report.resamples, "seed": report.seed},
        "versions": dict(report.versions),
    }


def data_hashes(pairs: CaptionPairs) -> dict[str, str]:
    """SHA-256 of the ids and of the references, whatever their order: equal for reports on the same data."""
    told = {clip_id: sorted(texts) for clip_id, texts in pairs.references.items()}
    return {"ids_sha256": _sha256(sorted(told)), "references_sha256": _sha256(told)}


def _sha256(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def resources_json(report: Report) -> dict[str, str | int]:
    """The models and files that took part, by option; a model that no metric of the report reads did not."""
    given = report.resources
    used = {name for result in report.results for name in result.metric.models}
    named: dict[str, str | int | None] = {
        "bert_model": _name(given.bert_model),
        "bert_layer": given.bert_layer,
        "sentence_model": _name(given.sentence_model),
        "fluency_model": _name(given.fluency_model),
        "document_frequencies": given.document_frequencies.name if given.document_frequencies else None,
        "train_captions": None if given.train_captions is None else len(given.train_captions),
    }
    idle = {"bert_model", "bert_layer", "sentence_model", "fluency_model"} - used
    return {name: value for name, value in named.items() if value is not None and name not in idle}


def _name(model: str | None) -> str | None:
    """A model of the hub as it was named, a folder by its own name: where it lies is nobody's business."""
    return Path(model).expanduser().resolve().name if model and Path(model).expanduser().is_dir() else model


def _result_json(result: Result, resources: Resources) -> dict[str, Any]:
    return {
        "value": _finite(result.value),
        "ci95": [_finite(end) for end in result.ci95] if result.ci95 else None,
        "shuffled": _finite(result.shuffled),
        "ratio": _finite(result.ratio),
        "label": result.metric.title(resources),
        "top": result.metric.top,
        "implementation": result.metric.made_by(resources),
        "tokenizer": result.metric.tokenizer,
        "casing": result.metric.casing,
    }


def plural(count: int, noun: str) -> str:
    """1 clip, 2 clips."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def report_markdown(report: Report, *, worst: int = 0) -> str:
    """The report for a reader, with the `worst` lowest clips."""
    parts = [
        "\n".join([f"# Scores, profile `{report.profile.name}`", "", *_about(report)]),
        *([_table(report)] if report.results else []),
    ]
    if report.not_computed:
        reasons = dict.fromkeys(missing.reason for missing in report.not_computed)
        lines = [f"- {_labels(report, reason)}: {reason}" for reason in reasons]
        parts.append("\n".join(["## Not computed", "", *lines]))
    if worst and report.per_clip:
        parts.append(_worst(report, worst))
    return "\n\n".join(parts) + "\n"


def _labels(report: Report, reason: str) -> str:
    return ", ".join(missing.metric.label for missing in report.not_computed if missing.reason == reason)


def _about(report: Report) -> list[str]:
    fewest, most = report.references_each
    references = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    lines = [
        f"{report.profile.about}. n = {plural(report.n, 'clip')} with {references} "
        f"reference{'s' if most > 1 else ''} each."
    ]
    if report.pairs.empty:
        lines.append(f"Empty predictions, scored as they are: {len(report.pairs.empty)}.")
    if report.n < FEW_CLIPS:
        lines.append(FEW)
    if report.pairs.only_predicted or report.pairs.only_referenced:
        lines.append(
            f"Left out: {plural(len(report.pairs.only_predicted), 'id')} without references, "
            f"{plural(len(report.pairs.only_referenced), 'id')} without a prediction."
        )
    resources = [f"{name.replace('_', ' ')}: {value}" for name, value in resources_json(report).items()]
    if resources:
        lines.append(f"With {'; '.join(resources)}.")
    lines.append(
        f"Intervals: bootstrap over clips, {report.resamples} resamples, 95 %. Shuffled floor: the same captions "
        f"handed to other clips, seed {report.seed}. Versions: "
        f"{', '.join(f'{name} {number}' for name, number in report.versions.items())}."
    )
    return lines


def _table(report: Report) -> str:
    heads = [
        "metric",
        "value",
        "95 % interval",
        "shuffled floor",
        "ratio",
        "implementation",
        "tokens",
        "case",
    ]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for result in report.results:
        metric = result.metric
        interval = f"{number(result.ci95[0])} to {number(result.ci95[1])}" if result.ci95 else ""
        ratio = "" if result.ratio is None else f"{result.ratio:.2f}" if result.ratio < 1000 else "> 1000"
        cells = [
            metric.title(report.resources),
            number(result.value),
            interval,
            number(result.shuffled),
            ratio,
        ]
        lines.append(
            f"| {' | '.join([*cells, metric.made_by(report.resources), metric.tokenizer, metric.casing])} |"
        )
    return "\n".join(lines)


def number(value: float | None) -> str:
    """A score with four decimals, a count with at most one."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.4f}" if abs(value) < 20 else f"{value:,.1f}".removesuffix(".0")


def _worst(report: Report, count: int) -> str:
    key, clip_ids = worst_clips(report, count)
    label = next(result.metric.label for result in report.results if result.metric.key == key)
    rows = {clip_id: row for row, clip_id in enumerate(report.pairs.candidates)}
    lines = [
        f"## The {len(clip_ids)} lowest clips by {label}"
        if len(clip_ids) > 1
        else f"## The lowest clip by {label}"
    ]
    for clip_id in clip_ids:
        references = report.pairs.references[clip_id]
        lines += [
            "",
            f"- {_plain(clip_id)}: {number(float(report.per_clip[key].predicted[rows[clip_id]]))}",
            f"  - predicted: {_plain(report.pairs.candidates[clip_id]) or '(nothing)'}",
            *(f"  - reference: {_plain(text)}" for text in references[:SHOWN_REFERENCES]),
        ]
        if len(references) > SHOWN_REFERENCES:
            lines.append(f"  - and {len(references) - SHOWN_REFERENCES} more references")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """One line that Markdown takes for text."""
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "\\|")


def per_clip_csv(report: Report) -> str:
    """id, caption and every metric's value, one line a clip; blank where there is nothing to score."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    keys = list(report.per_clip)
    writer.writerow(["id", "caption", *keys])
    columns = [report.per_clip[key].predicted.tolist() for key in keys]
    for row, (clip_id, caption) in enumerate(report.pairs.candidates.items()):
        values = (column[row] for column in columns)
        writer.writerow(
            [clip_id, caption, *(f"{value:.6g}" if math.isfinite(value) else "" for value in values)]
        )
    return file.getvalue()
