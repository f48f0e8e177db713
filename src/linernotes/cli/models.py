"""`linernotes models`: what is inside, its size and licence; and published weights, taken in."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from linernotes.cli.progress import progress_bar
from linernotes.registry import IMPORTERS, components

app = typer.Typer(invoke_without_command=True, rich_markup_mode="markdown")


def register(parent: typer.Typer) -> None:
    """Add the commands to `parent`."""
    parent.add_typer(app, name="models")


@app.callback()
def models(
    context: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table."),
) -> None:
    """List the models and methods that are installed, their size and licence; with --json also source and files.

    Example: `linernotes models --json | jq '.[].licence'`
    """
    if context.invoked_subcommand is not None:
        return
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


@app.command("import")
def import_weights(
    family: str = typer.Argument(..., help=f"Whose weights: {', '.join(IMPORTERS)}."),
    source: str = typer.Argument(
        ..., metavar="FILE_OR_HUB_NAME", help="A .pth or .safetensors, a folder, or OWNER/REPOSITORY/FILE."
    ),
    out: Path = typer.Option(..., help="The folder to write: safetensors, configuration, tokenizer."),
    tokenizer: str = typer.Option(
        "", metavar="FOLDER_OR_NAME", help="Of the language model, if the file has none."
    ),
    language_model: str = typer.Option(
        "", metavar="PATH_OR_NAME", help="sonicverse: the language model, if not the one that the file names."
    ),
    encoder: str = typer.Option("", metavar="FOLDER", help="sonicverse: the published MERT-v1-95M."),
    revision: str | None = typer.Option(None, help="Branch, tag or commit of the repository on the hub."),
    sha256: str | None = typer.Option(None, help="Refuse a file that has another checksum."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Take in published weights, without running anything that their file may hold.

    Needs the extra: `pip install 'linernotes[torch]'`. Then `linernotes caption song.mp3 --model DIR`.

    Examples:

    * `linernotes models import lp-musiccaps transfer.pth --tokenizer facebook/bart-base --out models/lp`
    * `linernotes models import sonicverse SonicVerse/ --language-model Mistral/ --encoder MERT/ --out models/sv`
    """
    from linernotes.registry import need_extra

    need_extra("torch", "torch")
    from linernotes.models.importing import ImportOptions, import_published

    options = ImportOptions(tokenizer, language_model, encoder, revision, sha256)
    with progress_bar(f"reading {source}", None):
        imported = import_published(family, source, out, options)
    if as_json:
        typer.echo(json.dumps(asdict(imported), indent=2, default=str))
        return
    typer.echo(
        f"{imported.parameters / 1e6:.1f} million parameters of {imported.source} (sha256 {imported.sha256})\n"
        f"{imported.folder}"
    )
