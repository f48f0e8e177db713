"""`linernotes annotate`: feature labels for a whole data set."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.cli.outputs import check_outputs
from linernotes.cli.progress import progress_bar
from linernotes.notes_json import printable

if TYPE_CHECKING:
    from linernotes.building.annotate.extractors import Asked
    from linernotes.building.annotate.hearing import Group
    from linernotes.building.annotate.making import Heard
    from linernotes.building.annotate.report import Report

SHOWN_FAILURES = 5
NO_EXTRACTOR = "none"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("annotate")(annotate)


def annotate(
    source: str = typer.Argument(..., help="A manifest (.jsonl, .parquet, .csv), or the name of a data set."),
    root: Path | None = typer.Argument(None, help="The folder of the data set, when its name is given."),
    out: Path = typer.Option(..., help="Folder for manifest, labels and report; a killed run goes on here."),
    extractor: list[str] = typer.Option(
        ["shipped"], help="Who listens: shipped, package.module:name, or none; several times, the best first."
    ),
    predictions: list[Path] = typer.Option(
        [], help="What another program said, by clip_id (.jsonl, .csv); comes before any extractor."
    ),
    truth: bool = typer.Option(
        False, "--truth", help="The manifest's facts and tags are exact and complete: they come first."
    ),
    against_truth: bool = typer.Option(
        False, "--against-truth", help="Report how right the labels are by the manifest's facts and tags."
    ),
    split: str = typer.Option("all", help="Only this split."),
    limit: int | None = typer.Option(None, min=1, help="Only so many clips."),
    present: float = typer.Option(0.5, help="Probability from which a class is present."),
    absent: float = typer.Option(0.1, help="Probability up to which a class is absent."),
    labels: str = typer.Option("npz", help="Format of the labels: npz or parquet."),
    with_absent: bool = typer.Option(
        False,
        "--with-absent",
        help="Also write absent classes to the manifest, as facts of low confidence: training masks the rest.",
    ),
    jobs: int = typer.Option(1, min=1, help="Files worked on at the same time."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Try again what failed before."),
    plot: Path | None = typer.Option(None, help="Draw the distribution of the labels to this .png or .svg."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Label every clip: key, tempo, beats, chords, instruments, moods, genres, voice; with confidence and source.

    Classes are those of MTG-Jamendo; what is not known of a clip is masked, not called absent. An extractor
    is code that runs with your rights: give only names that you trust.

    Examples:

    * `linernotes annotate rendered/manifest.jsonl --out labels --jobs 2 --against-truth`
    * `linernotes annotate rendered/manifest.jsonl --out truth --truth --extractor none`
    * `linernotes annotate clips.jsonl --out labels --extractor my_package.keys:KeyNet --extractor shipped`
    """
    from linernotes.building.annotate import Bounds, making
    from linernotes.building.annotate.labels_file import LabelsFormat
    from linernotes.building.annotate.predictions import read_predictions
    from linernotes.datasets.sources import audio_root, open_clips

    if labels not in [each.value for each in LabelsFormat]:
        raise typer.BadParameter(f"--labels is npz or parquet, not {labels!r}")
    try:
        bounds, chosen = Bounds(present, absent), LabelsFormat(labels)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    _check(truth, against_truth, plot)
    manifest = None if root is not None else _file(source)
    outputs: dict[str, Path | None] = {f"--out's {name}": out / name for name in making.OUTPUTS}
    check_outputs(outputs | {"--plot": plot}, [manifest, *predictions])
    if chosen is LabelsFormat.parquet:
        from linernotes.registry import need_extra

        need_extra("pyarrow", "data")
    plan = making.Plan(
        source=_label(source),
        clips=lambda: open_clips(source, root, split),
        root=audio_root(source, root),
        extractors=_asked(extractor),
        predictions=tuple(read_predictions(path) for path in predictions),
        truth=truth,
        against_truth=against_truth,
        bounds=bounds,
        labels=chosen,
        limit=limit,
        retry_failed=retry_failed,
        with_absent=with_absent,
    )
    with progress_bar("reading", None) as advance:
        ahead = making.survey(plan, out, advance)
    try:
        with progress_bar("annotating", ahead.steps) as advance:
            report = making.annotate(plan, ahead, out, _runner(jobs), advance)
    except KeyboardInterrupt:
        print("linernotes: stopped; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    if plot is not None:
        from linernotes.plot.feature_labels import plot_labels

        plot_labels(report, plot)
    _print(report, out, as_json)
    if report.failed:
        raise typer.Exit(1)


def _check(truth: bool, against_truth: bool, plot: Path | None) -> None:
    if truth and against_truth:
        raise typer.BadParameter(
            "--against-truth judges labels that are not taken from the truth: choose one"
        )
    if plot is not None:
        from linernotes.plot import check_suffix
        from linernotes.registry import need_extra

        check_suffix(plot)
        need_extra("matplotlib", "plot")


def _asked(names: Sequence[str]) -> tuple[Asked, ...]:
    from linernotes.building.annotate.extractors import asked

    if NO_EXTRACTOR in names:
        if len(names) > 1:
            raise typer.BadParameter("--extractor none means no other")
        return ()
    return tuple(asked(name) for name in dict.fromkeys(names))


def _runner(jobs: int) -> Callable[[Callable[[Group], int], Sequence[Group]], Iterator[Heard]]:
    from linernotes.batch import map_in_order
    from linernotes.building.annotate.making import Heard

    def run(work: Callable[[Group], int], groups: Sequence[Group]) -> Iterator[Heard]:
        for outcome in map_in_order(work, groups, jobs=jobs):
            yield Heard(outcome.item, outcome.error)

    return run


def _file(source: str) -> Path:
    from linernotes.datasets.sources import manifest_at

    return manifest_at(source)


def _label(source: str) -> str:
    path = Path(source)
    return f"{path.resolve().parent.name}/{path.name}" if path.is_file() else path.name or source


def _print(report: Report, out: Path, as_json: bool) -> None:
    from linernotes.building.annotate.making import PARQUET, REPORT_MARKDOWN
    from linernotes.building.annotate.report import summary_lines

    for failure in report.failures[:SHOWN_FAILURES]:
        line = printable(f"{failure.clip_id}: {failure.reason}")
        print(f"linernotes: error: {line}", file=sys.stderr)
    more = len(report.failures) - SHOWN_FAILURES
    if more > 0:
        print(f"linernotes: error: and {more} more; {out / REPORT_MARKDOWN} has them all", file=sys.stderr)
    if not (out / PARQUET).exists():
        print("linernotes: no Parquet: pip install 'linernotes[data]'", file=sys.stderr)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
        return
    for line in summary_lines(report):
        typer.echo(line)
    if report.truth is not None:
        from linernotes.building.annotate.against_truth import head_lines

        typer.echo("\n".join(head_lines(report.truth)))
    typer.echo(f"all of it: {out / REPORT_MARKDOWN}")
