"""`linernotes alignment`: whether CRESCENDO brought held-out clips nearer to their own captions."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from linernotes.cli.progress import progress_bar


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("alignment")(alignment)


def alignment(
    model: Path = typer.Argument(..., help="A folder that a recipe of stage 'align' left, as RUN/best."),
    data: Path = typer.Option(..., help="The manifest of the clips."),
    split: str = typer.Option("test", help="Clips that were never learned from."),
    limit: int = typer.Option(0, min=0, help="Only so many clips."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Cosine of audio and caption for true pairs and for shuffled ones, trained and untrained, with intervals.

    Needs the extra: `pip install 'linernotes[torch]'`.

    Example:

    * `linernotes alignment runs/crescendo/best --data singing/manifest.jsonl`
    """
    from linernotes.registry import need_extra

    need_extra("torch", "torch")
    from linernotes.training.alignment_report import Alignment, report_alignment

    with progress_bar("listening", None) as advance:
        report = report_alignment(model, data, split, limit=limit, advance=advance)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
        return

    def line(name: str, found: Alignment) -> str:
        interval = f"{found.margin_low:+.4f} to {found.margin_high:+.4f}"
        return f"| {name} | {found.own:.4f} | {found.others:.4f} | {found.margin:+.4f} | {interval} |"

    typer.echo(
        f"Cosine of audio and caption, {report.trained.clips} clips of the split {split!r}.\n\n"
        "| encoder | own caption | captions of others | difference | 95 % interval |\n|---|---|---|---|---|\n"
        + "\n".join([line("trained", report.trained), line("untrained", report.untrained)])
    )
