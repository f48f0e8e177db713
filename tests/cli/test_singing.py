"""`linernotes singing` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from linernotes.cli.app import app

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
