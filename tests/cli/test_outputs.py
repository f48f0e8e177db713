"""A command writes over nothing that it reads, and knows before any work whether it can write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linernotes.cli.outputs import check_outputs


def test_folders_are_made_and_older_results_may_be_written_over(tmp_path: Path) -> None:
    new, old = tmp_path / "a" / "b" / "report.md", tmp_path / "old.md"
    old.write_text("older")
    check_outputs({"--out": new, "--plot": None, "--per-clip": old}, [tmp_path / "read.jsonl", None])
    assert list(new.parent.iterdir()) == []
    assert old.read_text() == "older"


@pytest.mark.parametrize("way", ["same", "dots", "symlink", "hard link", "folder link"])
def test_an_input_is_refused_however_it_is_named(tmp_path: Path, way: str) -> None:
    read = tmp_path / "read.jsonl"
    read.write_text("captions")
    (tmp_path / "sub").mkdir()
    out = {"same": read, "dots": tmp_path / "sub" / ".." / "read.jsonl"}.get(way, tmp_path / "link")
    if way == "symlink":
        out.symlink_to(read)
    elif way == "hard link":
        os.link(read, out)
    elif way == "folder link":
        out.symlink_to(tmp_path, target_is_directory=True)
        out /= "read.jsonl"
    with pytest.raises(ValueError, match=r"--out .* is a file that this command reads"):
        check_outputs({"--out": out}, [read])
    assert read.read_text() == "captions"


def test_two_options_cannot_name_one_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--out and --per-clip are the same file"):
        check_outputs({"--out": tmp_path / "x", "--per-clip": tmp_path / "." / "x"}, [])


def test_what_cannot_be_written_is_said_by_option(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"--out .* is a folder; name a file in it"):
        check_outputs({"--out": tmp_path}, [])
    with pytest.raises(ValueError, match=r"--out /dev/null is no regular file"):
        check_outputs({"--out": Path("/dev/null")}, [])
    with pytest.raises(OSError, match=r"--plot .* can't be written: a part of the path is a file"):
        check_outputs({"--plot": tmp_path / "file" / "x.png"}, [])
    with pytest.raises(OSError, match=r"--out .* can't be written: "):
        check_outputs({"--out": tmp_path / "file" / "deeper" / "x.md"}, [])
