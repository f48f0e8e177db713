"""The published SonicVerse layout, small, becomes a folder that captions; nothing in its files runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

import soundfile  # noqa: E402
from tiny_captioners import CAPTIONS  # noqa: E402
from tiny_language_model import shared_language_model  # noqa: E402
from tiny_mert import SIZES, write_mert  # noqa: E402

from linernotes.checkpoint import CheckpointError, read_checkpoint  # noqa: E402
from linernotes.llm.local import load_network  # noqa: E402
from linernotes.models.families import load_model  # noqa: E402
from linernotes.models.importing import ImportOptions, import_published  # noqa: E402
from linernotes.models.sonicverse.config import RELEASED_HEADS, SonicVerseConfig  # noqa: E402
from linernotes.models.sonicverse.projector import new_projector  # noqa: E402
from linernotes.models.sonicverse.published import published_projector  # noqa: E402
from linernotes.trained_captioner import load_trained_captioner  # noqa: E402

pytestmark = pytest.mark.torch

BEFORE = "base_model.model.model.audio_mert_lmm_projector."
LAYERS, WIDTH, LLM_WIDTH = SIZES["num_hidden_layers"] + 1, SIZES["hidden_size"], 32
SMALL = SonicVerseConfig(
    variant="released", content_tokens=3, tokens_per_head=2, heads=RELEASED_HEADS, hidden=8, backbone=12,
    head_hidden=6,
)  # fmt: skip
ADAPTER = {
    "r": 2,
    "lora_alpha": 4,
    "target_modules": ["q_proj", "v_proj"],
    "bias": "none",
    "peft_type": "LORA",
}


def projector_weights() -> dict[str, Any]:
    torch.manual_seed(5)
    projector = new_projector(SMALL, LAYERS, WIDTH, LLM_WIDTH)
    return {BEFORE + name: torch.randn(value.shape) / 4 for name, value in projector.state_dict().items()}


def adapter_weights() -> dict[str, Any]:
    blocks = load_network(shared_language_model(CAPTIONS)).network.model.layers
    torch.manual_seed(6)
    found = {}
    for number, block in enumerate(blocks):
        for name in ADAPTER["target_modules"]:
            outputs, inputs = getattr(block.self_attn, name).weight.shape
            at = f"base_model.model.model.layers.{number}.self_attn.{name}"
            found[f"{at}.lora_A.weight"] = torch.randn(2, inputs)
            found[f"{at}.lora_B.weight"] = torch.randn(outputs, 2)
    return found


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    torch.save(projector_weights(), folder / "non_lora_trainables.bin")
    torch.save(adapter_weights(), folder / "adapter_model.bin")
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER))
    return folder


@pytest.fixture
def options(tmp_path: Path) -> ImportOptions:
    mert = write_mert(tmp_path / "mert")
    return ImportOptions(language_model=str(shared_language_model(CAPTIONS)), encoder=str(mert))


def test_published_files_become_a_captioner(published: Path, options: ImportOptions, tmp_path: Path) -> None:
    imported = import_published("sonicverse", str(published), tmp_path / "model", options)
    assert imported.parameters == sum(
        tensor.numel() for tensor in (*projector_weights().values(), *adapter_weights().values())
    )
    model = load_model(tmp_path / "model")
    assert model.config.llm.template == "released"
    for name, value in projector_weights().items():
        own = model.projector.state_dict()[name.removeprefix(BEFORE)]
        torch.testing.assert_close(own, value, atol=0, rtol=0)
    song = tmp_path / "song.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal(24_000 * 12)
    soundfile.write(song, noise, 24_000)
    captioner = load_trained_captioner(tmp_path / "model")
    assert captioner.window_s == 10.0
    assert captioner(song).caption.text


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
def test_the_adapter_is_what_peft_makes_of_it(
    published: Path, options: ImportOptions, tmp_path: Path
) -> None:
    import peft

    import_published("sonicverse", str(published), tmp_path / "model", options)
    ours = load_model(tmp_path / "model").vocabulary.network.float()
    theirs = load_network(Path(options.language_model)).network
    theirs = peft.PeftModel.from_pretrained(theirs, str(published)).eval()
    ids = torch.tensor([[1, 5, 9, 12]])
    with torch.no_grad():
        torch.testing.assert_close(ours(ids).logits, theirs(ids).logits, atol=5e-2, rtol=5e-2)
        plain = load_network(Path(options.language_model)).network(ids).logits
    assert not torch.allclose(plain, theirs(ids).logits, atol=0.3)


def test_code_in_the_files_is_not_run(published: Path, options: ImportOptions, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"x": Trap()}, published / "non_lora_trainables.bin")
    with pytest.raises(CheckpointError, match="could run code"):
        import_published("sonicverse", str(published), tmp_path / "model", options)
    assert not (tmp_path / "sprung").exists()


def test_what_is_missing_or_different_is_named(
    published: Path, options: ImportOptions, tmp_path: Path
) -> None:
    def refused(told: str, chosen: ImportOptions = options) -> None:
        with pytest.raises(ValueError, match=told):
            import_published("sonicverse", str(published), tmp_path / "model", chosen)

    refused("--encoder", ImportOptions())
    weights = projector_weights()
    del weights[f"{BEFORE}key_detection.output.weight"]
    torch.save(weights, published / "non_lora_trainables.bin")
    refused("lacks key_detection.output.weight")
    torch.save({"lm_head.weight": torch.zeros(2)}, published / "non_lora_trainables.bin")
    refused("no published SonicVerse projector")
    torch.save(projector_weights(), published / "non_lora_trainables.bin")
    (published / "adapter_config.json").write_text(json.dumps({**ADAPTER, "use_dora": True}))
    refused("use_dora")
    (published / "adapter_config.json").write_text(json.dumps({**ADAPTER, "r": 3}))
    refused("no update of rank 3")
    (published / "adapter_model.bin").unlink()
    refused("holds no adapter_model")


@pytest.mark.parity
def test_a_full_size_state_dict_with_the_published_names_loads(reference: Path) -> None:
    """Sizes of the release: zeros that share one element stand in for 2.3 GB, and the network takes them as is."""
    shapes = json.loads((reference / "sonicverse" / "published_state_dict_shapes.json").read_text())
    zero = torch.zeros(1, dtype=torch.float16)
    stored = {BEFORE + name: zero.expand(shape) for name, shape in shapes.items()}
    found = published_projector(stored, Path("non_lora_trainables.bin"))
    assert (found.layers, found.width, found.llm_width) == (13, 768, 4096)
    assert found.config.tokens == 60
    assert found.config.heads == RELEASED_HEADS
    with torch.device("meta"):
        projector = new_projector(found.config, found.layers, found.width, found.llm_width)
    projector.load_state_dict(dict(found.tensors), assign=True)
    assert all(not weight.is_meta for weight in projector.parameters())


def test_weights_of_16_bits_stay_so_on_disk(published: Path, options: ImportOptions, tmp_path: Path) -> None:
    halves = {name: value.half() for name, value in projector_weights().items()}
    torch.save(halves, published / "non_lora_trainables.bin")
    import_published("sonicverse", str(published), tmp_path / "model", options)
    stored = read_checkpoint(tmp_path / "model").weights
    assert stored["projector.backbone.hidden_layer_1.weight"].dtype == torch.float16


def test_a_model_imported_by_relative_paths_works_from_elsewhere(
    published: Path, options: ImportOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    language_model = Path(options.language_model)
    monkeypatch.chdir(language_model.parent)
    near = ImportOptions(language_model=language_model.name, encoder=os.path.relpath(options.encoder))
    import_published("sonicverse", str(published), tmp_path / "model", near)
    monkeypatch.chdir(tmp_path)
    assert load_model(tmp_path / "model").config.llm.source == str(language_model.resolve())
