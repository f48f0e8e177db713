"""MERT on tiny random checkpoints in the published layout; nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_mert import SIZES, write_mert  # noqa: E402

from linernotes.encoders.mert import MertEncoder, MertError, load_mert  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mert(tmp_path_factory.mktemp("mert"))


def noise(seconds: float) -> Any:
    return 0.1 * torch.randn(round(24_000 * seconds), generator=torch.Generator().manual_seed(3))


def hear(encoder: MertEncoder, clip: Any) -> Any:
    with torch.no_grad():
        return encoder.hidden_states(clip)


def test_ten_seconds_are_749_frames_of_every_layer(folder: Path) -> None:
    encoder = load_mert(folder)
    heard = hear(encoder, noise(10.0))
    layers = SIZES["num_hidden_layers"] + 1
    assert heard.shape == (layers, 749, SIZES["hidden_size"])
    assert encoder.dim == layers * SIZES["hidden_size"]
    assert encoder.frame_s == pytest.approx(1 / 75)


def test_hidden_states_are_those_of_hubert_with_the_same_weights(folder: Path) -> None:
    from transformers import HubertConfig, HubertModel

    hubert = HubertModel(HubertConfig(**SIZES)).eval()
    encoder = load_mert(folder)
    hubert.load_state_dict(encoder.network.state_dict(), strict=False)
    clip = noise(1.0)
    with torch.no_grad():
        states = hubert(clip[None], output_hidden_states=True).hidden_states
    torch.testing.assert_close(hear(encoder, clip), torch.cat(states), atol=1e-5, rtol=0)


def test_older_files_and_names_give_the_same(folder: Path, tmp_path: Path) -> None:
    old = write_mert(tmp_path / "old", pickled=True)
    names = set(torch.load(old / "pytorch_model.bin", weights_only=True))
    assert "encoder.pos_conv_embed.conv.weight_g" in names
    clip = noise(0.5)
    torch.testing.assert_close(hear(load_mert(old), clip), hear(load_mert(folder), clip), atol=0, rtol=0)


def test_pickled_code_is_never_run(folder: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    bad = write_mert(tmp_path / "bad")
    (bad / "model.safetensors").unlink()
    torch.save({"encoder.layer_norm.weight": Trap()}, bad / "pytorch_model.bin")
    with pytest.raises(MertError, match="can't be read"):
        load_mert(bad)
    assert not (tmp_path / "sprung").exists()


def test_audio_is_normalised_where_the_folder_asks_for_it(tmp_path: Path) -> None:
    asked = load_mert(write_mert(tmp_path / "asked", normalise=True))
    clip = noise(0.5)
    loud = hear(asked, 5 * clip + 0.1)
    torch.testing.assert_close(loud, hear(asked, clip), atol=1e-3, rtol=1e-3)
    plain = load_mert(write_mert(tmp_path / "plain"))
    standard = (clip - clip.mean()) / torch.sqrt(clip.var(correction=0) + 1e-7)
    torch.testing.assert_close(hear(plain, standard), hear(asked, clip), atol=1e-5, rtol=0)


def test_a_clip_shorter_than_a_frame_is_one_frame(folder: Path) -> None:
    assert hear(load_mert(folder), noise(0.005)).shape[1] == 1


@pytest.mark.parametrize(
    ("changes", "told"), [({"feature_extractor_cqt": True}, "constant-Q"), ({"deepnorm": True}, "DeepNorm")]
)
def test_other_architectures_are_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    folder = write_mert(tmp_path / "mert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    with pytest.raises(MertError, match=told):
        load_mert(folder)


def test_weights_of_another_size_are_named(tmp_path: Path) -> None:
    folder = write_mert(tmp_path / "mert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 10}))
    with pytest.raises(MertError, match="intermediate"):
        load_mert(folder)
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(MertError, match=r"lack encoder\.layers\.2"):
        load_mert(folder)
    with pytest.raises(MertError, match="no MERT at"):
        load_mert(tmp_path / "nowhere")
