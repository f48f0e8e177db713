"""`linernotes evaluate`: predictions against references under one published profile."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.cli.outputs import check_outputs
from linernotes.cli.progress import progress_steps

if TYPE_CHECKING:
    from linernotes.caption_files import CaptionPairs
    from linernotes.evaluation import NotComputed, Report
    from linernotes.metrics.profiles import Profile
    from linernotes.metrics.score_sheet import Resources

# what reads and scores is imported where it is used, so that --help and shell completion need not wait for numpy


PROFILE_NAMES = ("lp2023", "coco", "dcase", "sonicverse2025")
WHOSE = f"Whose implementation counts: {', '.join(PROFILE_NAMES)}."
PROFILE = typer.Option(
    ..., help=WHOSE, metavar="NAME", show_default=False, autocompletion=lambda: list(PROFILE_NAMES)
)
METRICS = typer.Option(None, help="Only these, with commas: bleu4,meteor.")
TRAIN_CAPTIONS = typer.Option(None, help="Captions of the training set, for novelty; any of the formats.")
BERT_MODEL = typer.Option(
    None, help="BERTScore's model, a name or a folder; roberta-large is the published one."
)
BERT_LAYER = typer.Option(
    None, min=1, help="Which layer BERTScore compares, where it doesn't know the model."
)
SENTENCE_MODEL = typer.Option(
    None,
    help="Model of sentence similarity and retrieval, a name or a folder; dcase's is paraphrase-TinyBERT-L6-v2.",
)
FLUENCY_MODEL = typer.Option(None, help="Folder of FENSE's fluency error detector.")
FREQUENCIES = typer.Option(None, metavar="FILE", help="CIDEr-D's document frequencies, saved from a corpus.")
ALLOW_MISSING = typer.Option(False, "--allow-missing", help="Score the ids that stand on both sides.")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("evaluate")(evaluate)


def evaluate(
    predictions: Path | None = typer.Argument(None, help='JSON Lines of {"id", "caption"}, csv or Parquet.'),
    references: Path | None = typer.Argument(
        None, help='JSON Lines of {"id", "caption"} or {"id", "captions": [...]}, csv or Parquet.'
    ),
    profile: str = PROFILE,
    pairs: Path | None = typer.Option(
        None, help='Instead of the two files: a JSON list of {"prediction", "ground_truth"}.'
    ),
    metrics: str | None = METRICS,
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
    out: Path | None = typer.Option(None, help="Write the report to this Markdown file."),
    plot: Path | None = typer.Option(None, help="Draw the distributions over clips (.png or .svg)."),
    per_clip: Path | None = typer.Option(None, help="Write every clip's values to this csv file."),
    worst: int = typer.Option(5, min=0, help="How many of the lowest clips the report shows."),
    train_captions: Path | None = TRAIN_CAPTIONS,
    bert_model: str | None = BERT_MODEL,
    bert_layer: int | None = BERT_LAYER,
    sentence_model: str | None = SENTENCE_MODEL,
    fluency_model: str | None = FLUENCY_MODEL,
    document_frequencies: Path | None = FREQUENCIES,
    allow_missing: bool = ALLOW_MISSING,
) -> None:
    """Score captions, each number with its interval, its shuffled floor and the implementation it equals.

    What can't be computed here is named with the reason; the rest is scored (exit status 1 if --metrics asked
    for it). METEOR needs WordNet, or Java for the profiles coco and dcase.

    Examples:

    * `linernotes evaluate predicted.jsonl references.jsonl --profile lp2023 --out report.md`
    * `linernotes evaluate predicted.csv references.csv --profile coco --metrics bleu4,cider --json`
    * `linernotes evaluate --pairs pairs.json --profile sonicverse2025`
    """
    from linernotes.evaluation_report import per_clip_csv, plural, report_json, report_markdown
    from linernotes.export import write_atomically

    counted = chosen_profile(profile, metrics)
    if plot is not None:
        _check_plot(plot)
    check_outputs(
        {"--out": out, "--plot": plot, "--per-clip": per_clip},
        [predictions, references, pairs, train_captions, document_frequencies],
    )
    read = read_sides(predictions, references, pairs, allow_missing)
    resources = read_resources(
        train_captions, bert_model, bert_layer, sentence_model, fluency_model, document_frequencies
    )
    report = scored(read, counted, metrics, resources)
    markdown = report_markdown(report, worst=worst)
    if out is not None:
        write_atomically(out, markdown)
    if per_clip is not None:
        write_atomically(per_clip, per_clip_csv(report))
    if as_json:
        typer.echo(json.dumps(report_json(report), indent=2, ensure_ascii=False))
    elif out is None:
        typer.echo(markdown, nl=False)
    else:
        scored_metrics = plural(len(report.results), "metric")
        print(f"{plural(report.n, 'clip')} scored, {scored_metrics}: {out}", file=sys.stderr)
    asked_in_vain = report.not_computed if metrics is not None else ()
    tell_not_computed(asked_in_vain)
    if plot is not None:
        _draw(report, plot)
    if asked_in_vain:
        raise typer.Exit(1)


def tell_not_computed(missing: Sequence[NotComputed]) -> None:
    """Say on stderr why metrics that were asked for by name are not in the report, a line for every reason."""
    for reason in dict.fromkeys(each.reason for each in missing):
        labels = ", ".join(each.metric.label for each in missing if each.reason == reason)
        print(f"linernotes: error: not computed: {labels}: {reason}", file=sys.stderr)


def chosen_profile(name: str, metrics: str | None) -> Profile:
    """The profile, once every metric asked for is known to be one of its.

    Raises:
        ValueError: there is no such profile or metric, or the list of metrics is empty.
    """
    from linernotes.metrics.profiles import load_profile

    found = load_profile(name)
    if metrics is not None and not keys_of(metrics):
        raise ValueError(f"--metrics {metrics!r} names no metric; without it all of the profile are computed")
    for key in keys_of(metrics):
        found.metric(key)
    return found


def keys_of(metrics: str | None) -> list[str]:
    """`bleu4, meteor` -> its keys."""
    return [key.strip() for key in (metrics or "").split(",") if key.strip()]


def read_sides(
    predictions: Path | None, references: Path | None, pairs: Path | None, allow_missing: bool
) -> CaptionPairs:
    """Predictions and references from two files, or from one of pairs."""
    from linernotes import caption_files

    if pairs is not None:
        if predictions is not None:
            raise typer.BadParameter("give either --pairs or PREDICTIONS and REFERENCES")
        return caption_files.read_pairs(pairs)
    if predictions is None or references is None:
        raise typer.BadParameter("give PREDICTIONS and REFERENCES, or --pairs")
    return caption_files.pair_captions(
        caption_files.read_predictions(predictions),
        caption_files.read_references(references),
        allow_missing=allow_missing,
        names=(str(predictions), str(references)),
    )


def read_resources(
    train_captions: Path | None,
    bert_model: str | None,
    bert_layer: int | None,
    sentence_model: str | None,
    fluency_model: str | None,
    document_frequencies: Path | None,
) -> Resources:
    """What some metrics need beside the captions; files are read, or missed, at once."""
    from linernotes.caption_files import read_train_captions
    from linernotes.metrics.cider import load_document_frequencies
    from linernotes.metrics.score_sheet import Resources

    if document_frequencies is not None:
        load_document_frequencies(document_frequencies)
    captions = None if train_captions is None else tuple(read_train_captions(train_captions))
    return Resources(captions, bert_model, bert_layer, sentence_model, fluency_model, document_frequencies)


def scored(pairs: CaptionPairs, profile: Profile, metrics: str | None, resources: Resources) -> Report:
    """Evaluate under a progress bar that names the metric at work."""
    from linernotes import evaluation

    keys = keys_of(metrics)
    steps = 2 * (len(keys) or len(profile.metrics))
    with progress_steps(steps) as begun:
        return evaluation.evaluate(pairs, profile, metrics=keys, resources=resources, begun=begun)


def _check_plot(path: Path) -> None:
    """Refuse a picture that can't be drawn before anything is scored."""
    from linernotes.plot import SUFFIXES
    from linernotes.registry import need_extra

    if path.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(f"a picture can be {' or '.join(SUFFIXES)}")
    need_extra("matplotlib", "plot")


def _draw(report: Report, path: Path) -> None:
    """The distributions over clips, once the report is out: it may have none to draw."""
    from linernotes.plot.score_distributions import plot_distributions

    plot_distributions(report, path)
