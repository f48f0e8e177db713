"""`linernotes singing fetch`: audio by a list of addresses."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from linernotes.cli.progress import progress_bar


def register(singing_app: typer.Typer) -> None:
    """Add the command to `linernotes singing`."""
    singing_app.command("fetch")(fetch)


def fetch(
    source: str = typer.Argument(
        ..., help="A text file of addresses, a manifest, or the name of a data set."
    ),
    root: Path | None = typer.Argument(None, help="The folder of the data set, when its name is given."),
    out: Path = typer.Option(
        ..., help="Folder; audio goes to its audio/, a later run tries what is missing."
    ),
    limit: int | None = typer.Option(None, min=1, help="Only so many recordings."),
    as_json: bool = typer.Option(False, "--json", help="Print the coverage as JSON."),
) -> None:
    """Fetch audio by addresses; a dead link is noted and stops nothing, and the coverage is told.

    Videos need the extra youtube (yt-dlp). See that you may fetch what you fetch.

    Examples:

    * `linernotes singing fetch urls.txt --out songs`
    * `linernotes singing fetch s2cap S2Cap --out S2Cap --limit 100`
    """
    from linernotes.building.singing.fetching import fetch as fetch_all
    from linernotes.building.singing.fetching import read_list, wanted_of
    from linernotes.datasets.sources import open_clips

    path = Path(source)
    is_list = root is None and path.is_file() and path.suffix in (".txt", ".tsv", ".list")
    wanted = (read_list(path) if is_list else wanted_of(open_clips(source, root)))[:limit]
    if not wanted:
        raise ValueError(f"{source} names no address to fetch")
    with progress_bar("fetching", len(wanted)) as advance:
        coverage = fetch_all(wanted, out, advance)
    if as_json:
        typer.echo(json.dumps({**asdict(coverage), "share": round(coverage.share, 4)}, indent=2))
        return
    there = f"{coverage.there} of {coverage.wanted} are there ({coverage.share:.1%})"
    typer.echo(f"{there}, {coverage.fetched_now} fetched now")
    for reason, count in coverage.reasons.items():
        typer.echo(f"  {reason}: {count}")
