"""`linernotes read`: what a person sees of a text, a file and standard input, and one line for each bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linernotes.cli.app import app


def run(*args: object, stdin: bytes = b"") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["read", *map(str, args)], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout + result.stderr


def test_read_prints_facts() -> None:
    status, out = run("A slow waltz in Db major, no drums")
    assert status == 0
    assert all(word in out for word in ("Db major", "waltz", "not drums"))
    assert "says nothing" in run("hello")[1]


def test_read_shows_brackets_and_broken_unicode_as_they_are() -> None:
    assert "“drum [/] kit”" in run("a drum [/] kit")[1]
    assert json.loads(run("a drum \udcff kit", "--json")[1])[0]["text"] == "drum \udcff kit"


def test_read_gives_places_as_json() -> None:
    text = "No flute in C minor."
    data = json.loads(run(text, "--json")[1])
    assert [(row["attribute"], row["value"], row["polarity"]) for row in data] == [
        ("instrument", "flute", "denied"),
        ("key", "C minor", "stated"),
    ]
    assert [text[row["start"] : row["end"]] for row in data] == ["flute", "C minor"]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("A song without drums.", "without drums"),
        ("no drums, bass or flute", "no drums, bass or flute"),
        ("no vocals", "no vocals"),
        ("The flutes are completely absent.", "flutes are completely absent"),
        ("a drumless loop", "drumless"),
        ("free of drums", "free of drums"),
    ],
)
def test_a_denial_is_quoted_with_the_words_that_deny(text: str, quote: str) -> None:
    assert f"“{quote}”" in run(text)[1]
    assert json.loads(run(text, "--json")[1])[-1]["quote"] == quote


def test_a_text_file_and_standard_input_are_read(tmp_path: Path) -> None:
    path = tmp_path / "review.txt"
    path.write_text("\ufeffA slow waltz\nwith a flute.", encoding="utf-8")
    expected = ["slow", "waltz", "flute"]
    assert [row["value"] for row in json.loads(run(path, "--json")[1])] == expected
    assert [row["value"] for row in json.loads(run("-", "--json", stdin=path.read_bytes())[1])] == expected


def test_a_file_of_captions_gives_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    rows = [
        {"id": "a", "caption": "no flute"},
        {"caption": "hm\u2028hm"},
        {"audio": {"path": "c.wav"}, "caption": "3/4"},
    ]
    path.write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    expected = ["a\tinstrument: not flute", "2\tnothing about music", "c.wav\tmetre: 3/4"]
    assert run(path)[1].splitlines() == expected
    data = [json.loads(line) for line in run(path, "--json")[1].strip().split("\n")]
    assert [(row["id"], [fact["value"] for fact in row["facts"]]) for row in data] == [
        ("a", ["flute"]),
        ("2", []),
        ("c.wav", ["3/4"]),
    ]


@pytest.mark.parametrize("name", ["nofile.jsonl", "missing/song.mp3", "no.TXT"])
def test_a_missing_file_is_no_text(name: str) -> None:
    with pytest.raises(ValueError, match="there is no file"):
        run(name)


@pytest.mark.parametrize("text", ["a flute " * 1000, "a flute\0", "from flute.wav by a flute"])
def test_what_cannot_be_a_file_is_a_text(text: str) -> None:
    assert "flute" in run(text)[1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.mp3", b"\xff\xfb\x90", "a.mp3 is no text in UTF-8"),
        ("a.jsonl", b"", "holds no captions"),
        ("a.jsonl", b'{"caption": "a"}\n[]', "line 2 is no"),
        ("a.jsonl", b'{"caption": 3}', "line 1: the caption is no string"),
        ("a.jsonl", b"\xff", "a.jsonl is no text in UTF-8"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        run(tmp_path / name)


def test_a_text_in_another_script_is_told_what_is_read() -> None:
    assert "linernotes reads English" in " ".join(run("静かなワルツ")[1].split())
    for text in ("hello", "123", ""):
        assert "English" not in run(text)[1]
