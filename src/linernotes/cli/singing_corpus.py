"""`linernotes singing render` and `measure`: singing with known truth, and how right the attributes are on it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from subprocess import SubprocessError

import typer

from linernotes.cli.progress import progress_bar


def register(singing_app: typer.Typer) -> None:
    """Add the commands to `linernotes singing`."""
    singing_app.command("render")(render)
    singing_app.command("measure")(measure)


def render(
    out: Path = typer.Option(..., help="Folder of the corpus; a killed run goes on where it was."),
    clips: int = typer.Option(60, min=1, help="How many clips."),
    seed: int = typer.Option(0, min=0, help="Another seed, another corpus."),
    seconds: float = typer.Option(12.0, help="Length of a clip, 5 to 30 s."),
    degrade: float = typer.Option(0.5, help="Share of mixes with room, noise and saturation."),
    soundfont: Path | None = typer.Option(None, help="An .sf2 file; default: the one that is installed."),
    jobs: int = typer.Option(1, min=1, help="Clips made at the same time."),
    as_json: bool = typer.Option(False, "--json", help="Print the manifest's path as JSON."),
) -> None:
    """Render singing over a band, with the clean vocal stem and the truth: gender, pitch, volume, tempo.

    Needs the extras render and singing, and the program espeak-ng. No singer is in two splits.

    Example: `linernotes singing render --clips 60 --seed 1 --out sung --jobs 2`
    """
    from collections import Counter

    from linernotes.batch import map_in_order
    from linernotes.building.singing.corpus_folder import CorpusSettings, render_corpus
    from linernotes.datasets.rendered.render import RenderError, find_soundfont, soundfont_sha256
    from linernotes.manifest import read_manifest

    try:
        font = find_soundfont(soundfont)
        settings = CorpusSettings(clips, seed, seconds, degrade, soundfont_sha256(font))
        with progress_bar("singing", clips) as advance:
            manifest = render_corpus(
                settings,
                out,
                soundfont=font,
                progress=advance,
                run=lambda work, orders: (made.error for made in map_in_order(work, orders, jobs=jobs)),
            )
    except (RenderError, SubprocessError) as error:
        raise ValueError(f"rendering stopped: {error}") from error
    counted = Counter(clip.split for clip in read_manifest(manifest))
    splits = {name: counted[name] for name in ("train", "validation", "test")}  # a small corpus may lack one
    told = ", ".join(f"{number} {name}" for name, number in splits.items())
    typer.echo(
        json.dumps({"manifest": str(manifest), "clips": clips, "splits": splits})
        if as_json
        else f"{manifest}: {clips} clips ({told})"
    )


def measure(
    corpus: str = typer.Argument(..., help="A corpus of `singing render`: its folder or manifest."),
    demixer: str = typer.Option(
        "spleeter", help="Takes the voice out: spleeter, demucs:NAME or demucs:FOLDER."
    ),
    limit: int | None = typer.Option(None, min=1, help="Only so many clips."),
    kept: Path | None = typer.Option(None, help="Folder in which what was measured is kept between runs."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Compare volume, pitch, gender and tempo with the truth: from the mix through the demixer, and from the stem.

    Example: `linernotes singing measure sung --kept sung-measured`
    """
    from itertools import islice

    from linernotes.building.singing.agreement import judge, table_of
    from linernotes.building.singing.demixing import load_demixer
    from linernotes.cli.singing_build import need_trackers
    from linernotes.datasets.sources import audio_root, open_clips

    need_trackers()
    chosen = load_demixer(demixer)
    with progress_bar("measuring", limit) as advance:
        report = judge(islice(open_clips(corpus), limit), audio_root(corpus), chosen, kept=kept, done=advance)
    typer.echo(json.dumps(asdict(report), indent=2) if as_json else table_of(report), nl=as_json)
