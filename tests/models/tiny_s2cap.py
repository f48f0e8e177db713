"""Singing style captioners of a few thousand weights, every pair of encoder and decoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from linernotes.models.muscaps import EncoderConfig
from linernotes.models.s2cap import EarSizes, S2Cap, S2CapConfig, WriterConfig, WriterSizes
from linernotes.models.s2cap.family import S2CAP

ENCODERS = ("ast", "mert", "wav2vec2", "hubert")
DECODERS = ("t5", "bart", "gpt2")
EARS = EarSizes(dim=16, layers=1, heads=2, feed_forward=24, bands=32, window_frames=32, stride=8, conv_dim=8)
WRITER = WriterConfig(
    sizes=WriterSizes(24, 1, 2, 48, 64, dropout=0.0), tokenizer_size=200, temporal_tokens=2, global_tokens=1,
    prefix_layers=1,
)  # fmt: skip
T5_SIZES: dict[str, Any] = {"d_model": 24, "d_kv": 12, "d_ff": 32, "num_layers": 1, "num_heads": 2}


def tiny_config(encoder: str = "ast", writer: str = "t5", source: str = "", **changes: Any) -> S2CapConfig:
    """Settings of a tiny model."""
    chosen = replace(WRITER, kind=writer, source=source)
    ears = EncoderConfig(encoder, "none", frozen=False)
    return replace(
        S2CapConfig(encoder=ears, sizes=EARS, writer=chosen, max_tokens=30, max_seconds=2.0), **changes
    )


def tiny_model(captions: tuple[str, ...], encoder: str = "ast", writer: str = "t5", **changes: Any) -> S2Cap:
    """A new one, without dropout."""
    model = S2CAP.new(tiny_config(encoder, writer, **changes), captions)
    return without_dropout(model)


def without_dropout(model: S2Cap) -> S2Cap:
    """Speech encoders and decoders have it at many places."""
    from torch import nn

    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        for name in ("dropout", "activation_dropout", "dropout_prob", "attention_dropout"):
            if isinstance(getattr(part, name, None), float):
                setattr(part, name, 0.0)
    return model


def write_text_model(folder: Path, kind: str, captions: tuple[str, ...]) -> Path:
    """A random T5, BART or GPT-2 with a fitted tokenizer, in the published layout."""
    import torch
    import transformers

    from linernotes.models.s2cap.writer import KINDS, new_decoder
    from linernotes.models.subwords import TOKENIZER_FILE, train_tokenizer

    torch.manual_seed(0)
    tokenizer = train_tokenizer(captions, 200)
    sizes = new_decoder(replace(WRITER, kind=kind), tokenizer).parts.sizes
    network = getattr(transformers, KINDS[kind])
    config = network.config_class(**{k: v for k, v in sizes.items() if k != "add_cross_attention"})
    network(config).save_pretrained(folder)
    (folder / TOKENIZER_FILE).write_text(tokenizer.to_str())
    return folder
