"""`linernotes dataset render`: a data set of music made here, of any size, with exact truth and captions."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from subprocess import SubprocessError
from typing import TYPE_CHECKING

import typer

from linernotes.cli.progress import progress_bar

if TYPE_CHECKING:
    from linernotes.datasets.rendered.clips import PieceOrder


class AudioFormat(str, Enum):
    """Formats of the clips' files."""

    flac = "flac"
    ogg = "ogg"
    wav = "wav"


def register(dataset_app: typer.Typer) -> None:
    """Add the command to `linernotes dataset`."""
    dataset_app.command("render")(render)


def render(
    out: Path = typer.Option(..., help="Folder of the set; a killed run goes on where it was."),
    clips: int = typer.Option(1000, min=1, help="How many clips."),
    seed: int = typer.Option(0, min=0, help="Another seed, another set."),
    seconds: float = typer.Option(10.0, help="Length of a clip, 1 to 60 s."),
    sample_rate: int = typer.Option(16_000, help="In Hz, mono."),
    audio_format: AudioFormat = typer.Option(AudioFormat.flac, "--format", help="Of the audio files."),
    jobs: int = typer.Option(0, min=0, help="Processes at work; 0: one a core. The clips are the same."),
    singing: float = typer.Option(0.25, help="Share of pieces that are sung."),
    scores: float = typer.Option(0.1, help="Share of pieces from public-domain scores."),
    degrade: float = typer.Option(0.5, help="Share of pieces with room, noise and saturation."),
    splits: str = typer.Option("60/20/20", help="Percentages of train, validation and test."),
    soundfont: Path | None = typer.Option(None, help="An .sf2 file; default: the one that is installed."),
    force: bool = typer.Option(False, "--force", help="Discard what other settings made in --out."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Render music with exact facts, tags and several captions a clip, offline and of any size.

    Pieces never share a split with others of their family. Settings and seed decide every clip.

    Examples:

    * `linernotes dataset render --clips 2000 --seed 1 --out rendered`
    * `linernotes dataset render --clips 50 --seconds 5 --format ogg --singing 0 --out small`
    """
    from linernotes.datasets.rendered import RenderError, find_soundfont
    from linernotes.datasets.rendered.clips import RenderSettings, corpus_version, render_clip_set
    from linernotes.datasets.rendered.render import soundfont_sha256

    try:
        font = find_soundfont(soundfont)
        _need_renderer()
    except RenderError as error:
        raise ValueError(str(error)) from error
    settings = RenderSettings(
        clips=clips,
        seed=seed,
        seconds=seconds,
        sample_rate=sample_rate,
        format=audio_format.value,
        singing=_singing_share(singing),
        scores=_score_share(scores),
        degrade=degrade,
        splits=_percentages(splits),
        soundfont_sha256=soundfont_sha256(font),
        music21_version=corpus_version() if scores else "",
    )
    with progress_bar("rendering", clips) as advance:
        done = render_clip_set(
            settings,
            out,
            soundfont=font,
            run=_runner(jobs or os.cpu_count() or 1),
            force=force,
            progress=advance,
        )
    if as_json:
        typer.echo(json.dumps({**asdict(done.report), "made": done.made, "manifest": str(done.manifest)}))
    else:
        typer.echo(
            f"{done.manifest}: {done.clips} clips ({done.made} made now), {done.report.hours:g} h; "
            f"what is in it: {out / 'README.md'}"
        )


def _need_renderer() -> None:
    from linernotes.datasets.rendered import RenderError

    if find_spec("midirenderer") is None:
        raise RenderError("rendering needs midirenderer: pip install 'linernotes[render]'")


def _singing_share(share: float) -> float:
    """The share, or none with a word about what is missing."""
    missing = [
        what
        for what, there in (
            ("pyworld (pip install 'linernotes[singing]')", find_spec("pyworld")),
            ("the program espeak-ng (Debian: apt install espeak-ng)", shutil.which("espeak-ng")),
        )
        if not there
    ]
    if share and missing:
        typer.echo(f"linernotes: nobody sings: {' and '.join(missing)} not installed", err=True)
        return 0.0
    return share


def _score_share(share: float) -> float:
    from linernotes.datasets.rendered.clips import scores_missing

    if share and (reason := scores_missing()):
        typer.echo(f"linernotes: no scores: {reason}", err=True)
        return 0.0
    return share


def _percentages(splits: str) -> tuple[float, float, float]:
    try:
        train, validation, test = (float(part) for part in splits.split("/"))
    except ValueError as error:
        raise typer.BadParameter(f"--splits is three percentages, as 60/20/20, not {splits!r}") from error
    return train, validation, test


def _runner(
    jobs: int,
) -> Callable[[Callable[[PieceOrder], int], Sequence[PieceOrder]], Iterator[int]]:
    """Goes through the pieces in `jobs` processes; one that fails is told of when all others are made."""
    from linernotes.batch import map_in_order
    from linernotes.datasets.rendered import RenderError

    def run(work: Callable[[PieceOrder], int], orders: Sequence[PieceOrder]) -> Iterator[int]:
        failed: list[str] = []
        try:
            for outcome in map_in_order(work, orders, jobs=jobs):
                if outcome.value is None:
                    failed.append(f"piece {outcome.item.number}: {outcome.error}")
                else:
                    yield outcome.value
        except (RenderError, SubprocessError) as error:
            raise ValueError(f"rendering stopped: {error}") from error
        if failed:
            raise ValueError(f"{len(failed)} pieces could not be made (run again to retry): {failed[0]}")

    return run
