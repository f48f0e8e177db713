"""Pre-training on captions: what is hidden can be put back, and what is learned loads as a published T5."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np  # noqa: E402

from linernotes.models.s2cap.config import WriterConfig, WriterSizes  # noqa: E402
from linernotes.models.s2cap.denoising import (  # noqa: E402
    Corrupted,
    DenoiseOptions,
    hide_spans,
    pretrain_on_captions,
)
from linernotes.models.s2cap.writer import paired_text_encoder, pretrained_decoder  # noqa: E402

pytestmark = pytest.mark.torch

SENTINELS = tuple(range(900, 932))
VOICES, TEMPI, MOODS = ("female", "male"), ("slow", "fast"), ("sad", "happy", "calm")
CAPTIONS = [
    f"A {voice} singer with a {mood} voice sings at a {tempo} tempo." for voice in VOICES for tempo in TEMPI
    for mood in MOODS
]  # fmt: skip


def restored(pair: Corrupted) -> list[int]:
    """The caption: every sentinel replaced by what follows it in the answer."""
    spans: dict[int, list[int]] = {}
    for token in pair.hidden:
        if token in SENTINELS:
            spans[token] = []
        else:
            spans[list(spans)[-1]].append(token)
    return [inside for token in pair.seen for inside in spans.get(token, [token])]


@pytest.mark.parametrize("length", [1, 2, 3, 10, 40, 128])
def test_hidden_spans_can_be_put_back(length: int) -> None:
    ids = list(range(length))
    for share in (0.15, 0.5, 0.9):
        options = DenoiseOptions(hidden_share=share)
        for seed in range(20):
            pair = hide_spans(ids, SENTINELS, options, np.random.default_rng(seed))
            assert restored(pair) == ids
            marks = [token for token in pair.seen if token in SENTINELS]
            assert marks == [token for token in pair.hidden if token in SENTINELS] == sorted(marks)
            assert not any(
                a in SENTINELS and b in SENTINELS for a, b in zip(pair.seen, pair.seen[1:], strict=False)
            )
            hidden = len(pair.hidden) - len(marks)
            assert hidden == min(max(1, round(share * length)), max(1, length - 1))


def test_a_t5_learns_what_captions_are_about_and_is_read_as_a_published_one(tmp_path: Path) -> None:
    options = DenoiseOptions(
        sizes=WriterSizes(dim=32, layers=1, heads=2, feed_forward=48, dropout=0.0), tokens=300, steps=60,
        batch_size=12, learning_rate=5e-3, warmup_steps=5,
    )  # fmt: skip
    done = pretrain_on_captions(CAPTIONS[:-3], CAPTIONS[-3:], tmp_path / "t5", options)
    assert done.after < done.before - 1
    assert json.loads((tmp_path / "t5" / "denoising.json").read_text())["captions"] == 9
    config = WriterConfig(kind="t5", source=str(tmp_path / "t5"))
    assert pretrained_decoder(config).width == paired_text_encoder(config).width == 32
    again = pretrain_on_captions(CAPTIONS[:-3], CAPTIONS[-3:], tmp_path / "again", options)
    assert again.after == done.after
    with pytest.raises(ValueError, match="no captions"):
        pretrain_on_captions(CAPTIONS, [" "], tmp_path / "none", options)
