"""`linernotes caption` and `plot`: from recordings to notes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from linernotes.batch import Outcome, map_in_order
from linernotes.cli.caption_long import (
    CACHE,
    KEY,
    LENGTH,
    LLM,
    LLM_MODEL,
    LONG,
    MANNER,
    PLOT,
    TIMEOUT,
    WINDOWS,
    LongAsked,
    check_long,
    long_captioner,
    note_not_asked,
    note_stand_in,
    was_not_asked,
)
from linernotes.cli.card import print_card
from linernotes.cli.facts import PATH, facts, listening, watched_analysis
from linernotes.cli.inputs import find_recordings, output_stems
from linernotes.cli.progress import progress_bar, progress_steps
from linernotes.clip import Licence, Notes
from linernotes.export import FORMATS, write_atomically
from linernotes.longform.options import Length, LongOptions, Manner, WindowKind
from linernotes.notes_json import notes_to_json, printable
from linernotes.registry import licences, refuse_non_commercial

if TYPE_CHECKING:
    from linernotes.captioner import Captioner
    from linernotes.longform.long_captioner import LongCaptioner
    from linernotes.trained_captioner import TrainedCaptioner

# linernotes.captioner is imported where it is used: with numpy and onnxruntime it takes most of a second, which
# --help and shell completion should not wait for.


class WriterName(str, Enum):
    """Choices of --writer."""

    composer = "composer"
    small = "small"


class Style(str, Enum):
    """Choices of --style."""

    short = "short"
    long = "long"
    tags = "tags"
    generator = "generator"


PRINTED_TOGETHER = ("txt", "md", "json")
"""Formats of which several stand after one another and can still be told apart; txt gets the path before it."""

PATHS = typer.Argument(..., help="Recordings, or folders of them.", show_default=False, readable=False)
JSON = typer.Option(False, "--json", help="Print JSON; with several files one line each, in input order.")
WRITER = typer.Option(WriterName.composer, help="Who writes: the grammar, or the small text model.")
STYLE = typer.Option(Style.short, help="How long and for whom.")
SEED = typer.Option(0, help="Another seed, other words for the same facts.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("caption")(caption)
    app.command("facts")(facts)
    app.command("plot")(plot)


@dataclass(frozen=True, slots=True)
class _Job:
    """What one process needs to know to caption one file and write its notes."""

    path: Path
    stem: Path | None
    formats: tuple[str, ...]
    writer: str
    style: str
    seed: int
    threads: int
    model: Path | None = None
    long: LongAsked | None = None


def caption(
    paths: list[Path] = PATHS,
    as_json: bool = JSON,
    out: Path | None = typer.Option(None, help="Write the notes below this folder instead of printing."),
    sidecar: bool = typer.Option(False, "--sidecar", help="Write the notes beside each recording."),
    formats: str = typer.Option(
        "", "--format", help=f"One or several of {', '.join(FORMATS)}, with commas. To files: txt,json."
    ),
    writer: WriterName = WRITER,
    style: Style = STYLE,
    seed: int = SEED,
    model: Path | None = typer.Option(
        None,
        help="Caption with a model that `train` or `export onnx` wrote: its folder, such as runs/NAME/best.",
    ),
    explain: Path | None = typer.Option(
        None, help="With --model and one recording: draw which seconds each word attended to (.png or .svg)."
    ),
    is_long: bool = LONG,
    llm: str = LLM,
    llm_model: str = LLM_MODEL,
    key_variable: str = KEY,
    cache: Path | None = CACHE,
    timeout: float = TIMEOUT,
    windows: WindowKind = WINDOWS,
    length: Length = LENGTH,
    manner: Manner = MANNER,
    plot_to: Path | None = PLOT,
    jobs: int = typer.Option(1, min=1, help="Recordings worked on at the same time."),
    skip_existing: bool = typer.Option(False, help="Leave recordings alone whose notes are there already."),
    commercial_ok: bool = typer.Option(
        False, "--commercial-ok", help="Refuse models whose licence forbids commercial use."
    ),
) -> None:
    """Caption recordings: what they are, how they unfold, and the facts behind every word.

    Examples:

    * `linernotes caption song.mp3`
    * `linernotes caption song.mp3 --json | jq -r .caption`
    * `linernotes caption music/ --out notes/ --jobs 2 --skip-existing`
    * `linernotes caption samples/ --sidecar --style generator --format txt`
    * `linernotes caption song.mp3 --model runs/attention/best --explain attention.png`
    * `linernotes caption mix.mp3 --long --plot mix.png`
    * `linernotes caption mix.mp3 --long --llm http://localhost:11434/v1 --llm-model qwen3 --windows sections`
    """
    _refuse_other_writers(model, explain, writer, style, seed)
    if commercial_ok:
        refuse_non_commercial(_licences(model, writer))
        if is_long and llm != "none":
            raise ValueError(
                "--commercial-ok: whether a language model's words may be sold, its provider knows"
            )
    to_files = out is not None or sidecar
    chosen = _chosen_formats(formats, to_files)
    _refuse_contradictions(as_json, out, sidecar, skip_existing and not to_files, chosen)
    if out is not None:
        _make_folder(out)
    recordings = find_recordings(paths)
    options = LongOptions(windows, length, manner, seed)
    asked = LongAsked(options, llm, llm_model, key_variable, cache, timeout)
    long = check_long(is_long, asked, plot_to, [item.path for item in recordings])
    if len(recordings) > 1 and not to_files and chosen and chosen[0] not in PRINTED_TOGETHER:
        raise typer.BadParameter(f"--format {chosen[0]} of several recordings needs --out DIR or --sidecar")
    for option, picture in (("--explain", explain), ("--plot", plot_to)):
        if picture is not None and (to_files or len(recordings) > 1):
            raise typer.BadParameter(
                f"{option} draws one recording and prints its notes: give one, without --out"
            )
    if explain is not None and is_long:
        raise typer.BadParameter("--explain draws the short caption's attention: leave out --long")
    stems = output_stems(recordings, out) if to_files else [None] * len(recordings)
    threads = 2 if jobs == 1 else 1
    todo = [
        _Job(item.path, stem, chosen, writer.value, style.value, seed, threads, model, long)
        for item, stem in zip(recordings, stems, strict=True)
    ]
    if skip_existing and to_files:
        todo = [job for job in todo if not all(path.exists() for path in _targets(job))]
    if len(recordings) == 1 and not to_files:
        notes = _watched_long(todo[0], plot_to) if long else _watched_notes(todo[0], explain)
        note_stand_in(notes)
        _show(notes, as_json, chosen, single=True)
        return
    try:
        failed = _run(todo, jobs, as_json, chosen)
    except KeyboardInterrupt:
        print("linernotes: stopped; with --skip-existing the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    if to_files:
        print(
            f"{len(todo) - failed} captioned, {failed} failed, {len(recordings) - len(todo)} skipped",
            file=sys.stderr,
        )
    if failed:
        raise typer.Exit(1)


def plot(
    path: Path = PATH,
    out: Path = typer.Option(..., help="The picture to write: .png or .svg."),
    style: Style = STYLE,
    seed: int = SEED,
    is_long: bool = typer.Option(
        False, "--long", help="With the sentences of the long description beside it."
    ),
    length: Length = LENGTH,
) -> None:
    """Draw a recording: loudness, sections, tempo, key and chords, tags over time.

    Examples:

    * `linernotes plot song.mp3 --out song.png`
    * `linernotes plot mix.mp3 --long --length full --out mix.png`
    """
    from linernotes.captioner import load_captioner
    from linernotes.plot import plot_notes

    captioner = load_captioner(style=style.value, seed=seed)
    asked = LongAsked(LongOptions(length=length, seed=seed))
    writer = long_captioner(asked, captioner) if is_long else captioner
    analysis = watched_analysis(captioner, path)
    plot_notes(writer.write(analysis), analysis.frames, out)
    print(f"wrote {printable(str(out))}", file=sys.stderr)


def _chosen_formats(formats: str, to_files: bool) -> tuple[str, ...]:
    chosen = tuple(name.strip() for name in formats.split(",") if name.strip())
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no format; choose from {', '.join(FORMATS)}")
    if len(chosen) > 1 and not to_files:
        raise typer.BadParameter("several formats need --out DIR or --sidecar")
    return chosen or (("txt", "json") if to_files else ())


def _refuse_contradictions(
    as_json: bool, out: Path | None, sidecar: bool, skips_nothing: bool, chosen: tuple[str, ...]
) -> None:
    """Raise where two options ask for different things, rather than let one of them win."""
    if sidecar and out is not None:
        raise typer.BadParameter("--sidecar writes beside the recordings, --out into a folder: choose one")
    if as_json and out is None and not sidecar and chosen not in ((), ("json",)):
        raise typer.BadParameter(f"--json and --format {chosen[0]} both ask for the output: choose one")
    if skips_nothing:
        raise typer.BadParameter(
            "--skip-existing needs --out DIR or --sidecar, where notes may be there already"
        )


def _make_folder(out: Path) -> None:
    """Make the output folder before any work is done for it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"--out {str(out)!r} can't be a folder: {error.strerror}") from error


