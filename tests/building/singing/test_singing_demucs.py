"""Demucs itself, with a few thousand random weights in the layout of its author's repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("demucs", reason="demucs is not installed (extra singing-models)")

from linernotes.audio import Audio
from linernotes.building.singing.demixing import Demucs, load_demixer

SOURCES = ["drums", "bass", "other", "vocals"]
RATE = 8000
SHAPE = {
    "sources": SOURCES, "channels": 8, "depth": 2, "nfft": 256, "t_layers": 1, "t_heads": 2, "segment": 1,
    "samplerate": RATE, "dconv_comp": 2, "norm_starts": 9, "freq_emb": 0,
}  # fmt: skip


def save(folder: Path, **changes: str) -> Path:
    """A bag of one model, as the Hub has it."""
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    torch.manual_seed(0)
    folder.mkdir()
    told = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(SHAPE), **changes}
    state = {name: value.clone() for name, value in HTDemucs(**SHAPE).state_dict().items()}
    save_file(state, folder / "abc123.safetensors", metadata=told)
    (folder / "tiny.yaml").write_text("models: ['abc123']\n")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("demucs") / "tiny")


def noise(seconds: float, rate: int = RATE) -> Audio:
    made = np.random.default_rng(1).standard_normal(round(seconds * rate)).astype(np.float32)
    return Audio(0.1 * made, rate)


def test_the_voice_is_that_of_demucs_own_separator(folder: Path) -> None:
    """Its `Separator` without random shifts, on the same samples in both channels."""
    import torch
    from demucs.api import Separator

    demixer = Demucs(str(folder))
    mix = noise(2.3)
    found = demixer(mix)
    separator: Any = Separator.__new__(Separator)
    separator._model = demixer._model
    separator.update_parameter(
        device="cpu", shifts=0, overlap=0.25, split=True, segment=None, jobs=0, progress=False,
        callback=None, callback_arg=None,
    )  # fmt: skip
    with torch.no_grad():
        _, stems = separator.separate_tensor(torch.from_numpy(mix.waveform)[None].repeat(2, 1))
    assert found.sample_rate == RATE
    np.testing.assert_allclose(found.waveform, stems["vocals"].mean(0).numpy(), atol=1e-3)
    assert float(np.abs(found.waveform).max()) > 1e-3


def test_it_is_the_same_twice_as_long_as_the_mix_and_follows_its_level(folder: Path) -> None:
    demixer = load_demixer(f"demucs:{folder}")
    mix = noise(1.5, 16_000)
    found = demixer(mix)
    assert len(found.waveform) == round(1.5 * RATE)
    np.testing.assert_array_equal(found.waveform, demixer(mix).waveform)
    quiet = demixer(Audio(0.25 * mix.waveform, 16_000))
    np.testing.assert_allclose(quiet.waveform, 0.25 * found.waveform, atol=1e-4)
    assert not demixer(Audio(np.zeros(RATE, np.float32), RATE)).waveform.round(4).any()


def test_the_name_tells_weights_apart(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "tiny")
    name = Demucs(str(folder)).name
    assert name.startswith("demucs tiny (")
    assert Demucs(str(other)).name == name
    (other / "tiny.yaml").write_text("models: ['abc123']\nsegment: 1\n")
    assert Demucs(str(other)).name != name


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"klass": "subprocess.Popen", "args": '[["touch", "gone"]]', "kwargs": "{}"}, "'subprocess.Popen'"),
        ({"structure": '{"_class": "os.system"}'}, "diffq"),
    ],
)
def test_a_file_that_would_import_something_else_is_refused(
    tmp_path: Path, changes: dict[str, str], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=error):
        Demucs(str(save(tmp_path / "bad", **changes)))
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"0 \.yaml"):
        Demucs(str(tmp_path))
    (tmp_path / "x.yaml").write_text("[]")
    with pytest.raises(ValueError, match="names no models"):
        Demucs(str(tmp_path))
    (tmp_path / "x.yaml").write_text("models: ['../abc']")
    with pytest.raises(ValueError, match="lacks"):
        Demucs(str(tmp_path))
    (tmp_path / "x.yaml").write_text("models: ['abc']")
    (tmp_path / "abc.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="can't be read"):
        Demucs(str(tmp_path))


def test_a_name_without_a_network_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the Hub's client says becomes one line; it is told not to try for long."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ValueError, match="Demucs 'htdemucs' can't be had"):
        Demucs()
