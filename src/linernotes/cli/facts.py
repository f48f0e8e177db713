"""`linernotes facts`: the measurements without a caption; and how every command listens, with a progress bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from linernotes.cli.card import facts_table
from linernotes.cli.progress import progress_bar
from linernotes.notes_json import printable

if TYPE_CHECKING:
    from linernotes.captioner import Analysis, Captioner

PATH = typer.Argument(..., help="A recording.", show_default=False, readable=False)


def facts(
    path: Path = PATH, as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table.")
) -> None:
    """Measure a recording: tempo, key, chords, instruments and more, without writing a caption.

    Example: `linernotes facts song.mp3 --json | jq '.[] | select(.name == "key")'`
    """
    from linernotes.captioner import load_captioner

    analysis = watched_analysis(load_captioner(), path)
    if as_json:
        typer.echo(json.dumps([asdict(fact) for fact in analysis.facts], indent=2, allow_nan=False))
        return
    for warning in analysis.warnings:
        print(f"linernotes: note: {printable(warning)}", file=sys.stderr)
    console = Console()
    chords = [str(fact.value) for fact in analysis.facts if fact.name == "chord"]
    console.print(facts_table([fact for fact in analysis.facts if fact.name not in ("chord", "section")]))
    if chords:
        console.print("chords: " + " ".join(chords), markup=False, highlight=False)


def watched_analysis(captioner: Captioner, path: Path) -> Analysis:
    """Analyse with a progress bar over the file's own length."""
    with listening(path) as heard:
        return captioner.analyse(path, heard)


@contextmanager
def listening(path: Path) -> Iterator[Callable[[float], None]]:
    """What to tell how many seconds have been heard."""
    from linernotes.audio import probe

    with progress_bar("listening", max(probe(path).duration_s, 1e-3)) as heard:
        yield heard
