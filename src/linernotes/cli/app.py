"""The `linernotes` command: its sub-commands, and how errors reach a person."""

from __future__ import annotations

import os
import sys

import typer

from linernotes import __version__
from linernotes.cli import (
    ablation,
    alignment,
    annotate,
    caption,
    compare,
    dataset,
    dataset_render,
    denoise,
    evaluate,
    export,
    ground,
    judge,
    listening_test,
    models,
    predict,
    pseudo_caption,
    read,
    retrieve,
    singing,
    train,
    transfer_table,
    write,
    write_benchmark,
)
from linernotes.notes_json import printable

app = typer.Typer(
    name="linernotes",
    help="Writes liner notes for recordings: captions and measured facts, offline.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
GROUPS = {
    "Recordings": (caption, write, read, ground, models),
    "Data sets": (dataset, pseudo_caption, annotate, singing),
    "Training": (train, denoise, alignment, ablation, transfer_table, predict, retrieve, export),
    "Measuring": (evaluate, compare, judge, listening_test, write_benchmark),
}
"""What `--help` shows together, in this order."""

for title, modules in GROUPS.items():
    commands, groups = len(app.registered_commands), len(app.registered_groups)
    for module in modules:
        module.register(app)
    for command in app.registered_commands[commands:]:
        command.rich_help_panel = title
    for group in app.registered_groups[groups:]:
        group.rich_help_panel = title
dataset_render.register(dataset.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"linernotes {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options of every command stand before its name: `linernotes --debug caption song.mp3`."""


def main() -> None:
    """Run the command line; a user's errors become one line and exit status 1 (2: wrong usage)."""
    try:
        app()
    except (ValueError, OSError, ImportError, MemoryError) as error:
        if "--debug" in sys.argv[1:]:
            raise
        print(f"linernotes: error: {printable(_one_line(error))}", file=sys.stderr)
        sys.exit(1)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)!r}: {error.strerror}"
    return " ".join(str(error).split())
