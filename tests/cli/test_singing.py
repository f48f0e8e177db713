"""`linernotes singing` as a person meets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from chat_stub import Stub, completion, send, stub
from typer.testing import CliRunner

from linernotes import audio
from linernotes.cli.app import app

__all__ = ["stub"]

runner = CliRunner()


@pytest.mark.parametrize("command", ["describe", "build", "render", "measure", "fetch"])
def test_help_has_an_example(command: str) -> None:
    shown = runner.invoke(app, ["singing", command, "--help"])
    assert shown.exit_code == 0
    assert "linernotes singing" in shown.output


def test_nobody_sings_in_a_hum(tmp_path: Path) -> None:
    times_s = np.arange(8 * 22_050) / 22_050
    soundfile.write(tmp_path / "hum.wav", 0.2 * np.sin(2 * np.pi * 50 * times_s), 22_050)
    told = runner.invoke(app, ["singing", "describe", str(tmp_path / "hum.wav"), "--json"])
    assert told.exit_code == 0, told.output
    notes = json.loads(told.stdout)
    assert notes["segments"] == []
    assert notes["caption"] in ("No singing was heard.", "It is not certain that anybody sings.")
    assert {one["value"] for one in notes["attributes"].values()} == {"unsure"}
    assert len(notes["attributes"]) == 10


def test_nobody_sings_in_silence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(3 * 22_050), 22_050)
    told = runner.invoke(app, ["singing", "describe", str(tmp_path / "silence.wav")])
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("No singing was heard.")
    assert "holds only silence" in told.stdout


def test_a_missing_tracker_ends_a_build_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every segment would be kept as failed, and stay so once the tracker is there."""
    monkeypatch.setitem(sys.modules, "swift_f0", None)
    tracks = tmp_path / "tracks.jsonl"
    tracks.write_text('{"clip_id": "a", "audio_path": "a.wav"}\n')
    done = runner.invoke(app, ["singing", "build", str(tracks), "--out", str(tmp_path / "set")])
    assert isinstance(done.exception, ImportError)
    assert "linernotes[singing]" in str(done.exception)
    assert not (tmp_path / "set").exists()


def test_a_list_without_addresses_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("# none\n")
    done = runner.invoke(app, ["singing", "fetch", str(tmp_path / "urls.txt"), "--out", str(tmp_path / "o")])
    assert isinstance(done.exception, ValueError)
    assert "names no address" in str(done.exception)


def test_measure_wants_a_corpus_with_truth(tmp_path: Path) -> None:
    row = {"clip_id": "a", "audio_path": "a.wav"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    done = runner.invoke(app, ["singing", "measure", str(tmp_path)])
    assert isinstance(done.exception, ValueError)
    assert "has no truth" in str(done.exception)


def test_a_model_without_a_server_is_a_usage_error(tmp_path: Path) -> None:
    tracks = tmp_path / "tracks.jsonl"
    tracks.write_text('{"clip_id": "a", "audio_path": "a.wav"}\n')
    for command in (["describe", "x.wav"], ["build", str(tracks), "--out", str(tmp_path / "set")]):
        done = runner.invoke(app, ["singing", *command, "--audio-model", "qwen2-audio"])
        assert done.exit_code == 2
        assert "--audio-llm" in done.output


@pytest.mark.recordings
def test_an_audio_model_is_asked_about_a_song_and_told_no_name(
    recordings: Path, tmp_path: Path, stub: Stub
) -> None:
    """Twelve seconds of a sung recording, whose name stands in the file's."""
    song = audio.decode(recordings / "librosa" / "Karissa_Hobbs_-_Lets_Go_Fishin.ogg", 22_050)
    path = tmp_path / "Karissa Hobbs - Let's Go Fishin'.wav"
    soundfile.write(path, song.waveform[34 * 22_050 : 46 * 22_050], 22_050)
    said = [
        {"singer_gender": "unsure", "timbre": "husky"},
        {"mood": "playful", "tempo": "moderate", "style": "She leans on the offbeats and lets notes fall."},
    ]
    stub.play(*(send(completion(json.dumps(one))) for one in said))
    told = runner.invoke(
        app, ["singing", "describe", str(path), "--json", "--audio-llm", stub.url, "--audio-model", "ears"]
    )
    assert told.exit_code == 0, told.output
    notes = json.loads(told.stdout)
    assert notes["made_by"]["listener"] == f"ears at {stub.url} listening prompt 1"
    heard = {name: (one["value"], one["source"]) for name, one in notes["attributes"].items()}
    assert heard["timbre"] == ("husky", "stub-1 listening prompt 1")
    assert heard["mood"] == ("playful", "stub-1 listening prompt 1")
    assert heard["singer_gender"][0] == "female"
    assert "stub" not in heard["singer_gender"][1]
    assert notes["segments"][0]["style"] == said[1]["style"]
    assert "playful" in notes["caption"]
    sent = json.dumps(stub.asked)
    assert not any(name in sent for name in ("Karissa", "Hobbs", "Fishin"))


def test_an_unknown_pitch_tracker_is_a_usage_error(tmp_path: Path) -> None:
    tracks = tmp_path / "tracks.jsonl"
    tracks.write_text('{"clip_id": "a", "audio_path": "a.wav"}\n')
    done = runner.invoke(
        app, ["singing", "build", str(tracks), "--out", str(tmp_path / "set"), "--pitch", "yin"]
    )
    assert done.exit_code == 2
    assert "dio or harvest" in done.output
    assert not (tmp_path / "set").exists()
