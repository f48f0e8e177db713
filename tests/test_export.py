"""Every format says what the notes say, and survives odd names and characters."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from notes_fixture import NOTES

from linernotes.clip import Caption
from linernotes.export import FORMATS, clock, to_csv, to_jams, to_markdown, to_srt, to_vtt, write_atomically
from linernotes.notes_json import notes_from_dict, notes_to_dict, notes_to_json

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "notes-schema.json").read_text("utf-8"))


def test_json_follows_the_documented_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(notes_to_json(NOTES)), SCHEMA)


def test_the_schema_refuses_what_is_no_notes() -> None:
    broken = notes_to_dict(NOTES)
    broken["facts"][0]["confidence"] = 1.5
    with pytest.raises(jsonschema.ValidationError, match=r"1\.5 is greater"):
        jsonschema.validate(broken, SCHEMA)
    with pytest.raises(jsonschema.ValidationError, match="unexpected"):
        jsonschema.validate({**notes_to_dict(NOTES), "mood": "sad"}, SCHEMA)


def test_json_comes_back_equal() -> None:
    shown = replace(NOTES, audio=replace(NOTES.audio, path="music/a | b\n\\udcff.mp3"))
    assert notes_from_dict(json.loads(notes_to_json(NOTES))) == shown


def test_reading_refuses_other_versions_and_other_things() -> None:
    with pytest.raises(ValueError, match=r"schema version .9\.0.; this linernotes reads 1"):
        notes_from_dict({**notes_to_dict(NOTES), "schema_version": "9.0"})
    with pytest.raises(ValueError, match="no linernotes notes"):
        notes_from_dict({"schema_version": "1.0"})


def test_one_line_json_is_one_line() -> None:
    assert "\n" not in notes_to_json(NOTES, indent=None)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_utf8_text_ending_in_a_newline(name: str) -> None:
    text = FORMATS[name].make(NOTES)
    assert text.encode("utf-8").endswith(b"\n")


def test_subtitles_have_a_cue_for_every_section() -> None:
    assert to_srt(NOTES).startswith(
        "1\n00:00:00,000 --> 00:00:30,000\nPiano | alone.\n\n2\n00:00:30,000 --> 00:01:05,000"
    )
    vtt = to_vtt(NOTES)
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:30.000\n")
    assert "More -> of it." in vtt


def test_subtitles_without_sections_have_one_cue() -> None:
    whole = to_srt(replace(NOTES, sections=()))
    assert whole == "1\n00:00:00,000 --> 00:01:05,000\nA piano piece at 120 BPM.\n"


def test_csv_has_a_row_for_every_fact() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(NOTES))))
    assert [row["scope"] for row in rows] == ["recording"] * 4 + ["section 1"]
    assert rows[0]["value"] == "120.25"


def test_markdown_keeps_its_tables_whole() -> None:
    text = to_markdown(NOTES)
    assert text.splitlines()[0] == "# a | b \\udcff.mp3"
    assert "| 0:00 | 0:30 | A | Piano \\| alone. |" in text
    assert "| tempo | 120.2 BPM | 0.90 | beats |" in text
    assert "F#:min" not in text


def test_jams_speaks_its_namespaces() -> None:
    document = json.loads(to_jams(NOTES))
    found = {item["namespace"]: item["data"] for item in document["annotations"]}
    assert found["key_mode"][0]["value"] == "F#:minor"
    assert found["chord_harte"][0]["value"] == "F#:min"
    assert found["tempo"][0]["value"] == 120.25
    assert document["file_metadata"]["duration"] == 65.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (65.9, "1:05"), (3600, "1:00:00"), (36059, "10:00:59")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "deep" / "song.json"
    write_atomically(target, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"can't write .*song\.json.*No space left"):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


def test_written_files_are_readable_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o666 & ~_umask()


def test_a_caption_without_claims_is_possible() -> None:
    assert notes_to_dict(replace(NOTES, caption=Caption("Nothing.")))["claims"] == []


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
