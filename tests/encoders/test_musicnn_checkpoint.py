"""Folders of the musicnn repository, read without TensorFlow: written here with random weights."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linernotes.encoders.musicnn import Musicnn  # noqa: E402
from linernotes.encoders.musicnn_checkpoint import DATA, INDEX, Weights, read_musicnn  # noqa: E402
from linernotes.encoders.musicnn_chunks import MusicnnEncoder, musicnn_msd, musicnn_msd_big  # noqa: E402
from linernotes.models.word_family import load_audio_encoder  # noqa: E402

pytestmark = pytest.mark.torch


def varint(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Keys in order, each without what it shares with the one before; one restart, no compression, no checksum."""
    made, before = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), len(before))
        made += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return made + struct.pack("<II", 0, 1)


def write_folder(folder: Path, variables: Mapping[str, np.ndarray]) -> None:
    """A one-shard TensorFlow checkpoint."""
    entries, data = [(b"", b"")], b""
    for name in sorted(variables):
        array = np.ascontiguousarray(variables[name], np.float32)
        shape = b"".join(field(2, field(1, size)) for size in array.shape)
        told = field(1, 1) + field(2, shape) + (field(4, len(data)) if data else b"") + field(5, array.nbytes)
        entries.append((name.encode(), told))
        data += array.tobytes()
    first = block(entries)
    second = block([(b"\xff", varint(0) + varint(len(first)))])
    footer = varint(0) * 2 + varint(len(first) + 5) + varint(len(second))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).write_bytes(first + bytes(5) + second + bytes(5) + footer.ljust(48, b"\0"))
    (folder / DATA).write_bytes(data)


def as_published(state: Weights) -> dict[str, np.ndarray]:
    """Our weights under TensorFlow's names and layouts, and what an optimizer leaves beside them."""
    banks = [
        *(f"timbre.{i}" for i in range(2)),
        *(f"{kind}.{i}" for kind in ("rhythm", "middle") for i in range(3)),
    ]
    norms = ["input_norm", *(f"{bank}.norm" for bank in banks), "pooled_norm", "dense_norm"]
    found: dict[str, np.ndarray] = {"conv2d/kernel/Adam": np.ones(3, np.float32)}
    for number, bank in enumerate(banks):
        name, kernel = f"conv2d_{number}".removesuffix("_0"), state[f"{bank}.convolution.weight"]
        is_middle = kernel.ndim == 3
        found[f"{name}/kernel"] = (
            kernel.transpose(2, 1, 0)[:, :, None] if is_middle else kernel.transpose(2, 3, 1, 0)
        )
        found[f"{name}/bias"] = state[f"{bank}.convolution.bias"]
    parts = {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    for number, norm in enumerate(norms):
        name = f"batch_normalization_{number}".removesuffix("_0")
        found |= {f"{name}/{theirs}": state[f"{norm}.{ours}"] for theirs, ours in parts.items()}
    for name, dense in (("dense", "dense"), ("dense_1", "output")):
        found[f"{name}/kernel"], found[f"{name}/bias"] = state[f"{dense}.weight"].T, state[f"{dense}.bias"]
    return found


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Weights]:
    """A folder of the big network, and the random weights in it."""
    torch.manual_seed(0)
    fresh = Musicnn(middle=512, penultimate=500).state_dict()
    weights = {name: torch.rand_like(w).numpy() for name, w in fresh.items() if "num_batches" not in name}
    folder = tmp_path_factory.mktemp("musicnn") / "MSD_musicnn_big"
    write_folder(folder, as_published(weights))
    return folder, weights


def test_every_weight_is_found_and_no_other(big: tuple[Path, Weights]) -> None:
    folder, weights = big
    found = read_musicnn(folder)
    assert found.keys() == weights.keys()
    for name, weight in weights.items():
        np.testing.assert_array_equal(found[name], weight)


def test_the_big_network_gives_2097_features_a_chunk(big: tuple[Path, Weights]) -> None:
    folder, weights = big
    encoder = load_audio_encoder("musicnn-msd-big", str(folder), frozen=True)
    assert isinstance(encoder, MusicnnEncoder)
    assert encoder.dim == 2097
    for name, weight in encoder.network.state_dict().items():
        if "num_batches" not in name:
            np.testing.assert_array_equal(weight.numpy(), weights[name])
    heard = encoder.eval()(torch.randn(1, 16_000 * 4) * 0.1, torch.tensor([16_000 * 4]))
    assert heard.states.shape == (1, 2, 2097)


def test_other_folders_are_refused(big: tuple[Path, Weights], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the big musicnn does not ship"):
        musicnn_msd_big("shipped")
    with pytest.raises(ValueError, match="or a folder of the musicnn repository, got 'absent'"):
        musicnn_msd_big("absent")
    with pytest.raises(ValueError, match=r"holds no \.index"):
        musicnn_msd_big(str(tmp_path))
    with pytest.raises(ValueError, match="holds another musicnn than"):
        musicnn_msd(str(big[0]))
    write_folder(tmp_path, {"conv2d/kernel": np.zeros((7, 38, 1, 204))})
    with pytest.raises(ValueError, match="no checkpoint of musicnn, or damaged"):
        musicnn_msd_big(str(tmp_path))
    (tmp_path / INDEX).write_bytes(b"torn")
    with pytest.raises(ValueError, match="no checkpoint of musicnn, or damaged"):
        musicnn_msd_big(str(tmp_path))
