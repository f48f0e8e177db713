"""The projector: parity with the published one, and what the paper's equations promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from linernotes.encoders.audio_encoder import AudioEmbeddings  # noqa: E402
from linernotes.models.sonicverse.config import (  # noqa: E402
    RELEASED_HEADS,
    HeadConfig,
    LanguageModelConfig,
    SonicVerseConfig,
)
from linernotes.models.sonicverse.projector import PaperProjector, new_projector  # noqa: E402

pytestmark = pytest.mark.torch

LAYERS, WIDTH, LLM_WIDTH = 13, 768, 48


def released(**changes: Any) -> SonicVerseConfig:
    sizes = {"content_tokens": 40, "tokens_per_head": 4, "hidden": 32, "heads": RELEASED_HEADS, **changes}
    return SonicVerseConfig(variant="released", **sizes)


@pytest.mark.parity
def test_released_projector_gives_the_published_tokens_and_logits(reference: Path) -> None:
    import numpy as np
    from safetensors.torch import load_file

    golden = np.load(reference / "sonicverse" / "golden.npz")
    states = torch.from_numpy(golden["hidden_states"])
    projector = new_projector(released(released_frames=states.shape[1]), LAYERS, WIDTH, LLM_WIDTH)
    projector.load_state_dict(load_file(reference / "sonicverse" / "weights.safetensors"))
    projector.eval()
    heard = AudioEmbeddings.of_clips([states.transpose(0, 1).flatten(1)])
    with torch.no_grad():
        projected = projector(heard)
    np.testing.assert_allclose(projected.tokens.numpy(), golden["projectors"], atol=1e-4)
    for feature in ("instrument", "mood", "genre", "key", "vocals"):
        expected = golden[f"{feature}_detection"]
        np.testing.assert_allclose(projected.logits[feature][0].numpy(), expected, atol=1e-4)


@pytest.mark.parity
def test_published_names_and_shapes_are_the_released_projectors(reference: Path) -> None:
    shapes = json.loads((reference / "sonicverse" / "published_state_dict_shapes.json").read_text())
    with torch.device("meta"):
        projector = new_projector(released(hidden=0), LAYERS, WIDTH, 4096)
    own = {name: list(tensor.shape) for name, tensor in projector.state_dict().items()}
    assert own == shapes


def test_the_release_pads_with_zeros_and_sums_over_time() -> None:
    torch.manual_seed(0)
    config = released(released_frames=20, content_tokens=2)
    projector = new_projector(config, 3, 8, LLM_WIDTH).eval()
    states = torch.randn(12, 24)
    short = AudioEmbeddings.of_clips([states])
    padded = AudioEmbeddings.of_clips([torch.cat([states, torch.zeros(8, 24)])])
    with torch.no_grad():
        one, other = projector(short), projector(padded)
        longer = projector.heads_of(AudioEmbeddings.of_clips([torch.cat([states, states[:8]])]))
    torch.testing.assert_close(one.tokens, other.tokens)
    assert not torch.allclose(one.logits["genre"], longer["genre"])


def paper(**changes: Any) -> SonicVerseConfig:
    sizes = {"content_tokens": 3, "tokens_per_head": 2, "hidden": 16, "dropout": 0.0, **changes}
    return SonicVerseConfig(llm=LanguageModelConfig(), **sizes)


def test_layer_weights_sum_to_one_and_find_the_layer_that_knows() -> None:
    """Of thirteen layers only number 7 carries the answer: both paths must come to weigh it most."""
    torch.manual_seed(0)
    heads = (HeadConfig("genre", classes=("a", "b")),)
    projector = PaperProjector(paper(heads=heads, backbone=16, head_hidden=16), LAYERS, 8, 4)
    truth = torch.randint(2, (64,))
    states = torch.randn(64, 5, LAYERS, 8)
    states[:, :, 7, 0] += 4.0 * truth[:, None] - 2.0
    heard = AudioEmbeddings(states.flatten(2), torch.ones(64, 5, dtype=torch.bool))
    wanted = torch.nn.functional.one_hot(truth, 2).float()
    optimizer = torch.optim.Adam(projector.parameters(), lr=2e-2)
    for _ in range(150):
        found = projector(heard)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(found.logits["genre"], wanted)
        loss = loss + (found.tokens[:, :3].mean((1, 2)) - truth).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.05
    assert projector.shared_layers is not None
    for layers in (projector.shared_layers, projector.content_layers):
        weights = layers.weights.detach()
        assert float(weights.sum()) == pytest.approx(1.0)
        assert float(weights.min()) >= 0
        assert int(weights.argmax()) == 7
        assert float(weights[7]) > 2 / LAYERS


def test_tokens_of_the_heads_come_from_probabilities() -> None:
    """A head that is sure either way gives tokens that no longer move (eq. 6 and 7)."""
    projector = PaperProjector(paper(heads=(HeadConfig("key"),)), 1, 8, LLM_WIDTH)
    head = projector.heads["key"][1]
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(60.0)
        sure = projector(AudioEmbeddings.of_clips([torch.randn(4, 8)]))
        head.bias.fill_(90.0)
        surer = projector(AudioEmbeddings.of_clips([torch.randn(4, 8)]))
    torch.testing.assert_close(sure.tokens[:, 3:], surer.tokens[:, 3:])


def test_sixty_tokens_with_heads_and_without() -> None:
    assert SonicVerseConfig().tokens == 60
    baseline = SonicVerseConfig(heads=(), content_tokens=60)
    assert baseline.tokens == 60
    projector = PaperProjector(baseline, 13, 8, LLM_WIDTH)
    found = projector(AudioEmbeddings.of_clips([torch.randn(4, 13 * 8)]))
    assert found.tokens.shape == (1, 60, LLM_WIDTH)
    assert found.logits == {}
    assert not projector.detector_parameters()
