"""Every pair of the baselines' grid: trains, learns four clips by heart, generates, saves and loads."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_captioners import CAPTIONS, clips  # noqa: E402
from tiny_s2cap import DECODERS, ENCODERS, tiny_model  # noqa: E402

from linernotes.decoding import DecodingOptions  # noqa: E402
from linernotes.models.captioning import CaptionBatch  # noqa: E402
from linernotes.models.families import load_model, save_model  # noqa: E402

pytestmark = pytest.mark.torch

PAIRS = [(encoder, decoder) for encoder in ENCODERS for decoder in DECODERS] + [
    ("ast", "gpt2-prefix"),
    ("hubert", "gpt2-prefix"),
]
GREEDY = DecodingOptions(beams=1, max_tokens=16)
BEAMS = DecodingOptions(beams=3, max_tokens=16, length_penalty=0.0)


@pytest.mark.parametrize(("encoder", "decoder"), PAIRS)
def test_a_pair_learns_four_clips_by_heart_and_is_saved(encoder: str, decoder: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, every = tiny_model(CAPTIONS, encoder, decoder).train(), clips()
    optimizer = torch.optim.Adam([w for w in model.parameters() if w.requires_grad], lr=8e-3)
    for step in range(300):
        for group in optimizer.param_groups:
            group["lr"] = 8e-3 * min(1.0, (step + 1) / 10) * (1 - step / 300)
        loss = model.loss(CaptionBatch(every, CAPTIONS))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if float(loss.detach()) < 0.1:
            break
    model.eval()
    for options in (GREEDY, BEAMS):
        assert model.generate(every.samples, every.lengths, options) == list(CAPTIONS)
    save_model(model, "s2cap", tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    torch.testing.assert_close(
        loaded.score(every.samples, every.lengths, CAPTIONS),
        model.score(every.samples, every.lengths, CAPTIONS),
        atol=0, rtol=0,
    )  # fmt: skip
    assert loaded.generate(every.samples, every.lengths, GREEDY) == list(CAPTIONS)
