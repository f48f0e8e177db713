"""`linernotes models`: what is inside, how large it is and what its licence allows."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from linernotes.registry import components


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("models")(models)


def models(
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table."),
) -> None:
    """List the models and methods that are installed, their size and licence; with --json also source and files.

    Example: `linernotes models --json | jq '.[].licence'`
    """
    found = list(components().values())
    if as_json:
        typer.echo(json.dumps([{**asdict(item), "size_bytes": item.size_bytes} for item in found], indent=2))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("name", "size", "licence", "commercial use"):
        table.add_column(column, no_wrap=True)
    table.add_column("what it does")
    for item in found:
        size = f"{item.size_bytes / 1e6:.2f} MB" if item.files else "-"
        allowed = "yes" if item.commercial_use else "no"
        table.add_row(item.name, size, item.licence, allowed, item.about)
    Console().print(table)
