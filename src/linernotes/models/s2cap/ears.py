"""The audio encoder of a captioner: new, pre-trained, or as its checkpoint describes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from linernotes.encoders import hubert, wav2vec2
from linernotes.encoders.ast import AstEncoder, AstFrontend, new_ast
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder
from linernotes.encoders.mert import MertEncoder, new_mert
from linernotes.encoders.speech_transformer import SpeechEncoder, new_speech_encoder
from linernotes.models.s2cap.config import EarSizes, S2CapConfig
from linernotes.models.word_family import SHIPPED, UNTRAINED
from linernotes.registry import AUDIO_ENCODERS, find_named

SPEECH = {"wav2vec2": wav2vec2.KIND, "hubert": hubert.KIND}
SIZED = ("ast", "mert", *SPEECH)
"""Encoders that can start at any size, and that a checkpoint describes in full."""
BLOCKS = 16
"""Groups of the position convolution of a small speech encoder at most, and frames that it spans."""


class LastLayer(nn.Module):
    """Of an encoder that gives all its layers side by side (MERT), the last one."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.sample_rate, self.frame_s = encoder.sample_rate, encoder.frame_s
        self.dim = encoder.dim // encoder.layers

    @property
    def identity(self) -> str:
        """Of the encoder inside."""
        return f"last layer, {getattr(self.encoder, 'identity', '')}"

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples), of which `lengths (batch,)` samples are real."""
        heard = self.encoder(waveforms, lengths)
        return AudioEmbeddings(heard.states[..., -self.dim :], heard.mask)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a checkpoint says of its encoder."""

    sizes: dict[str, Any]
    settings: dict[str, Any]


def new_ears(config: S2CapConfig) -> AudioEncoder:
    """The encoder that a recipe asks for, with its weights.

    Raises:
        ValueError: there is no such encoder, or no such weights.
    """
    chosen = config.encoder
    if chosen.weights == UNTRAINED and chosen.name in SIZED:
        return _sized(config, _Told(_sizes(chosen.name, config.sizes), {}))
    extra = {"truncate": config.truncate, "patches": config.patches} if chosen.name == "ast" else {}
    make = find_named(AUDIO_ENCODERS, chosen.name, "audio encoder")
    return _last_layer(make(chosen.weights, chosen.frozen, **extra))


def ears_to_json(encoder: Any) -> str:
    """What `restored_ears` needs, beside the weights."""
    inner = encoder.encoder if isinstance(encoder, LastLayer) else encoder
    if isinstance(inner, MertEncoder):
        settings: dict[str, Any] = {"normalise": inner.normalise}
    elif isinstance(inner, AstEncoder | SpeechEncoder):
        settings = inner.settings()
    else:
        return "{}\n"
    told = {"sizes": inner.network.config.to_diff_dict(), "settings": settings}
    return json.dumps(told, indent=2) + "\n"


def restored_ears(config: S2CapConfig, text: str) -> AudioEncoder:
    """The encoder of a checkpoint, without weights.

    Raises:
        ValueError: the text is damaged.
    """
    told = json.loads(text)
    if told:
        return _sized(config, _Told(dict(told["sizes"]), dict(told["settings"])))
    chosen = config.encoder
    stays = chosen.frozen and chosen.weights == SHIPPED
    make = find_named(AUDIO_ENCODERS, chosen.name, "audio encoder")
    return _last_layer(make(SHIPPED if stays else UNTRAINED, chosen.frozen))


def _last_layer(encoder: Any) -> AudioEncoder:
    return LastLayer(encoder) if getattr(encoder, "layers", 1) > 1 else encoder


def _sized(config: S2CapConfig, told: _Told) -> AudioEncoder:
    known = {key: value for key, value in told.sizes.items() if key not in ("model_type", "architectures")}
    name = config.encoder.name
    if name == "ast":
        frontend = AstFrontend(**told.settings)
        return new_ast(frontend, truncate=config.truncate, patches=config.patches, **known)
    if name == "mert":
        return LastLayer(new_mert(known, **told.settings))
    return new_speech_encoder(SPEECH[name], **told.settings, **known)


def _sizes(name: str, sizes: EarSizes) -> dict[str, Any]:
    shared = {
        "hidden_size": sizes.dim, "num_hidden_layers": sizes.layers, "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.feed_forward,
    }  # fmt: skip
    if name == "ast":
        return {
            **shared, "max_length": sizes.window_frames, "num_mel_bins": sizes.bands,
            "frequency_stride": sizes.stride, "time_stride": sizes.stride,
        }  # fmt: skip
    layers = 7  # of convolutions, in all published ones
    small = {} if sizes.dim >= EarSizes().dim else {
        "num_conv_pos_embeddings": BLOCKS, "num_conv_pos_embedding_groups": _groups(sizes.dim)
    }  # fmt: skip
    return {**shared, "conv_dim": [sizes.conv_dim] * layers, **small}


def _groups(dim: int) -> int:
    return next(groups for groups in range(BLOCKS, 0, -1) if dim % groups == 0)