def _targets(job: _Job) -> list[Path]:
    assert job.stem is not None
    return [job.stem.with_name(job.stem.name + FORMATS[name].suffix) for name in job.formats]


def _refuse_other_writers(
    model: Path | None, explain: Path | None, writer: WriterName, style: Style, seed: int
) -> None:
    """Raise where --model comes with options of the writers, or --explain without it."""
    if model is not None and (writer, style, seed) != (WriterName.composer, Style.short, 0):
        raise typer.BadParameter(
            "--model writes captions its own way: leave out --writer, --style and --seed"
        )
    if explain is not None and model is None:
        raise typer.BadParameter("--explain shows a trained model's attention: it needs --model DIR")


def _licences(model: Path | None, writer: WriterName) -> tuple[Licence, ...]:
    if model is not None:
        return _trained_captioner(model).licences
    from linernotes.captioner import MODELS

    return licences((*MODELS, writer.value))


@lru_cache(maxsize=1)
def _trained_captioner(model: Path) -> TrainedCaptioner:
    from linernotes.trained_captioner import load_trained_captioner

    return load_trained_captioner(model)


def _captioner(job: _Job) -> Captioner | TrainedCaptioner | LongCaptioner:
    if job.long is not None:
        return _long_captioner(job, job.long)
    if job.model is not None:
        return _trained_captioner(job.model)
    from linernotes.captioner import load_captioner

    return load_captioner(job.writer, style=job.style, seed=job.seed, threads=job.threads)


