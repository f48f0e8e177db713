"""From a recipe and a manifest to a model that captions a recording, all by commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("accelerate")

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from tones import write_recipe, write_tones

from linernotes.cli.app import app

pytestmark = pytest.mark.torch

QUICK = [
    "--set",
    "training.epochs=8",
    "--set",
    "training.metrics=[]",
    "--set",
    "model.variant=released",
    "--set",
    "training.learning_rate=4e-2",
]


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    manifest = write_tones(folder / "data", clips=15)
    told = run("train", write_recipe(folder), "--data", manifest, "--out", folder / "out", *QUICK, "--json")
    assert json.loads(told)["epochs"] == 8
    return folder


def test_a_run_leaves_what_is_needed_to_use_and_to_judge_it(trained: Path) -> None:
    out = trained / "out"
    for name in ("best", "last"):
        info = json.loads((out / name / "training.json").read_text())
        assert {"git_revision", "metrics", "recipe", "step", "licences"} <= set(info)
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["kind"] == "step"]
    assert len(losses) == 8 * 4
    assert np.mean(losses[-4:]) < 0.9 * np.mean(losses[:4])
    assert (out / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert list((out / "tensorboard").iterdir())


def test_a_dry_run_counts_and_writes_nothing(trained: Path, tmp_path: Path) -> None:
    arguments = ("train", trained / "tiny.toml", "--data", trained / "data" / "manifest.jsonl", "--dry-run")
    report = json.loads(run(*arguments, "--json", "--out", tmp_path / "out"))
    assert report["train_clips"] == 12
    assert report["validation_clips"] == 3
    assert report["total_steps"] == 2 * 4
    assert report["audio_shape"] == [3, 16, 64]
    learned = {part["name"]: part["learned"] for part in report["parts"]}
    assert learned["encoder"] == 0 < learned["network"]
    assert "steps: 4 an epoch, 8 in all" in run(*arguments)
    assert not (tmp_path / "out").exists()


def test_a_trained_model_captions_recordings_of_any_length(trained: Path, tmp_path: Path) -> None:
    rate, seconds = 16_000, 65
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(rate * seconds) / rate)
    soundfile.write(tmp_path / "long.wav", tone, rate)
    model = trained / "out" / "best"
    notes = json.loads(run("caption", tmp_path / "long.wav", "--model", model, "--json"))
    assert [section["start_s"] for section in notes["sections"]] == [0, 30, 60]
    assert notes["sections"][-1]["end_s"] == pytest.approx(65, abs=0.01)
    assert notes["caption"] in {section["caption"] for section in notes["sections"]}
    assert notes["facts"] == []
    assert any("not traced" in warning for warning in notes["warnings"])
    run("caption", trained / "data" / "1.wav", "--model", model, "--explain", tmp_path / "words.png")
    assert (tmp_path / "words.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--explain", "x.png"], "needs --model"),
        (["--model", "absent", "--style", "long"], "leave out --writer"),
    ],
)
def test_contradictions_are_refused(trained: Path, options: list[str], message: str) -> None:
    done = CliRunner().invoke(
        app, ["caption", str(trained / "data" / "1.wav"), *options], env={"COLUMNS": "200"}
    )
    assert done.exit_code == 2
    assert message in done.output


def test_mistakes_cost_a_line(trained: Path) -> None:
    for arguments, message in (
        (["train", trained / "tiny.toml"], "no data to train on"),
        (["train", trained / "absent.toml"], "no recipe at"),
        (["caption", trained / "data" / "1.wav", "--model", trained / "data"], "holds no config.json"),
    ):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert isinstance(done.exception, ValueError)
        assert message in str(done.exception)


def test_ctrl_c_says_how_to_go_on(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("linernotes.training.loop.train", interrupted)
    arguments = [
        "train",
        trained / "tiny.toml",
        "--data",
        trained / "data" / "manifest.jsonl",
        "--out",
        tmp_path,
    ]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 130
    assert f"--resume goes on from what is saved in {tmp_path}" in done.output
