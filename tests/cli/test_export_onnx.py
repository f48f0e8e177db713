"""From a checkpoint to captions on a machine without PyTorch, by commands."""

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

from linernotes import load_captioner  # noqa: E402
from linernotes.cli.app import app  # noqa: E402
from linernotes.models.families import save_model  # noqa: E402
from linernotes.models.muscaps import EncoderConfig, MusCaps, MusCapsConfig  # noqa: E402
from linernotes.models.word_family import MUSCAPS  # noqa: E402
from linernotes.registry import refuse_non_commercial  # noqa: E402

pytestmark = pytest.mark.torch

WITHOUT_EXTRAS = """
import sys
for name in ("torch", "safetensors", "onnx", "transformers", "accelerate"):
    sys.modules[name] = None  # importing it raises ImportError
from linernotes.cli.app import main
main()
"""


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert isinstance(done.exception, ValueError)
    return str(done.exception)


def run_without_pytorch(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_EXTRAS, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained attention model on the shipped musicnn, sure of what it says, that decodes with 3 beams."""
    torch.manual_seed(5)
    encoder = EncoderConfig("musicnn-mtt", "shipped", frozen=True)
    config = MusCapsConfig(encoder=encoder, attention=True, word_dim=12, hidden=24, min_count=1)
    model = MUSCAPS.new(config, ["a low slow hum of strings .", "bright drums , fast and loud ."])
    assert isinstance(model, MusCaps)
    model.eval()
    with torch.no_grad():
        model.network.output.weight *= 12
        model.network.output.bias[model.vocabulary.eos_id] -= 9
    folder = tmp_path_factory.mktemp("runs") / "tiny" / "best"
    recipe = {"decoding": {"beams": 3, "max_tokens": 9, "length_penalty": 0.0}}
    save_model(model, "muscaps", folder, {"recipe": recipe, "licences": ["CC0-1.0"], "step": 7})
    return folder


@pytest.fixture(scope="module")
def exported(checkpoint: Path) -> Path:
    report = json.loads(run("export", "onnx", checkpoint, "--json"))
    assert report["difference"] < 1e-4
    folder = Path(report["folder"])
    assert folder == checkpoint.with_name("best-onnx")
    assert report["size_bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    return folder


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """65 s that rise from a low tone to a high one, with clicks."""
    path = tmp_path_factory.mktemp("audio") / "long.wav"
    t = np.arange(16_000 * 65) / 16_000
    wave = 0.3 * np.sin(2 * np.pi * (110 + 20 * t) * t) * np.exp(-3 * (t % 0.5))
    soundfile.write(path, wave, 16_000)
    return path


def test_without_pytorch_a_long_recording_gets_the_same_notes(
    checkpoint: Path, exported: Path, long_recording: Path
) -> None:
    expected = json.loads(run("caption", long_recording, "--model", checkpoint, "--json"))
    done = run_without_pytorch("caption", long_recording, "--model", exported, "--json")
    assert done.returncode == 0, done.stderr
    notes = json.loads(done.stdout)
    assert [section["start_s"] for section in notes["sections"]] == [0, 30, 60]
    for key in ("caption", "sections", "licences", "warnings", "audio"):
        assert notes[key] == expected[key]
    assert {"musicnn-mtt", "muscaps (tiny/best)"} == {entry["component"] for entry in notes["licences"]}
    assert "3 beams" in json.dumps(notes["producer"])
    assert "muscaps (tiny/best), ONNX" in json.dumps(notes["producer"])


def test_from_python_both_folders_load_alike(checkpoint: Path, exported: Path) -> None:
    trained, other = load_captioner(model=checkpoint), load_captioner(model=exported)
    assert (trained.decoding, trained.licences) == (other.decoding, other.licences)
    refuse_non_commercial(other.licences)


def test_without_pytorch_attention_is_drawn(exported: Path, long_recording: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "words.png"
    done = run_without_pytorch("caption", long_recording, "--model", exported, "--explain", picture)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_without_pytorch_a_checkpoint_asks_for_the_extra(checkpoint: Path, long_recording: Path) -> None:
    done = run_without_pytorch("caption", long_recording, "--model", checkpoint)
    assert done.returncode == 1
    assert "pip install 'linernotes[torch]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_cost_a_line(exported: Path, checkpoint: Path, tmp_path: Path) -> None:
    assert "is an exported model already" in refused("export", "onnx", exported)
    assert "holds no config.json" in refused("export", "onnx", tmp_path)
    (tmp_path / "mine.txt").write_text("kept")
    assert "holds something else" in refused("export", "onnx", checkpoint, "--out", tmp_path)


def test_an_exported_folder_is_replaced_as_a_whole(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("export", "onnx", checkpoint, "--out", out)
    (out / "step.onnx").write_bytes(b"broken")
    told = run("export", "onnx", checkpoint, "--out", out)
    assert told.splitlines()[-1] == str(out)
    assert (out / "step.onnx").stat().st_size > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six tones of four seconds with a caption each."""
    folder, t = tmp_path_factory.mktemp("library"), np.arange(16_000 * 4) / 16_000
    lines = []
    for number in range(6):
        soundfile.write(folder / f"{number}.wav", 0.3 * np.sin(2 * np.pi * 110 * 2**number * t), 16_000)
        clip = {"clip_id": f"tone-{number}", "audio_path": f"{number}.wav", "split": "test"}
        lines.append(json.dumps({**clip, "captions": [f"{number} loud drums , slow ."]}) + "\n")
    (folder / "manifest.jsonl").write_text("".join(lines), "utf-8")
    return folder / "manifest.jsonl"


@pytest.mark.parametrize(
    "more", [(), ("--prior",), ("--query", "bright fast strings"), ("--query", "low .", "--prior")]
)
def test_without_pytorch_tracks_rank_alike(
    checkpoint: Path, exported: Path, library: Path, more: tuple[str, ...]
) -> None:
    expected = json.loads(run("retrieve", checkpoint, "--data", library, "--json", *more))
    done = run_without_pytorch("retrieve", exported, "--data", library, "--json", *more)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if "--query" not in more:
        assert found == expected
        return
    assert [one["clip_id"] for one in found] == [one["clip_id"] for one in expected]
    likelihoods = [[one["log_likelihood"] for one in ranked] for ranked in (found, expected)]
    assert len(set(likelihoods[0])) == 6
    np.testing.assert_allclose(*likelihoods, atol=1e-4)


def test_predictions_are_the_same_without_pytorch(
    checkpoint: Path, exported: Path, library: Path, tmp_path: Path
) -> None:
    run("predict", checkpoint, "--data", library, "--out", tmp_path / "by-torch")
    done = run_without_pytorch("predict", exported, "--data", library, "--out", tmp_path / "by-onnx")
    assert done.returncode == 0, done.stderr
    said, same = ((tmp_path / name / "predictions.jsonl").read_text() for name in ("by-torch", "by-onnx"))
    assert len(said.splitlines()) == 6
    assert said == same


def test_a_manifest_may_lie_outside_its_data(exported: Path, library: Path, tmp_path: Path) -> None:
    away = tmp_path / "away.jsonl"
    away.write_bytes(library.read_bytes())
    assert "no clip" in refused("retrieve", exported, "--data", away)
    root = ("--root", library.parent)
    assert json.loads(run("retrieve", exported, "--data", away, *root, "--json"))["items"] == 6
    run("predict", exported, "--data", away, *root, "--limit", "2", "--out", tmp_path / "out")
    assert len((tmp_path / "out" / "predictions.jsonl").read_text().splitlines()) == 2
