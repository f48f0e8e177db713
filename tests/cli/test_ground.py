"""`linernotes ground`: what a person sees, and one line for each bad input."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import soundfile
from notes_fixture import NOTES
from typer.testing import CliRunner

from linernotes.cli.app import app
from linernotes.notes_json import notes_to_dict, notes_to_json


def run(*args: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout + result.stderr


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "song.json"
    path.write_text(notes_to_json(NOTES), encoding="utf-8")
    return path


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_ground_one_caption(notes: Path) -> None:
    caption = "A piano piece in A major at 60 BPM."
    data = json.loads(run("ground", caption, "--notes", notes, "--json")[1])
    assert {row["value"]: (row["verdict"], row["fact_id"]) for row in data["claims"]} == {
        "piano": ("supported", "instrument:piano"),
        "A major": ("contradicted", "key"),
        "60 BPM": ("contradicted", "tempo"),
    }
    assert data["counts"] == {"supported": 1, "contradicted": 2, "unverifiable": 0}
    shown = run("ground", caption, "--notes", notes)[1]
    assert "contradicted" in shown
    assert "relative" in shown


def test_ground_takes_the_output_of_facts(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps([asdict(fact) for fact in NOTES.facts]), encoding="utf-8")
    assert '"supported": 1' in run("ground", "a piano", "--notes", path, "--json")[1]


def test_ground_listens_to_a_recording(example: Path, tmp_path: Path) -> None:
    waveform, rate = soundfile.read(example, frames=12 * 44100)
    soundfile.write(tmp_path / "start.wav", waveform, rate)
    data = json.loads(run("ground", "60 BPM in D major.", "--audio", tmp_path / "start.wav", "--json")[1])
    assert [row["verdict"] for row in data["claims"]] == ["contradicted", "supported"]
    notes = lines(tmp_path / "n.jsonl", json.loads(run("caption", tmp_path / "start.wav", "--json")[1]))
    own = json.loads(run("ground", notes, "--notes", notes, "--json")[1])
    assert own["claims"] >= 2
    assert own["shares"]["contradicted"]["value"] == 0.0
    assert own["shares"]["contradicted"]["shuffled"] is None


def test_ground_many_captions(tmp_path: Path) -> None:
    captions = lines(
        tmp_path / "c.jsonl", {"id": "x", "caption": "A piano."}, {"id": "y", "caption": "Db major."}
    )
    named = notes_to_dict(NOTES)
    measured = lines(tmp_path / "n.jsonl", {**named, "id": "x"}, {"id": "y", "facts": named["facts"]})
    report = tmp_path / "report.md"
    assert run("ground", captions, "--notes", measured, "--out", report)[0] == 0
    text = report.read_text()
    assert "2 captions make 2 statements" in text
    assert "| supported | 50.0% |" in text
    assert "| 50.0% |\n" in text  # both have the same facts, so the shuffled share is the same
    data = json.loads(run("ground", captions, "--notes", measured, "--json")[1])
    assert data["shares"]["contradicted"]["value"] == 0.5
    low, high = data["shares"]["contradicted"]["ci95"]
    assert 0.0 <= low <= 0.5 <= high <= 1.0


def test_notes_are_found_by_the_name_of_their_recording(tmp_path: Path) -> None:
    named = notes_to_dict(NOTES)
    measured = lines(
        tmp_path / "n.jsonl", {**named, "audio": {**named["audio"], "path": "music/song one.mp3"}}
    )
    captions = lines(tmp_path / "c.jsonl", {"id": "song one", "caption": "A piano."})
    assert "100.0%" in run("ground", captions, "--notes", measured)[1]
    assert "| supported | 100.0% |" in run("ground", measured, "--notes", measured)[1]


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ('{"id": "x"}\n', "line 1 is no"),
        ("nonsense\n", "line 1 is no"),
        ('{"id": "x", "caption": 3}\n', "the caption is no string"),
        ('{"id": "x", "caption": "a"}\n{"id": "x", "caption": "b"}\n', "was used before"),
        ('{"id": "z", "caption": "a"}\n', "1 caption has no notes"),
        ("", "holds no captions"),
    ],
)
def test_bad_captions_are_named(tmp_path: Path, captions: str, message: str) -> None:
    measured = lines(tmp_path / "n.jsonl", {"id": "x", "facts": []})
    path = tmp_path / "c.jsonl"
    path.write_text(captions)
    with pytest.raises(ValueError, match=message):
        run("ground", path, "--notes", measured)


def test_captions_without_a_statement_are_counted_and_named(tmp_path: Path) -> None:
    rows = [{"id": name, "caption": text} for name, text in (("x", "A piano."), ("y", "Hello."), ("z", ""))]
    captions = lines(tmp_path / "c.jsonl", *rows)
    measured = lines(tmp_path / "n.jsonl", *({"id": name, "facts": []} for name in "xyz"))
    report = run("ground", captions, "--notes", measured)[1]
    assert "3 captions make 1 statement about music" in report
    assert "2 captions make no statement: `y`, `z`" in report
    data = json.loads(run("ground", captions, "--notes", measured, "--json")[1])
    assert data["without_statements"] == ["y", "z"]


def test_one_caption_with_the_notes_of_several_recordings_is_told_what_to_give(tmp_path: Path) -> None:
    rows = [{"id": name, "facts": [asdict(fact) for fact in NOTES.facts]} for name in "xy"]
    with pytest.raises(
        ValueError, match="holds notes of 2 recordings: for one caption give the notes of its"
    ):
        run("ground", "a piano", "--notes", lines(tmp_path / "n.jsonl", *rows))
    one = lines(tmp_path / "one.jsonl", rows[0])
    assert '"supported": 1' in run("ground", "a piano", "--notes", one, "--json")[1]


def test_a_contradicted_denial_is_quoted_whole(tmp_path: Path) -> None:
    captions = lines(tmp_path / "c.jsonl", {"id": "x", "caption": "A song without piano."})
    measured = lines(tmp_path / "n.jsonl", {"id": "x", "facts": [asdict(fact) for fact in NOTES.facts]})
    assert '"without piano", but' in run("ground", captions, "--notes", measured)[1]


@pytest.mark.parametrize("content", ["nonsense", "{}", "3", '[{"name": "key"}]', '{"schema_version": "9.0"}'])
def test_bad_notes_are_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "n.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"n\.json"):
        run("ground", "a piano", "--notes", path)


def test_contradictory_options_are_refused(notes: Path, example: Path) -> None:
    assert run("ground", "a piano")[0] == 2
    assert run("ground", "a piano", "--notes", notes, "--audio", example)[0] == 2
    assert run("ground", "x.jsonl", "--audio", example)[0] == 2
