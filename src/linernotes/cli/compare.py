"""`linernotes compare`: two systems on the same clips, or published numbers that may not stand side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from linernotes.cli.evaluate import (
    ALLOW_MISSING,
    BERT_LAYER,
    BERT_MODEL,
    FLUENCY_MODEL,
    FREQUENCIES,
    METRICS,
    PROFILE_NAMES,
    SENTENCE_MODEL,
    TRAIN_CAPTIONS,
    WHOSE,
    chosen_profile,
    keys_of,
    read_resources,
    read_sides,
    tell_not_computed,
)
from linernotes.cli.outputs import check_outputs
from linernotes.cli.progress import progress_steps

if TYPE_CHECKING:
    from linernotes.comparison import Comparison
    from linernotes.evaluation import NotComputed
    from linernotes.metrics.profiles import Profile
    from linernotes.metrics.score_sheet import Resources

BUILTIN = "builtin"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("compare")(compare)


def compare(
    first: Path | None = typer.Argument(None, metavar="[A]", help="Predictions of a system."),
    second: Path | None = typer.Argument(None, metavar="[B]", help="Predictions of another, same ids."),
    references: Path | None = typer.Argument(None, help="What both are scored against."),
    profile: str | None = typer.Option(
        None, help=WHOSE, metavar="NAME", autocompletion=lambda: list(PROFILE_NAMES)
    ),
    metrics: str | None = METRICS,
    reports: bool = typer.Option(
        False, "--reports", help="A and B are reports that `evaluate --json` printed; no REFERENCES."
    ),
    published: str = typer.Option(
        "",
        help="A table of published scores (csv, json, toml) to sort by what may stand together, or builtin.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
    out: Path | None = typer.Option(None, help="Write the Markdown to this file."),
    train_captions: Path | None = TRAIN_CAPTIONS,
    bert_model: str | None = BERT_MODEL,
    bert_layer: int | None = BERT_LAYER,
    sentence_model: str | None = SENTENCE_MODEL,
    fluency_model: str | None = FLUENCY_MODEL,
    document_frequencies: Path | None = FREQUENCIES,
    allow_missing: bool = ALLOW_MISSING,
) -> None:
    """Say which differences between two systems are real: paired bootstrap over clips, Holm's correction.

    Profiles are never mixed: reports of different profiles are refused, and a table of published scores is sorted
    into those that may stand side by side.

    Examples:

    * `linernotes compare a.jsonl b.jsonl references.jsonl --profile lp2023`
    * `linernotes compare --reports a.json b.json`
    * `linernotes compare --published builtin`
    """
    from linernotes.comparison_report import comparison_json, comparison_markdown

    table = Path(published) if published and published != BUILTIN else None
    check_outputs({"--out": out}, [first, second, references, table, train_captions, document_frequencies])
    asked_in_vain: Sequence[NotComputed] = ()
    if published:
        if first is not None or reports:
            raise typer.BadParameter("--published takes its table alone")
        data, markdown = _published(published)
    elif reports:
        if first is None or second is None or references is not None:
            raise typer.BadParameter("--reports takes two reports: A.json B.json")
        data, markdown = _reports(first, second)
    else:
        if first is None or second is None or references is None:
            raise ValueError(
                f"{'REFERENCES are' if second else 'A, B and REFERENCES are'} needed: linernotes compare A B "
                "REFERENCES --profile NAME (two reports of `evaluate --json`: --reports)"
            )
        if profile is None:
            raise ValueError(f"--profile is needed: {', '.join(PROFILE_NAMES)}")
        counted = chosen_profile(profile, metrics)
        resources = read_resources(
            train_captions, bert_model, bert_layer, sentence_model, fluency_model, document_frequencies
        )
        found = _systems((first, second), references, counted, metrics, resources, allow_missing)
        data, markdown = comparison_json(found), comparison_markdown(found)
        asked_in_vain = found.not_computed if metrics is not None else ()
    _tell(data, markdown, as_json, out)
    tell_not_computed(asked_in_vain)
    if asked_in_vain:
        raise typer.Exit(1)


def _tell(data: Any, markdown: str, as_json: bool, out: Path | None) -> None:
    from linernotes.export import write_atomically

    if out is not None:
        write_atomically(out, markdown)
    if as_json:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    elif out is None:
        typer.echo(markdown, nl=False)
    else:
        print(f"written: {out}", file=sys.stderr)


def _systems(
    systems: tuple[Path, Path],
    references: Path,
    profile: Profile,
    metrics: str | None,
    resources: Resources,
    allow_missing: bool,
) -> Comparison:
    from linernotes import comparison

    first, second = (read_sides(path, references, None, allow_missing) for path in systems)
    if allow_missing:
        first, second = comparison.on_common_clips(first, second)
    keys = keys_of(metrics)
    steps = 2 * (len(keys) or len(profile.metrics))
    with progress_steps(steps) as begun:
        return comparison.compare(
            first,
            second,
            profile,
            names=_names(*systems),
            metrics=keys,
            resources=resources,
            begun=begun,
        )


def _names(first: Path, second: Path) -> tuple[str, str]:
    """The files' names without suffix, or as they were given where those are the same."""
    return (first.stem, second.stem) if first.stem != second.stem else (str(first), str(second))


def _reports(first: Path, second: Path) -> tuple[Any, str]:
    from linernotes.comparison import refuse_mixed
    from linernotes.comparison_report import reports_markdown

    read = []
    for name, path in zip(_names(first, second), (first, second), strict=True):
        try:
            read.append((name, json.loads(path.read_text("utf-8-sig"))))
        except ValueError as error:
            raise ValueError(f"{path}: not a JSON report of `linernotes evaluate --json`: {error}") from error
    refuse_mixed(read)
    return dict(read), reports_markdown(read)


def _published(table: str) -> tuple[Any, str]:
    from linernotes import published
    from linernotes.published.report import published_markdown

    rows = published.read_published(published.BUILTIN if table == BUILTIN else Path(table))
    lint = published.lint_published(rows)
    return asdict(lint), published_markdown(lint)