def _notes_of(job: _Job) -> Notes:
    """Caption one recording and write its files; runs in a process of its own with --jobs."""
    notes = _captioner(job)(job.path)
    if job.stem is not None:
        for name, target in zip(job.formats, _targets(job), strict=True):
            write_atomically(target, FORMATS[name].make(notes))
    return notes


def _run(todo: list[_Job], jobs: int, as_json: bool, chosen: tuple[str, ...]) -> int:
    """Work through the list; returns how many failed."""
    failed = not_asked = 0
    with progress_bar("captioning", len(todo)) as advance:
        for number, outcome in enumerate(map_in_order(_notes_of, todo, jobs=jobs), 1):
            failed += _report(outcome, as_json, chosen)
            not_asked += was_not_asked(outcome.value)
            advance(number)
    note_not_asked(not_asked)
    return failed


def _report(outcome: Outcome[_Job, Notes], as_json: bool, chosen: tuple[str, ...]) -> int:
    if outcome.value is None:
        reason = printable(outcome.error or "")
        name = printable(str(outcome.item.path))
        named = reason if outcome.item.path.name in reason else f"{name!r}: {reason}"
        print(f"linernotes: error: {named}", file=sys.stderr)
        return 1
    note_stand_in(outcome.value)
    if as_json or outcome.item.stem is None:
        _show(outcome.value, as_json, chosen, single=False)
    return 0


def _show(notes: Notes, as_json: bool, chosen: tuple[str, ...], *, single: bool) -> None:
    if as_json or chosen == ("json",):
        typer.echo(notes_to_json(notes, indent=2 if single else None))
    elif chosen:
        name = "" if single or chosen[0] != "txt" else printable(notes.audio.path).replace("\n", " ") + "\t"
        typer.echo(name + FORMATS[chosen[0]].make(notes), nl=False)
    else:
        print_card(Console(), notes)


def _watched_notes(job: _Job, explain: Path | None) -> Notes:
    if job.model is None:
        from linernotes.captioner import load_captioner

        captioner = load_captioner(job.writer, style=job.style, seed=job.seed, threads=job.threads)
        return captioner.write(watched_analysis(captioner, job.path))
    trained = _trained_captioner(job.model)
    with listening(job.path) as heard:
        captioned = trained.analyse(job.path, heard)
    if explain is not None:
        from linernotes.plot.attention import plot_attention

        plot_attention(trained.explain(captioned), trained.frame_s, explain)
        print(f"wrote {printable(str(explain))}", file=sys.stderr)
    return trained.write(captioned)


def _long_captioner(job: _Job, asked: LongAsked) -> LongCaptioner:
    from linernotes.captioner import load_captioner

    captioner = load_captioner(job.writer, style=job.style, seed=job.seed, threads=job.threads)
    return long_captioner(asked, captioner, _trained_captioner(job.model) if job.model else None)


def _watched_long(job: _Job, picture: Path | None) -> Notes:
    assert job.long is not None
    describing = _long_captioner(job, job.long)
    analysis = watched_analysis(describing.captioner, job.path)
    with progress_steps(2) as step:
        notes = describing.write(analysis, step)
    if picture is not None:
        from linernotes.plot import plot_notes

        plot_notes(notes, analysis.frames, picture)
        print(f"wrote {printable(str(picture))}", file=sys.stderr)
    return notes
