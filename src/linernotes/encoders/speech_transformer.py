"""Transformers over convolutions of raw speech at 16 kHz: what wav2vec 2.0 and HuBERT share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.mert import NORM_FLOOR, receptive_field
from linernotes.encoders.published_layout import load_published
from linernotes.registry import need_extra

SAMPLE_RATE = 16_000
NO_MASKING = {"apply_spec_augment": False, "layerdrop": 0.0}
"""Pre-training hides frames and skips layers at random; here a clip is heard as it is."""


class SpeechEncoder(nn.Module):
    """Waveforms to the last layer's states (batch, frames, dim), 50 frames a second.

    Clips go through one by one: the first convolution may normalise over time, so that padding in a batch would
    change what is heard.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, network: Any, *, normalise: bool = True) -> None:
        super().__init__()
        sizes = network.config
        self.network, self.normalise = network, normalise
        self.dim = int(sizes.hidden_size)
        hop = 1
        for stride in sizes.conv_stride:
            hop *= int(stride)
        self.frame_s = hop / SAMPLE_RATE
        self.shortest = receptive_field(sizes.conv_kernel, sizes.conv_stride)

    @property
    def identity(self) -> str:
        """What the weights do not tell about how this encoder hears."""
        return f"{type(self.network).__name__} normalise={self.normalise}"

    def settings(self) -> dict[str, Any]:
        """Of the frontend."""
        return {"normalise": self.normalise}

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        return AudioEmbeddings.of_clips(
            [
                self._heard(waveform[: int(length)])
                for waveform, length in zip(waveforms, lengths, strict=True)
            ]
        )

    def _heard(self, waveform: Tensor) -> Tensor:
        """(samples,) -> (frames, dim)."""
        if len(waveform) == 0:
            raise ValueError("a clip holds no samples: check its start and end, and the file")
        heard = waveform.to(next(self.network.parameters()).device)
        if self.normalise:
            heard = (heard - heard.mean()) / torch.sqrt(heard.var(correction=0) + NORM_FLOOR)
        heard = nn.functional.pad(heard, (0, max(0, self.shortest - len(heard))))
        states: Tensor = self.network(heard[None]).last_hidden_state[0]
        return states


def speech_encoder(kind: str, weights: str) -> SpeechEncoder:
    """The network of class `kind` at a folder or on a hub, or one of the published size ("none").

    Raises:
        ValueError: there is none at `weights`, or one for another sample rate.
    """
    if weights == "none":
        return new_speech_encoder(kind)
    found = load_published(kind, weights, fresh=("masked_spec_embed",), **NO_MASKING)
    if (rate := found.prepared.get("sampling_rate", SAMPLE_RATE)) != SAMPLE_RATE:
        raise ValueError(f"{weights!r} hears {rate} Hz: speech encoders hear {SAMPLE_RATE} Hz")
    return SpeechEncoder(found.network, normalise=bool(found.prepared.get("do_normalize", True)))


def new_speech_encoder(kind: str, *, normalise: bool = True, **sizes: Any) -> SpeechEncoder:
    """One with random weights; `sizes` are those of its configuration."""
    transformers = need_extra("transformers", "torch")
    network = getattr(transformers, kind)
    return SpeechEncoder(network(network.config_class(**{**sizes, **NO_MASKING})), normalise=normalise)
