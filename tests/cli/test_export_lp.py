"""An LP-MusicCaps checkpoint to captions on a machine without PyTorch, by commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from linernotes.cli.app import app  # noqa: E402
from linernotes.models.families import save_model  # noqa: E402
from linernotes.models.lp_musiccaps import BartSizes, LpMusicCaps, LpMusicCapsConfig  # noqa: E402
from linernotes.models.lp_musiccaps.family import LP_MUSICCAPS  # noqa: E402

pytestmark = pytest.mark.torch

RATE = 16_000
WITHOUT_EXTRAS = """
import sys
for name in ("torch", "safetensors", "onnx", "transformers", "tokenizers", "accelerate"):
    sys.modules[name] = None  # importing it raises ImportError
from linernotes.cli.app import main
main()
"""


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained, of windows of one second, that decodes with 5 beams."""
    torch.manual_seed(2)
    config = LpMusicCapsConfig(window_s=1.0, sizes=BartSizes(24, 2, 3, 48, 96, 0.0), tokenizer_size=200)
    model = LP_MUSICCAPS.new(config, ["A low hum, long.", "Slow drums (rather loud)."])
    assert isinstance(model, LpMusicCaps)
    for name, weight in model.network.bart.named_parameters():
        if weight.ndim > 1:
            weight.data.normal_(std=1.0 if "decoder.embed_positions" in name else 0.2)
    folder = tmp_path_factory.mktemp("runs") / "tiny" / "best"
    recipe = {"decoding": {"beams": 5, "max_tokens": 12}}
    save_model(model.eval(), "lp-musiccaps", folder, {"recipe": recipe, "licences": ["CC0-1.0"], "step": 7})
    return folder


def test_the_same_notes_without_pytorch(checkpoint: Path, tmp_path: Path) -> None:
    song = tmp_path / "long.wav"
    t = np.arange(round(RATE * 23.4)) / RATE
    noise = np.random.default_rng(0).normal(0, 0.05, len(t))
    soundfile.write(song, 0.3 * np.sin(2 * np.pi * (110 + 40 * t) * t) + noise, RATE)
    report = json.loads(run("export", "onnx", checkpoint, "--json"))
    expected = json.loads(run("caption", song, "--model", checkpoint, "--json"))
    arguments = ["caption", str(song), "--model", report["folder"], "--json"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    notes = json.loads(done.stdout)
    assert len(notes["sections"]) == 24  # the last 1.4 s are two windows
    assert len({section["caption"] for section in notes["sections"]}) > 3
    for key in ("caption", "sections", "licences", "warnings", "audio"):
        assert notes[key] == expected[key]


def test_int8_has_a_folder_of_its_own_and_is_smaller(checkpoint: Path) -> None:
    sizes = {
        folder.name: report["size_bytes"]
        for options in ([], ["--int8"])
        for report in [json.loads(run("export", "onnx", checkpoint, *options, "--json"))]
        for folder in [Path(report["folder"])]
    }
    assert list(sizes) == ["best-onnx", "best-int8"]
    assert sizes["best-int8"] < sizes["best-onnx"]
