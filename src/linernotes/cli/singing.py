"""`linernotes singing`: how somebody sings, in one file or a whole data set, and singing made here."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.cli.progress import progress_bar
from linernotes.cli.singing_build import HEARERS

if TYPE_CHECKING:
    from linernotes.building.singing.describing import SingingNotes

app = typer.Typer(
    name="singing",
    help="Singing style: describe a file, build a data set (S2Cap), render singing with known truth.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def register(parent: typer.Typer) -> None:
    """Add `linernotes singing` and its sub-commands to `parent`."""
    from linernotes.cli import singing_build, singing_corpus, singing_fetch

    singing_build.register(app)
    singing_corpus.register(app)
    singing_fetch.register(app)
    parent.add_typer(app)


@app.command("describe")
def describe(
    song: Path = typer.Argument(..., help="A recording."),
    demixer: str = typer.Option(
        "spleeter", help="Takes the voice out: spleeter, demucs:NAME or demucs:FOLDER."
    ),
    audio_llm: str = typer.Option("", help="Is asked for gender, timbre, mood, tempo and style: " + HEARERS),
    audio_model: str = typer.Option("", help="Name of the model on the server of --audio-llm."),
    backend: str = typer.Option(
        "templates", help="Writes the sentence: templates, an address, local:FOLDER ..."
    ),
    model: str = typer.Option("", help="Name of the model on the server of --backend."),
    as_json: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """Say how somebody sings: one sentence, ten attributes with confidence; "unsure" where nothing tells.

    Needs the extra singing (pyworld, swift-f0).

    Example: `linernotes singing describe song.mp3 --json | jq .attributes.pitch`
    """
    from linernotes.audio import probe
    from linernotes.building.singing.demixing import load_demixer
    from linernotes.building.singing.describing import describe as describe_file
    from linernotes.building.singing.polishing import Polish
    from linernotes.cli.singing_build import caption_writer, listener_of, need_trackers

    need_trackers()
    chosen, writer = load_demixer(demixer), caption_writer(backend, model)
    listener = listener_of(audio_llm, audio_model)
    with progress_bar("listening", max(probe(song).duration_s, 1e-3)) as heard:
        notes = describe_file(
            song, demixer=chosen, writer=writer, polish=Polish(), listener=listener, heard=heard
        )
    if as_json:
        typer.echo(json.dumps(asdict(notes), indent=2, ensure_ascii=False))
        return
    typer.echo(notes.caption)
    for line in lines_of(notes):
        typer.echo(line)


def lines_of(notes: SingingNotes) -> list[str]:
    """The attributes for people to read."""
    lines = [
        f"voice: {notes.voice} ({notes.voice_confidence:.2f}), "
        f"sung {notes.sung_s:.0f} s of {notes.duration_s:.0f} s"
    ]
    for attribute in notes.attributes.values():
        number = f", {attribute.number:g} {attribute.unit}" if attribute.number is not None else ""
        if attribute.is_known:
            lines.append(
                f"{attribute.name}: {attribute.value} ({attribute.confidence:.2f}{number}; {attribute.source})"
            )
        else:
            lines.append(f"{attribute.name}: {attribute.value}")
    lines += [f"style from {one.start_s:.0f} s: {one.style}" for one in notes.segments if one.style]
    return [*lines, *(f"warning: {warning}" for warning in notes.warnings)]
