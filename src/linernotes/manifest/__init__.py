"""Manifests: the clips of a data set in one file, JSON Lines, Parquet or csv (the suffix decides).

One line a clip, shaped as `docs/manifest-schema.json` says. Files are streamed: millions of lines cost little
memory, the most of it to notice an id that comes twice. Audio paths are relative to the data set's root, which
is the manifest's folder unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linernotes.clip import Clip
from linernotes.manifest.files import whole_file
from linernotes.manifest.paths import audio_file, escape_of
from linernotes.manifest.record import (
    MANIFEST_VERSION,
    ManifestError,
    Problem,
    clip_from_record,
    clip_to_record,
    faults,
)
from linernotes.manifest.rows import SUFFIXES, read_rows, suffix_of, write_rows

__all__ = [
    "MANIFEST_VERSION",
    "SUFFIXES",
    "CheckedLine",
    "ManifestError",
    "Problem",
    "audio_file",
    "checked_lines",
    "clip_from_record",
    "clip_to_record",
    "escape_of",
    "faults",
    "manifest_problems",
    "read_manifest",
    "whole_file",
    "write_manifest",
]

MAX_PROBLEMS = 100


def read_manifest(path: str | Path, *, keep_unknown: bool = False) -> Iterator[Clip]:
    """Stream the clips of a manifest.

    With `keep_unknown`, fields that `Clip` does not have go to its `extra`; otherwise they are problems.

    Raises:
        ManifestError: something is wrong. The clips before the first bad line have been given out by then; the
            rest was only checked, so that the error lists the problems of the whole file (at most 100).
        ValueError: the file is not of the format that its suffix names.
    """
    path = Path(path)
    found: list[Problem] = []
    for line in checked_lines(path, keep_unknown=keep_unknown):
        found += line.problems
        if len(found) > MAX_PROBLEMS:
            break
        if not found and line.clip is not None:
            yield line.clip
    if found:
        raise ManifestError(str(path), tuple(found[:MAX_PROBLEMS]), more=len(found) > MAX_PROBLEMS)


def manifest_problems(path: str | Path, *, keep_unknown: bool = False) -> Iterator[Problem]:
    """Everything that is wrong with a manifest, in the order of its lines."""
    for line in checked_lines(path, keep_unknown=keep_unknown):
        yield from line.problems


def write_manifest(path: str | Path, clips: Iterable[Clip]) -> int:
    """Write a manifest as the clips come; the file appears whole or not at all. Returns how many clips.

    Raises:
        ManifestError: a clip that could not be read back (the first such ends the writing).
    """
    path = Path(path)
    suffix = suffix_of(path)
    written = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal written
        seen = _Ids()
        for number, clip in enumerate(clips, 1):
            record = clip_to_record(clip)
            found = [*faults(record), *seen.faults(clip.clip_id)]
            if found:
                raise ManifestError(str(path), tuple(Problem(number, clip.clip_id, fault) for fault in found))
            written = number
            yield record

    with whole_file(path) as file:
        write_rows(file, suffix, records())
    return written


class _Ids:
    """Clip ids met so far, as 64-bit hashes: a million take 60 MB, not hundreds."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def faults(self, clip_id: str) -> list[str]:
        mark = hash(clip_id)
        if mark in self._seen:
            return ["this clip_id stands in an earlier line already"]
        self._seen.add(mark)
        return []


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line of a manifest: a clip, or the problems because of which it is none."""

    number: int
    clip: Clip | None
    problems: tuple[Problem, ...] = ()


def checked_lines(path: str | Path, *, keep_unknown: bool = False) -> Iterator[CheckedLine]:
    """Every line of a manifest, with what is wrong with it."""
    seen = _Ids()
    for row in read_rows(Path(path)):
        found = [row.fault] if row.fault else faults(row.record, keep_unknown=keep_unknown)
        clip_id = row.record.get("clip_id") if isinstance(row.record, dict) else None
        if isinstance(clip_id, str):
            found = [*found, *seen.faults(clip_id)]
        if found:
            name = clip_id if isinstance(clip_id, str) else ""
            yield CheckedLine(row.line, None, tuple(Problem(row.line, name, fault) for fault in found))
        else:
            yield CheckedLine(row.line, clip_from_record(row.record, keep_unknown=keep_unknown))
