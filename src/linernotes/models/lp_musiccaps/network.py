"""The network of LP-MusicCaps: convolutions hear, BART reads that and writes (Doh et al. 2023, Fig. 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutput

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.mel_conv import MelConvEncoder

IGNORED = -100
"""A label that counts for nothing: padding behind a caption."""
TIED = (
    "bart.model.encoder.embed_tokens.weight",
    "bart.model.decoder.embed_tokens.weight",
    "bart.lm_head.weight",
)
SHARED = "bart.model.shared.weight"
"""BART has one table of embeddings under four names; a checkpoint holds it once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What BART's encoder made of each clip: everything its decoder reads, computed once a clip."""

    states: Tensor  # (batch, positions, dim)
    mask: Tensor  # (batch, positions), True where there is sound

    def clip(self, number: int) -> Heard:
        """Clip `number` alone."""
        return Heard(self.states[number : number + 1], self.mask[number : number + 1])

    def repeated(self, times: int) -> Heard:
        """Every clip `times` times in a row."""
        return Heard(*(part.repeat_interleave(times, dim=0) for part in (self.states, self.mask)))


class LpNetwork(nn.Module):
    """Spectrograms and token ids in, logits out."""

    def __init__(self, audio_encoder: MelConvEncoder, bart: Any) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder
        self.bart = bart
        self.register_state_dict_post_hook(_hold_shared_once)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_share_again)  # type: ignore[no-untyped-call]

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.audio_encoder.conv1.weight.device

    def listen(self, spectrograms: AudioEmbeddings) -> Heard:
        """The encoder's states, (batch, positions, dim)."""
        audio = self.audio_encoder.embed(spectrograms)
        states = self.bart.model.encoder(inputs_embeds=audio.states, attention_mask=audio.mask)
        return Heard(states.last_hidden_state, audio.mask)

    def logits(self, heard: Heard, labels: Tensor) -> Tensor:
        """Scores of every token at every place of `labels` (batch, time), those before it given."""
        config = self.bart.config
        inputs = labels.roll(1, dims=1)
        inputs[:, 0] = config.decoder_start_token_id
        inputs = inputs.masked_fill(inputs == IGNORED, config.pad_token_id)
        scores: Tensor = self.bart(
            encoder_outputs=BaseModelOutput(last_hidden_state=heard.states),
            attention_mask=heard.mask,
            decoder_input_ids=inputs,
            use_cache=False,
        ).logits
        return scores


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean over the real tokens, in nats; logits (batch, time, vocabulary), labels (batch, time)."""
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, label_smoothing=smoothing
    )


def log_likelihoods(logits: Tensor, labels: Tensor) -> Tensor:
    """log P of each caption: the sum over its real tokens, (batch,)."""
    real = labels != IGNORED
    log_probs = torch.log_softmax(logits.float(), dim=-1)
    chosen = log_probs.gather(-1, labels.masked_fill(~real, 0)[..., None])[..., 0]
    return (chosen * real).sum(-1)


def _hold_shared_once(
    module: nn.Module, state: dict[str, Tensor], prefix: str, metadata: Mapping[str, Any]
) -> None:
    del module, metadata
    for name in TIED:
        state.pop(prefix + name, None)


def _share_again(module: nn.Module, state: dict[str, Tensor], prefix: str, *loading: Any) -> None:
    del module, loading
    if prefix + SHARED in state:
        for name in TIED:
            state[prefix + name] = state[prefix + SHARED]
