"""`linernotes dataset`: what data sets there are, what is in one, and from one file format to another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from linernotes.cli.progress import progress_bar
from linernotes.registry import DATASETS, load_dataset

if TYPE_CHECKING:
    from linernotes.building.statistics import SplitStatistics, Statistics
    from linernotes.clip import Clip

app = typer.Typer(
    name="dataset",
    help="Data sets and manifests: list, stats, validate, split, convert.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

SOURCE = typer.Argument(..., help="A manifest (.jsonl, .parquet, .csv), or the name of a data set.")
ROOT = typer.Argument(None, help="The folder of the data set, when its name is given.")
SPLIT = typer.Option("all", help="Only this split.")
AS_JSON = typer.Option(False, "--json", help="Print JSON instead of tables.")


def register(parent: typer.Typer) -> None:
    """Add `linernotes dataset` and its sub-commands to `parent`."""
    from linernotes.cli import dataset_check

    dataset_check.register(app)
    parent.add_typer(app)


@app.command("list")
def list_datasets(as_json: bool = AS_JSON) -> None:
    """List the data sets that can be read: licence, size, and whether the captions may be used commercially.

    Example: `linernotes dataset list --json | jq -r '.[] | .name, .bibtex'`
    """
    infos = [load_dataset(name).info for name in DATASETS]
    if as_json:
        typer.echo(json.dumps([asdict(info) for info in infos], indent=2, ensure_ascii=False))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("name", "clips", "commercial use", "licence of the texts", "what it is"):
        table.add_column(column, no_wrap=column in ("name", "clips"))
    for info in infos:
        counts = [info.splits[name].clips for name in info.whole if name in info.splits]
        known = [count for count in counts if count is not None]
        clips = f"{sum(known):,}" if known and len(known) == len(counts) else "-"
        allowed = "yes" if info.commercial_use else "no"
        table.add_row(info.name, clips, allowed, info.licence, info.about)
    Console().print(table)
    typer.echo(
        "The audio has licences of its own; --json says which, with splits, files, sources and BibTeX."
    )


@app.command()
def stats(
    source: str = SOURCE,
    root: Path | None = ROOT,
    split: str = SPLIT,
    plot: Path | None = typer.Option(None, help="Draw lengths, tags and splits to this .png or .svg."),
    as_json: bool = AS_JSON,
) -> None:
    """Count clips, hours, captions, words, tags, splits, artists and licences.

    Example: `linernotes dataset stats musiccaps data/musiccaps`
    """
    from linernotes.building.statistics import statistics
    from linernotes.datasets.sources import open_clips

    with progress_bar("clips", None) as advance:
        found = statistics(counted(open_clips(source, root, split), advance))
    if plot is not None:
        from linernotes.plot.dataset import plot_statistics

        plot_statistics(found, Path(source).name, plot)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        _print_statistics(found)


@app.command()
def convert(
    source: Path = typer.Argument(..., help="A manifest, or with --dataset the folder of a data set."),
    out: Path = typer.Argument(..., help="The manifest to write: .jsonl, .parquet or .csv."),
    dataset: str = typer.Option("", help="Read this data set in its published layout."),
    split: str = SPLIT,
) -> None:
    """Write a manifest in another format, or a published data set as a manifest.

    Audio paths are kept as they are, relative to the root of what was read.

    Example: `linernotes dataset convert data/musiccaps musiccaps.parquet --dataset musiccaps`
    """
    from linernotes.datasets.sources import audio_root, open_clips
    from linernotes.manifest import write_manifest

    name, root = (dataset, source) if dataset else (str(source), None)
    with progress_bar("clips", None) as advance:
        count = write_manifest(out, counted(open_clips(name, root, split), advance))
    typer.echo(f"{out}: {count} clips, audio paths relative to {audio_root(name, root)}")


def counted(clips: Iterable[Clip], advance: Callable[[float], None]) -> Iterator[Clip]:
    """`clips`, a progress bar being told every thousand."""
    for number, clip in enumerate(clips, 1):
        if number % 1000 == 0:
            advance(number)
        yield clip


def _print_statistics(found: Statistics) -> None:
    console = Console()
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("split", "clips", "tracks", "captions", "words/caption", "tokens", "hours"):
        table.add_column(column, justify="left" if column == "split" else "right")
    for name, each in {**found.splits, "all": found.whole}.items():
        table.add_row(name, *_cells(each))
    console.print(table)
    spread = ", ".join(f"{clips:,} with {number}" for number, clips in found.clips_by_captions.items())
    lines = {
        "captions a clip": spread,
        "vocabulary": f"{found.vocabulary:,} words, {found.words_seen_once:,} of them seen once",
        "captions said before": f"{found.repeated_captions:,}; "
        f"{found.captions_in_several_splits:,} stand in more than one split",
        "tags": f"{found.tags:,} different, {found.tags_per_clip:.1f} a clip",
        "most frequent tags": ", ".join(f"{tag} {count:,}" for tag, count in found.top_tags.items()),
        "artists": f"{found.artists:,}; {found.artists_in_several_splits:,} in more than one split; "
        f"{found.clips_without_artist:,} clips without",
        "licences": ", ".join(f"{name} {count:,}" for name, count in found.licences.items()),
        "sources": ", ".join(f"{name} {count:,}" for name, count in found.sources.items()),
    }
    if found.whole.clips_without_end:
        lines["hours"] = f"without {found.whole.clips_without_end:,} clips whose end is not known"
    if found.clips_without_audio_path:
        lines["audio"] = f"{found.clips_without_audio_path:,} clips have no path"
    for name, text in lines.items():
        console.print(f"{name}: {text}", highlight=False, markup=False)


def _cells(each: SplitStatistics) -> list[str]:
    return [
        f"{each.clips:,}",
        f"{each.tracks:,}",
        f"{each.captions:,}",
        f"{each.words_per_caption:.2f}",
        f"{each.tokens:,}",
        f"{each.hours:.2f}",
    ]
