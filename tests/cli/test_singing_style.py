"""From captions alone to a model of singing style, aligned and measured, all by commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from tones import write_tones

from linernotes.cli.app import app

pytestmark = pytest.mark.torch

RECIPES = Path(__file__).parents[2] / "recipes" / "s2cap"
TINY = [
    "model.sizes={dim=16,layers=1,heads=2,feed_forward=24,bands=32,window_frames=64,stride=16}",
    "training.epochs=1", "training.batch_size=4", "model.max_tokens=20",
]  # fmt: skip


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else str(done.exception)


def test_denoise_then_align_then_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = write_tones(tmp_path / "data", clips=10, test=True)
    sizes = ["--dim", 16, "--layers", 1, "--heads", 2, "--feed-forward", 24, "--tokens", 300]
    told = json.loads(run("denoise", manifest, "--out", "runs/caption-t5", "--steps", 3, *sizes, "--json"))
    assert told["captions"] == 12
    assert (tmp_path / "runs" / "caption-t5" / "config.json").is_file()
    overlaid = ["--with", RECIPES / "smoke.toml", "--with", RECIPES / "smoke-t5.toml"]
    tiny = [part for setting in TINY for part in ("--set", setting)]
    run("train", RECIPES / "crescendo.toml", *overlaid, *tiny, "--data", manifest, "--out", "runs/crescendo")
    found = json.loads(run("alignment", "runs/crescendo/best", "--data", manifest, "--json"))
    assert found["trained"]["clips"] == 2
    assert -1 <= found["trained"]["margin_low"] <= found["trained"]["margin_high"] <= 1
    shown = run("alignment", "runs/crescendo/best", "--data", manifest)
    assert "| trained |" in shown
    wrong = run("denoise", manifest, "--out", "x", "--held-out-split", "nowhere", *sizes, code=1)
    assert "held out" in wrong
    assert "--first second: no recipe" in run(
        "ablation", RECIPES / "ast-t5.toml", "--first", write_second(tmp_path), "--data", manifest, code=1
    )


def write_second(folder: Path) -> Path:
    path = folder / "second.toml"
    path.write_text('family = "s2cap"\n')
    return path
