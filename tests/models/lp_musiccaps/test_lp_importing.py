"""Published checkpoints come in as they are; whatever is not one is refused with what is wrong about it."""

from __future__ import annotations

import json
import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from published_file import published_weights, small_model, write_tokenizer  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from linernotes.checkpoint import CheckpointError, read_checkpoint  # noqa: E402
from linernotes.decoding import DecodingOptions  # noqa: E402
from linernotes.encoders.mel_conv import MelConvEncoder  # noqa: E402
from linernotes.models.families import load_model  # noqa: E402
from linernotes.models.importing import ImportOptions, import_published  # noqa: E402
from linernotes.models.lp_musiccaps import BartSizes, LpMusicCaps  # noqa: E402
from linernotes.models.lp_musiccaps.bart import new_bart  # noqa: E402
from linernotes.models.lp_musiccaps.network import SHARED, TIED, LpNetwork  # noqa: E402
from linernotes.models.lp_musiccaps.published import published_names  # noqa: E402

pytestmark = pytest.mark.torch

BEAMS = DecodingOptions(beams=3, max_tokens=12)


@pytest.fixture(scope="module")
def model() -> LpMusicCaps:
    return small_model()


@pytest.fixture(scope="module")
def tokenizer(model: LpMusicCaps, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tokenizer(model, tmp_path_factory.mktemp("tokenizer"))


def take_in(file: Path, tokenizer: Path | str, out: Path) -> None:
    import_published("lp-musiccaps", str(file), out, ImportOptions(str(tokenizer)))


def test_names_and_shapes_are_the_published_ones(reference: Path) -> None:
    listed = reference / "lp_musiccaps" / "published_state_dict_shapes.json"
    if not listed.is_file():
        pytest.skip(f"no list of the published names at {listed}")
    published = {
        name: torch.empty(shape, device="meta") for name, shape in json.loads(listed.read_text()).items()
    }

    class Tokens:
        bos_id, pad_id, eos_id = 0, 1, 2

        def __len__(self) -> int:
            return 50265

    with torch.device("meta"):
        bart = new_bart(BartSizes(), Tokens())  # type: ignore[arg-type]
    network = LpNetwork(MelConvEncoder(768, "released", 10.0), bart)
    ours = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert ours == {name: tuple(tensor.shape) for name, tensor in published_names(published).items()}


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("kind", ["pth", "legacy.pth", "safetensors", "folder"])
def test_a_published_file_says_the_same_once_taken_in(
    model: LpMusicCaps, tokenizer: Path, tmp_path: Path, prefix: str, wrapped: bool, kind: str
) -> None:
    weights = OrderedDict((prefix + name, tensor) for name, tensor in published_weights(model).items())
    stored = {"epoch": 3, "state_dict": weights, "best": np.float64(0.5)} if wrapped else weights
    file = tmp_path / "transfer.pth"
    if kind == "safetensors":
        file = tmp_path / "transfer.safetensors"
        save_file({name: tensor.clone() for name, tensor in weights.items()}, file)
    else:
        torch.save(stored, file, _use_new_zipfile_serialization=kind != "legacy.pth")
    take_in(tmp_path if kind == "folder" else file, tokenizer, tmp_path / "out")
    loaded = load_model(tmp_path / "out")
    noise = 0.1 * torch.randn(2, 160_000, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([160_000, 90_000])
    assert loaded.generate(noise, lengths, BEAMS) == model.generate(noise, lengths, BEAMS)
    assert read_checkpoint(tmp_path / "out").info["recipe"]["decoding"]["beams"] == 5


def test_a_checkpoint_without_the_tied_copies_comes_in_too(
    model: LpMusicCaps, tokenizer: Path, tmp_path: Path
) -> None:
    weights = {name: tensor for name, tensor in published_weights(model).items() if name not in TIED}
    torch.save({"state_dict": weights}, tmp_path / "m.pth")
    take_in(tmp_path / "m.pth", tokenizer, tmp_path / "out")
    weights[TIED[0]] = weights["bart.model.shared.weight"] + 1
    torch.save({"state_dict": weights}, tmp_path / "m.pth")
    with pytest.raises(CheckpointError, match=r"embed_tokens.weight differs from bart.model.shared"):
        take_in(tmp_path / "m.pth", tokenizer, tmp_path / "out")


def test_differing_names_and_shapes_are_told(model: LpMusicCaps, tokenizer: Path, tmp_path: Path) -> None:
    weights = published_weights(model)
    del weights["audio_encoder.conv1.bias"]
    weights["audio_encoder.conv_stack.0.weight"] = torch.zeros(64, 64, 5)
    weights["text_encoder.weight"] = torch.zeros(2)
    torch.save(weights, tmp_path / "other.pth")
    with pytest.raises(CheckpointError) as refused:
        take_in(tmp_path / "other.pth", tokenizer, tmp_path / "out")
    told = str(refused.value)
    assert "lacks audio_encoder.conv1.bias" in told
    assert "also has text_encoder.weight" in told
    assert "has audio_encoder.conv_stack.0.weight as 64 x 64 x 5 instead of 64 x 64 x 3" in told
    torch.save({"state_dict": {"resnet.conv.weight": torch.zeros(3)}}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"it has resnet.conv.weight, 1 tensors"):
        take_in(tmp_path / "other.pth", tokenizer, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_sizes_that_no_bart_has_are_refused(model: LpMusicCaps, tokenizer: Path, tmp_path: Path) -> None:
    weights = {name: torch.zeros([1] * tensor.ndim) for name, tensor in published_weights(model).items()}
    torch.save(weights, tmp_path / "ones.pth")
    with pytest.raises(ValueError, match=r"tokens, the weights 1: it belongs to another model"):
        take_in(tmp_path / "ones.pth", tokenizer, tmp_path / "out")
    torch.save({**weights, SHARED: torch.zeros(len(model.vocabulary), 65)}, tmp_path / "odd.pth")
    with pytest.raises(CheckpointError, match="is no published LP-MusicCaps checkpoint"):
        take_in(tmp_path / "odd.pth", tokenizer, tmp_path / "out")


class Harmful:
    """Unpickling it would make a folder."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.trace),)


def test_code_in_a_pickle_is_not_run(tokenizer: Path, tmp_path: Path) -> None:
    torch.save({"state_dict": {"w": torch.zeros(1)}, "more": Harmful(tmp_path / "ran")}, tmp_path / "bad.pth")
    with pytest.raises(CheckpointError, match="nothing of it was run"):
        take_in(tmp_path / "bad.pth", tokenizer, tmp_path / "out")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps({"state_dict": Harmful(tmp_path / "ran")}, protocol=4))
    with pytest.raises(CheckpointError, match="PyTorch did not write: nothing of it was run"):
        take_in(tmp_path / "plain.pth", tokenizer, tmp_path / "out")
    assert not (tmp_path / "ran").exists()


def test_what_is_no_checkpoint_is_called_by_its_name(
    model: LpMusicCaps, tokenizer: Path, tmp_path: Path
) -> None:
    torch.save(published_weights(model), tmp_path / "whole.pth")
    whole = (tmp_path / "whole.pth").read_bytes()
    save_file({"w": torch.zeros(100)}, tmp_path / "whole.safetensors")
    files = {
        "empty.pth": (b"", "is empty"),
        "pointer.pth": (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
            "Git LFS pointer",
        ),
        "page.pth": (b"<!DOCTYPE html><html></html>", "web page"),
        "cut.pth": (whole[: len(whole) // 2], "cut off or damaged"),
        "song.pth": (np.random.default_rng(0).bytes(5000), "is no checkpoint of PyTorch"),
        "cut.safetensors": ((tmp_path / "whole.safetensors").read_bytes()[:-9], "no complete safetensors"),
    }
    for name, (content, told) in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match=told):
            take_in(tmp_path / name, tokenizer, tmp_path / "out")
    with pytest.raises(CheckpointError, match="name one of them"):
        take_in(tmp_path, tokenizer, tmp_path / "out")
    for absent in (tmp_path / "absent.pth", Path("absent.pth")):
        with pytest.raises(CheckpointError, match="no checkpoint at"):
            take_in(absent, tokenizer, tmp_path / "out")


def test_a_wrong_tokenizer_or_checksum_is_refused(
    model: LpMusicCaps, tokenizer: Path, tmp_path: Path
) -> None:
    file = tmp_path / "m.pth"
    torch.save(published_weights(model), file)
    with pytest.raises(ValueError, match="--tokenizer"):
        take_in(file, "", tmp_path / "out")
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match="holds no tokenizer"):
        take_in(file, tmp_path / "none", tmp_path / "out")
    other = json.loads((tokenizer / "tokenizer.json").read_text("utf-8"))
    name = next(name for name, number in other["model"]["vocab"].items() if number == 40)
    other["model"]["vocab"].pop(name)
    (tmp_path / "none" / "tokenizer.json").write_text(json.dumps(other), "utf-8")
    with pytest.raises(ValueError, match="belongs to another model"):
        take_in(file, tmp_path / "none", tmp_path / "out")
    options = ImportOptions(str(tokenizer), sha256="0" * 64)
    with pytest.raises(CheckpointError, match="another file"):
        import_published("lp-musiccaps", str(file), tmp_path / "out", options)
    with pytest.raises(ValueError, match="no import of published weights called 'gpt'"):
        import_published("gpt", str(file), tmp_path / "out", ImportOptions())


def test_what_lies_in_the_output_folder_is_not_lost(
    model: LpMusicCaps, tokenizer: Path, tmp_path: Path
) -> None:
    file = tmp_path / "models" / "m.pth"
    file.parent.mkdir()
    torch.save(published_weights(model), file)
    (tmp_path / "notes.txt").write_text("mine")
    for out in (file.parent, tmp_path, tmp_path / "notes.txt", tokenizer):
        with pytest.raises(ValueError, match="name a new folder"):
            take_in(file, tokenizer, out)
    take_in(file, tokenizer, tmp_path / "new")
    take_in(file, tokenizer, tmp_path / "new")
    moved = (tmp_path / "new" / "m.pth").write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match="holds the checkpoint itself"):
        take_in(tmp_path / "new" / "m.pth", tokenizer, tmp_path / "new")
    assert (tmp_path / "new" / "m.pth").stat().st_size == moved
    assert (tmp_path / "notes.txt").read_text() == "mine"
