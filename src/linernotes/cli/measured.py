"""Measured facts for the commands that hold texts against them: from notes, lists of facts, or a recording."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linernotes.cli.progress import progress_bar
from linernotes.clip import Fact
from linernotes.notes_json import notes_from_dict


@dataclass(frozen=True, slots=True)
class Measured:
    """Facts of a whole recording and, apart from them, those of its sections."""

    facts: tuple[Fact, ...]
    of_sections: tuple[Fact, ...] = ()


def measure(path: Path) -> Measured:
    """Listen to a recording, with a progress bar."""
    from linernotes.audio import probe
    from linernotes.captioner import load_captioner

    captioner = load_captioner()
    with progress_bar("listening", max(probe(path).duration_s, 1e-3)) as heard:
        notes = captioner.write(captioner.analyse(path, heard))
    return Measured(notes.facts, tuple(fact for section in notes.sections for fact in section.facts))


def read_measured(path: Path) -> Measured:
    """One recording's facts: notes as `linernotes caption --json` prints them, or a list from `facts --json`.

    Raises:
        ValueError: the file holds neither.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8") from error
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and all(_is_object(line) for line in lines):
        raise ValueError(
            f"{path} holds notes of {len(lines)} recordings: for one caption give the notes of its recording "
            "alone; for many, a .jsonl of captions with their ids"
        )
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    return _measured(data, str(path))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def read_measured_lines(path: Path) -> dict[str, Measured]:
    """Facts by clip id from JSON Lines of notes; an id is the line's "id", or its audio path, name or stem.

    Raises:
        ValueError: a line is no notes, or an "id" stands twice.
    """
    found: dict[str, Measured] = {}
    named: dict[str, list[Measured]] = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"{path} line {number}"
            try:
                data = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{where} is no JSON: {error}") from error
            measured = _measured(data, where)
            for name in _names(data, where, found):
                named.setdefault(name, []).append(measured)
            if isinstance(data, dict) and "id" in data:
                found[str(data["id"])] = measured
    return {name: items[0] for name, items in named.items() if len(items) == 1} | found


def _names(data: Any, where: str, found: dict[str, Measured]) -> Iterator[str]:
    """What else a recording may be called; a name that several share is none."""
    if not isinstance(data, dict):
        raise ValueError(f'{where}: a list of facts has no id; give {{"id": ..., "facts": [...]}}')
    if "id" in data and str(data["id"]) in found:
        raise ValueError(f"{where}: id {data['id']!r} was used before")
    audio = Path(str(data.get("audio", {}).get("path", "")))
    if audio.name:
        yield from dict.fromkeys((str(audio), audio.name, audio.stem))


def _measured(data: Any, where: str) -> Measured:
    """Notes, a list of facts, or an object with "facts"."""
    try:
        if isinstance(data, dict) and "schema_version" in data:
            notes = notes_from_dict(data)
            return Measured(notes.facts, tuple(fact for part in notes.sections for fact in part.facts))
        listed = data["facts"] if isinstance(data, dict) else data
        return Measured(tuple(Fact(**fact) for fact in listed))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{where} holds neither notes (linernotes caption --json) nor facts (linernotes facts --json): {error}"
        ) from error
