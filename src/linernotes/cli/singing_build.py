"""`linernotes singing build`: from tracks to captions of singing style, stage by stage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.cli.progress import progress_bar

if TYPE_CHECKING:
    from linernotes.building.singing.asking import AudioModel
    from linernotes.building.singing.making import Runner
    from linernotes.building.singing.records import Outcome
    from linernotes.building.singing.wording import CaptionWriter
    from linernotes.clip import Clip

HEARERS = "an address (http://localhost:8000/v1) or local:FOLDER (Qwen2-Audio)."
ANSWERS = "answers.sqlite"
"""Answers of language models in the folder of a set: what was asked once is not asked again."""


def register(singing_app: typer.Typer) -> None:
    """Add the command to `linernotes singing`."""
    singing_app.command("build")(build)


def build(
    source: str = typer.Argument(..., help="A manifest of tracks, or `folder` and the folder of audio."),
    root: Path | None = typer.Argument(None, help="The folder, when a data set's name is given."),
    out: Path = typer.Option(..., help="Folder of the data set; a killed run goes on here."),
    stages: str = typer.Option("all", help="Only these, as filter,demix,diarise,segment."),
    demixer: str = typer.Option("spleeter", help="spleeter, demucs:NAME or demucs:FOLDER."),
    diariser: str = typer.Option("gender-turns", help="gender-turns, pyannote or pyannote:NAME_OR_FOLDER."),
    audio_llm: str = typer.Option("", help="Is asked for gender, timbre, mood, tempo and style: " + HEARERS),
    audio_model: str = typer.Option("", help="Name of the model on the server of --audio-llm."),
    backend: str = typer.Option("templates", help="Writes captions: templates, an address, local:FOLDER ..."),
    model: str = typer.Option("", help="Name of the model on the server of --backend."),
    grammar: str = typer.Option(
        "light", help="light, languagetool or languagetool:ADDRESS (a server that runs)."
    ),
    pitch: str = typer.Option("dio", help="Tracks F0: dio or harvest."),
    guess_mood: bool = typer.Option(False, help="Guess moods nobody hears from mode and tempo."),
    need: list[str] = typer.Option([], help="Metadata that a track must have, as artist; several times."),
    born_from: int = typer.Option(1970, help="Singers born earlier are left out; an unknown year stays."),
    fit_terciles: bool = typer.Option(False, help="Fit the classes of volume and pitch on this set."),
    allow_partial: bool = typer.Option(False, help="Keep segments of which a required attribute is unknown."),
    seed: int = typer.Option(0, help="Of the splits."),
    jobs: int = typer.Option(
        1, min=1, help="Recordings worked on at the same time, in the stages that hold no large model."
    ),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Try again what failed before."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Build a set: filter, demix, diarise, segment, attributes, prompt, postprocess, split.

    Every stage keeps its output and says who made it; what is left out is counted by reason.
    Needs the extra singing.

    Examples:

    * `linernotes singing build tracks.jsonl --out sung-captions`
    * `linernotes singing build folder my-songs --out set --allow-partial --demixer demucs:htdemucs`
    * `linernotes singing build tracks.jsonl --out set --audio-llm http://localhost:8000/v1
      --audio-model Qwen/Qwen2-Audio-7B-Instruct`
    """
    from linernotes.building.singing.demixing import load_demixer
    from linernotes.building.singing.diarising import load_diariser
    from linernotes.building.singing.making import Plan
    from linernotes.building.singing.making import build as build_set
    from linernotes.building.singing.pitch_votes import METHODS
    from linernotes.building.singing.polishing import Polish
    from linernotes.building.singing.report import report_to_markdown
    from linernotes.building.singing.stages import STAGES
    from linernotes.datasets.sources import audio_root, open_clips

    need_trackers()
    if pitch not in METHODS:
        raise typer.BadParameter(f"--pitch is {' or '.join(METHODS)}, not {pitch!r}")
    plan = Plan(
        source=Path(source).name if root is None else root.name,
        clips=lambda: open_clips(source, root),
        root=audio_root(source, root),
        demixer=load_demixer(demixer),
        diariser=load_diariser(diariser),
        writer=caption_writer(backend, model, out / ANSWERS),
        listener=listener_of(audio_llm, audio_model, out / ANSWERS),
        polish=Polish(grammar),
        need=tuple(need),
        born_from=born_from,
        pitch_method=pitch,
        guess_mood=guess_mood,
        fit_terciles=fit_terciles,
        allow_partial=allow_partial,
        seed=seed,
        stages=STAGES if stages == "all" else tuple(part.strip() for part in stages.split(",")),
        retry_failed=retry_failed,
        run=_runner(jobs),
    )
    with _bars() as begins:
        report = build_set(plan, out, begins)
    typer.echo(
        json.dumps(asdict(report), indent=2, ensure_ascii=False) if as_json else report_to_markdown(report),
        nl=as_json,
    )


def _runner(jobs: int) -> Runner:
    from linernotes.batch import CRASHED, map_in_order

    def run(work: Callable[[Clip], Outcome], clips: Sequence[Clip]) -> Iterator[Outcome | str]:
        for done in map_in_order(work, clips, jobs=jobs):
            yield done.value if done.value is not None else done.error or CRASHED

    return run


@contextmanager
def _bars() -> Iterator[Callable[[str, int], Callable[[int], None]]]:
    """A bar for each stage, the last one gone when the next begins."""
    with ExitStack() as shown:

        def begins(name: str, items: int) -> Callable[[int], None]:
            shown.pop_all().close()
            return shown.enter_context(progress_bar(name, items))

        yield begins


def need_trackers() -> None:
    """See that pyworld and swift-f0 are there before any work: without them every item would fail, and be kept so.

    Raises:
        ValueError: pyworld is not.
        MissingExtraError: swift-f0 is not.
    """
    from linernotes.building.singing.pitch_votes import EXTRA
    from linernotes.datasets.rendered.render import RenderError
    from linernotes.datasets.rendered.singing import load_world
    from linernotes.registry import need_extra

    try:
        load_world()
    except RenderError as error:
        raise ValueError(str(error)) from error
    need_extra("swift_f0", EXTRA)


def caption_writer(backend: str, model: str = "", cache: Path | None = None) -> CaptionWriter:
    """Who writes the sentences, from what stands on the command line."""
    from linernotes.building.singing.wording import ModelWriter, Templates
    from linernotes.llm.load import Manners, load_language_model

    if backend == "templates":
        return Templates()
    return ModelWriter(load_language_model(backend, model=model, manners=Manners(cache=cache)))


def listener_of(audio_llm: str, audio_model: str = "", cache: Path | None = None) -> AudioModel | None:
    """Who is asked what singing sounds like, if anybody."""
    from linernotes.building.singing.asking import load_listener

    if audio_model and not audio_llm:
        raise typer.BadParameter("--audio-model names a model on a server: give its address by --audio-llm")
    return load_listener(audio_llm, audio_model, cache) if audio_llm else None
