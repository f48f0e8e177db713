"""Whether the files of a data set are those that were published, or at least those seen before.

Few data sets publish checksums. Where one is known it is given with its page; where none is, the first check
writes down what it saw in `linernotes-checksums.json` beside the files, and later checks compare with that.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from linernotes.manifest import whole_file

RECORD = "linernotes-checksums.json"
BLOCK_BYTES = 1 << 20
BAD_STATES = ("missing", "differs", "changed")


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file that the data set consists of; `checksum` is "sha256:...", "git:..." (a blob's id) or ""."""

    name: str
    checksum: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class FileCheck:
    """State of one file: `published` (as published), `same` (as first seen), `recorded` (seen now for the first
    time), `missing`, `absent` (and optional), `differs` (from the published), `changed` (since first seen)."""

    name: str
    state: str
    checksum: str = ""

    @property
    def is_bad(self) -> bool:
        return self.state in BAD_STATES

    def __str__(self) -> str:
        words = {
            "published": "as published",
            "same": "as at the first check",
            "recorded": "no checksum is published; this one was written down",
            "missing": "missing",
            "absent": "not there (optional)",
            "differs": "is not the published file (another version, or damaged)",
            "changed": f"has changed since the first check ({RECORD})",
        }
        return f"{self.name}: {words[self.state]}"


def check_files(folder: Path, files: tuple[PublishedFile, ...]) -> tuple[FileCheck, ...]:
    """Check every file, and write down the checksums of those that have no published one (where one may write)."""
    seen = _read_record(folder)
    checks = tuple(_check(folder, file, seen) for file in files)
    new = {check.name: check.checksum for check in checks if check.state == "recorded"}
    if new:
        _write_record(folder, {**seen, **new})
    return checks


def checksum_of(path: Path, kind: str = "sha256") -> str:
    """`kind`:hex of a file's bytes; "git" is the id that git gives it as a blob."""
    digest = hashlib.new("sha1" if kind == "git" else kind)
    if kind == "git":
        digest.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return f"{kind}:{digest.hexdigest()}"


def _check(folder: Path, file: PublishedFile, seen: dict[str, str]) -> FileCheck:
    path = folder / file.name
    if not path.is_file():
        return FileCheck(file.name, "absent" if file.optional else "missing")
    if file.checksum:
        found = checksum_of(path, file.checksum.partition(":")[0])
        return FileCheck(file.name, "published" if found == file.checksum else "differs", found)
    found = checksum_of(path)
    if file.name not in seen:
        return FileCheck(file.name, "recorded", found)
    return FileCheck(file.name, "same" if seen[file.name] == found else "changed", found)


def _read_record(folder: Path) -> dict[str, str]:
    path = folder / RECORD
    try:
        record = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{path} is damaged: remove it, and the next check writes it anew") from error
    return {str(name): str(value) for name, value in record.items()}


def _write_record(folder: Path, record: dict[str, str]) -> None:
    try:
        with whole_file(folder / RECORD) as file:
            file.write((json.dumps(record, indent=2, sort_keys=True) + "\n").encode())
    except PermissionError:
        return  # a folder that is read-only is checked all the same
