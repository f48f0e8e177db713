"""`linernotes ground`: whether measured facts carry what captions say about music."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from linernotes.cli.progress import progress_bar
from linernotes.cli.read import caption_lines, nothing_read
from linernotes.export import write_atomically
from linernotes.notes_json import printable

if TYPE_CHECKING:
    from linernotes.cli.measured import Measured
    from linernotes.metrics.grounding import Grounding

_COLOURS = {"supported": "green", "contradicted": "red", "unverifiable": "yellow"}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("ground")(ground)


def ground(
    caption: str = typer.Argument(
        help='A caption, or a .jsonl file of {"id": ..., "caption": ...} or of notes.'
    ),
    notes: Path | None = typer.Option(
        None, help="Measured facts: output of `caption --json` or `facts --json`; for .jsonl a line each."
    ),
    audio: Path | None = typer.Option(None, help="A recording to measure instead."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    out: Path | None = typer.Option(
        None, help="Write the report (Markdown; with --json, JSON) to this file."
    ),
) -> None:
    """Hold a caption against measured facts: every statement is supported, contradicted or unverifiable.

    Examples:

    * `linernotes ground "A woman sings a slow waltz at 84 BPM" --audio song.mp3`
    * `linernotes ground captions.jsonl --notes notes.jsonl --out report.md`
    * `linernotes ground notes.jsonl --notes notes.jsonl` (the notes' own captions)
    """
    from linernotes.metrics.grounding_report import grounding_to_dict, report_to_dict, report_to_markdown

    if (notes is None) == (audio is None):
        raise typer.BadParameter("give either --notes or --audio")
    if not caption.endswith(".jsonl"):
        one = _ground_one(caption, notes, audio)
        if as_json or out is not None:
            text = report_to_markdown({"caption": one})
            data = json.dumps(grounding_to_dict(one), indent=2, ensure_ascii=False) + "\n"
            _deliver(data if as_json else text, out)
        else:
            _show(one)
        return
    if notes is None:
        raise typer.BadParameter("a .jsonl of captions needs --notes with the facts of every recording")
    found, shuffled = _ground_many(Path(caption), notes)
    if as_json:
        _deliver(json.dumps(report_to_dict(found, shuffled), indent=2, ensure_ascii=False) + "\n", out)
    else:
        _deliver(report_to_markdown(found, shuffled), out)


def _deliver(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(printable(text), nl=False)
    else:
        write_atomically(out, printable(text))


def _ground_one(caption: str, notes: Path | None, audio: Path | None) -> Grounding:
    from linernotes.cli.measured import measure, read_measured

    measured = read_measured(notes) if notes is not None else measure(audio or Path())
    return _held(caption, measured)


def _held(caption: str, measured: Measured) -> Grounding:
    from linernotes.metrics.grounding import ground as hold

    return hold(caption, measured.facts, measured.of_sections)


def _ground_many(captions: Path, notes: Path) -> tuple[dict[str, Grounding], dict[str, Grounding]]:
    """Ground every caption in its own facts, and in another's; one without facts is an error, not a gap."""
    from linernotes.cli.measured import read_measured_lines
    from linernotes.metrics.score import derange

    texts = _read_captions(captions)
    measured = read_measured_lines(notes)
    alone = [clip_id for clip_id in texts if clip_id not in measured]
    if alone:
        several = "captions have" if len(alone) > 1 else "caption has"
        raise ValueError(f"{len(alone)} {several} no notes in {notes}, such as {alone[0]!r}")
    others = derange(texts) if len(texts) > 1 else {}
    found: dict[str, Grounding] = {}
    with progress_bar("grounding", len(texts)) as advance:
        for clip_id, text in texts.items():
            found[clip_id] = _held(text, measured[clip_id])
            advance(len(found))
    return found, {clip_id: _held(text, measured[clip_id]) for clip_id, text in others.items()}


def _read_captions(path: Path) -> Mapping[str, str]:
    """JSON Lines of {"id", "caption"}, or of notes, whose id is the path of their recording.

    Raises:
        ValueError: a line is something else, an id stands twice, or there is none; the line is named.
    """
    texts: dict[str, str] = {}
    for line in caption_lines(path):
        if not line.clip_id:
            raise ValueError(f'{line.place} is no {{"id": ..., "caption": ...}}: it has no id')
        if line.clip_id in texts:
            raise ValueError(f"{line.place}: id {line.clip_id!r} was used before")
        texts[line.clip_id] = line.text
    return texts


def _show(grounding: Grounding) -> None:
    """One caption for people."""
    table = Table("statement", "verdict", "reason", box=None, pad_edge=False)
    for item in grounding.claims:
        name = item.claim.attribute.replace("_", " ") + (" not" if item.claim.is_denied else "")
        value = f"{name} {item.claim.value}"
        colour = _COLOURS[item.verdict]
        table.add_row(value, f"[{colour}]{item.verdict}[/]", escape(printable(item.reason)))
    Console().print(table if grounding.claims else nothing_read(grounding.text))
