"""`linernotes annotate`: one line for each thing that is wrong, JSON, a picture, and help with examples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from linernotes.building.annotate.labels_file import read_labels
from linernotes.cli.app import app

RUN = CliRunner()
FACT = {"unit": "", "confidence": 1.0, "source": "made", "start_s": 0.0, "end_s": 1.0}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Two clips with facts; the audio of the second is corrupt."""
    folder = tmp_path / "set"
    folder.mkdir()
    soundfile.write(folder / "a.wav", 0.1 * np.sin(np.arange(16000) / 10), 16000)
    (folder / "b.wav").write_bytes(b"RIFF" + bytes(60))
    facts = [
        {"id": "g", "name": "genre", "value": "rock", **FACT},
        {"id": "k", "name": "key", "value": "E minor", **FACT},
    ]
    path = folder / "manifest.jsonl"
    records = [{"clip_id": name, "audio_path": f"{name}.wav", "facts": facts} for name in "ab"]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def annotate(*arguments: object):  # type: ignore[no-untyped-def]
    return RUN.invoke(app, ["annotate", *(str(each) for each in arguments)])


def test_help_has_examples() -> None:
    shown = annotate("--help")
    assert shown.exit_code == 0
    assert "--truth --extractor none" in " ".join(shown.output.split())


def test_a_corrupt_file_costs_one_line(manifest: Path, tmp_path: Path) -> None:
    shown = annotate(manifest, "--out", tmp_path / "out", "--json")
    assert shown.exit_code == 1
    report = json.loads(shown.stdout)
    assert (report["annotated"], [each["clip_id"] for each in report["failures"]]) == (1, ["b"])
    assert len(shown.stderr.splitlines()) == 1
    assert "b.wav" in shown.stderr
    again = annotate(manifest, "--out", tmp_path / "out")
    assert "0 heard in this run" in again.stdout


def test_truth_alone_hears_nothing_and_draws(manifest: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the [plot] extra")
    out, picture = tmp_path / "out", tmp_path / "labels.svg"
    shown = annotate(manifest, "--out", out, "--truth", "--extractor", "none", "--plot", picture)
    assert shown.exit_code == 0, shown.output
    labels = read_labels(out / "labels.npz")
    assert labels.present("genre").sum() == 2
    assert labels.present("key").sum() == 2
    drawn = picture.read_text()
    assert "E minor" in drawn or "<svg" in drawn


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--truth", "--against-truth"), 2, "choose one"),
        (("--present", "0.1"), 2, "two numbers from 0 to 1"),
        (("--labels", "csv"), 2, "npz or parquet, not 'csv'"),
        (("--extractor", "none", "--extractor", "shipped"), 2, "no other"),
        (("--extractor", "nonsense"), 1, "package.module:name"),
        (("--predictions", "none.csv"), 1, "none.csv"),
        (("--plot", "x.pdf"), 1, ".png"),
        (("--split", "nowhere"), 1, "no split 'nowhere'"),
    ],
)
def test_bad_options_are_named(
    manifest: Path, tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    shown = annotate(manifest, "--out", tmp_path / "out", *options)
    assert shown.exit_code == code
    assert message in " ".join((shown.output + str(shown.exception)).split())


def test_the_manifest_is_not_written_over(manifest: Path) -> None:
    own = manifest.rename(manifest.with_name("annotated.jsonl"))
    shown = annotate(own, "--out", own.parent)
    assert shown.exit_code == 1
    assert "choose another name" in str(shown.exception)
