"""`linernotes models` lists; `linernotes models import` takes published weights in, to caption with at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1] / "models" / "lp_musiccaps"))
from published_file import published_weights, small_model, write_tokenizer  # noqa: E402

from linernotes.cli.app import app  # noqa: E402

pytestmark = pytest.mark.torch


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_import_and_caption(song: Path, tmp_path: Path) -> None:
    model = small_model()
    tokenizer = write_tokenizer(model, tmp_path / "tokenizer")
    weights = {f"module.{name}": tensor for name, tensor in published_weights(model).items()}
    torch.save({"state_dict": weights}, tmp_path / "transfer.pth")
    source = ["models", "import", "lp-musiccaps", tmp_path / "transfer.pth", "--tokenizer", tokenizer]
    told = json.loads(run(*source, "--out", tmp_path / "lp", "--json"))
    assert told["parameters"] == sum(weight.numel() for weight in model.parameters())
    assert {path.name for path in (tmp_path / "lp").iterdir()} >= {
        "config.json", "model.safetensors", "tokenizer.json",
    }  # fmt: skip
    notes = json.loads(run("caption", song, "--model", tmp_path / "lp", "--json"))
    assert notes["caption"]
    assert notes["audio"]["duration_s"] == pytest.approx(8.0)


def test_the_list_stays_where_it_was() -> None:
    assert all("licence" in item for item in json.loads(run("models", "--json")))
    assert "beatnet" in run("models")
