"""Checksums: those that were published, those seen before, and files that changed or are gone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from linernotes.datasets.checksums import RECORD, PublishedFile, check_files, checksum_of

EMPTY_BLOB = "git:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
"""What git calls an empty file."""


def states(folder: Path, *files: PublishedFile) -> list[str]:
    return [check.state for check in check_files(folder, files)]


def test_checksums_are_those_of_git_and_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert checksum_of(tmp_path / "a", "git") == EMPTY_BLOB
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert checksum_of(tmp_path / "a") == "sha256:" + hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_a_published_file_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert states(tmp_path, PublishedFile("a", EMPTY_BLOB)) == ["published"]
    (tmp_path / "a").write_bytes(b"other")
    assert states(tmp_path, PublishedFile("a", EMPTY_BLOB)) == ["differs"]
    assert not (tmp_path / RECORD).exists()


def test_what_has_no_published_checksum_is_written_down_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    file = PublishedFile("a")
    assert states(tmp_path, file) == ["recorded"]
    assert states(tmp_path, file) == ["same"]
    (tmp_path / "a").write_bytes(b"2")
    assert states(tmp_path, file) == ["changed"]
    assert states(tmp_path, file) == ["changed"]
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(ValueError, match="is damaged: remove it"):
        states(tmp_path, file)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert states(tmp_path, PublishedFile("a"), PublishedFile("b", optional=True)) == ["missing", "absent"]
    (check,) = check_files(tmp_path, (PublishedFile("a"),))
    assert (check.is_bad, str(check)) == (True, "a: missing")
    assert list(tmp_path.iterdir()) == []
