"""`linernotes write-benchmark`: the writers against LP-MusicCaps' Table 2."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.cli.progress import progress_bar

if TYPE_CHECKING:
    from linernotes.write_benchmark import Row


class TableProfile(str, Enum):
    """Choices of --profile."""

    lp2023 = "lp2023"
    coco = "coco"
    sonicverse2025 = "sonicverse2025"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("write-benchmark")(write_benchmark)


def write_benchmark(
    musiccaps: Path = typer.Option(..., help="MusicCaps' musiccaps-public.csv."),
    profile: TableProfile = typer.Option(TableProfile.lp2023, help="Whose implementation counts."),
    only: str = typer.Option("", help="Only these rows, with commas: composer,small."),
    captions: list[str] = typer.Option(
        [],
        help="One more row, NAME=FILE: captions of the eval items, as `linernotes write --input` writes them.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Write captions for MusicCaps' eval aspects with every writer and baseline, and score them.

    Needs the extra: `pip install 'linernotes[metrics]'`, and for METEOR WordNet, or Java under the profile coco.

    Examples:

    * `linernotes write-benchmark --musiccaps musiccaps-public.csv`
    * `linernotes write-benchmark --musiccaps musiccaps-public.csv --profile coco --only composer,template`
    * `linernotes write-benchmark --musiccaps musiccaps-public.csv --captions mine=mine.jsonl --only mine`
    """
    from linernotes.datasets.musiccaps import read_musiccaps
    from linernotes.write_benchmark import methods, need_metrics, score_method, written_before

    need_metrics(profile.value)
    data = read_musiccaps(musiccaps)
    table = methods(data)
    for row in captions:
        name, equals, file = row.partition("=")
        if not (name and equals and file):
            raise typer.BadParameter(f"--captions takes NAME=FILE, got {row!r}")
        table[name] = written_before(name, Path(file), data)
    wanted = [name.strip() for name in only.split(",") if name.strip()] or list(table)
    unknown = [name for name in wanted if name not in table]
    if unknown:
        raise typer.BadParameter(f"no row called {unknown[0]!r}; choose from {', '.join(table)}")
    rows: list[Row] = []
    for name in wanted:
        with progress_bar(name, len(data.evaluation)) as advance:
            done = iter(range(1, len(data.evaluation) + 1))
            rows.append(
                score_method(name, table[name], data, lambda: advance(next(done)), profile=profile.value)  # noqa: B023
            )
    typer.echo(
        json.dumps([asdict(row) for row in rows], indent=2) if as_json else _markdown(rows, profile.value)
    )


def _markdown(rows: Sequence[Row], profile: str) -> str:
    from linernotes.write_benchmark import METRICS, PROFILE, PUBLISHED

    metrics = METRICS[profile]
    heads = ["method", *metrics, "unsupported claims", "coverage", "invented uses", "words"]
    lines = [
        f"Profile {profile}, n = {rows[0].n}, in per cent: value [95 % interval] / shuffled floor / annotators "
        "unseen in training. Nearest train caption and small learned from MusicCaps' train half (supervised), "
        "composer was tuned on it by hand; quoted rows are zero-shot and stand as published."
        + (" CIDEr-D is given times 100." if "cider" in metrics else ""),
        "",
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
    ]
    for row in rows:
        cells = [
            f"{100 * score.value:.1f} [{100 * score.low:.1f}, {100 * score.high:.1f}] / "
            f"{100 * score.shuffled:.1f} / {100 * score.unseen_annotators:.1f}"
            for score in row.scores.values()
        ]
        shares = [f"{100 * share:.1f}" for share in (row.unsupported, row.coverage, row.invented_uses)]
        lines.append(f"| {' | '.join([row.method, *cells, *shares, f'{row.words:.0f}'])} |")
    for name, scores in PUBLISHED.items() if profile == PROFILE else ():
        quoted = [f"{scores[metric]:.1f}" for metric in metrics]
        lines.append(f"| {name} (published, quoted) | {' | '.join(quoted)} | | | | |")
    return "\n".join(lines)
