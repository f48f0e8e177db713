"""LP-MusicCaps (Doh et al. 2023): convolutions over a mel spectrogram, and BART that writes what they hear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder
from linernotes.encoders.mel_conv import MelConvEncoder
from linernotes.models.captioning import CaptionBatch
from linernotes.models.lp_musiccaps.config import BartSizes, LpMusicCapsConfig
from linernotes.models.lp_musiccaps.network import IGNORED, LpNetwork, cross_entropy, log_likelihoods
from linernotes.models.lp_musiccaps.writing import write_ids
from linernotes.models.slot_decoder import WINDOWS_AT_ONCE
from linernotes.models.subwords import Subwords

__all__ = ["BartSizes", "LpMusicCaps", "LpMusicCapsConfig"]

SCORED_AT_ONCE = 64
"""Pairs of clip and caption in memory at a time."""


class LpMusicCaps(nn.Module):
    """A `CaptionModel`; what it keeps of a clip is the spectrogram, for all behind that learns."""

    scores_slowly = True
    """Scoring a caption takes about as long as writing one."""
    windows_at_once = WINDOWS_AT_ONCE

    def __init__(self, config: LpMusicCapsConfig, subwords: Subwords, bart: Any) -> None:
        super().__init__()
        self.config, self.vocabulary = config, subwords
        ears = MelConvEncoder(bart.config.d_model, config.spectrogram, config.window_s)
        self.network = LpNetwork(ears, bart)

    @property
    def sample_rate(self) -> int:
        """Of the waveforms it takes, in Hz."""
        return self.network.audio_encoder.sample_rate

    @property
    def max_seconds(self) -> float:
        """What it hears at once."""
        return self.config.window_s

    @property
    def audio_encoder(self) -> AudioEncoder:
        """The spectrogram, which has nothing to learn."""
        return self.network.audio_encoder.spectrogram

    @property
    def encoder_is_frozen(self) -> bool:
        """Whether spectrograms are kept during training."""
        return self.config.keep_spectrograms

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.network.device

    def encode(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Spectrograms in decibels, (batch, frames, 128)."""
        return self.audio_encoder(waveforms, lengths).to(self.device)

    def loss(self, batch: CaptionBatch) -> Tensor:
        """Cross entropy of `<s>`, the caption and `</s>`, in nats a token; with smoothed labels in training."""
        if isinstance(batch.audio, AudioEmbeddings):
            audio = batch.audio
        else:
            audio = self.encode(batch.audio.samples, batch.audio.lengths)
        labels = self.labels_of(batch.captions)
        logits = self.network.logits(self.network.listen(audio), labels)
        return cross_entropy(logits, labels, self.config.label_smoothing if self.training else 0.0)

    @torch.no_grad()
    def generate(self, waveforms: Tensor, lengths: Tensor, options: DecodingOptions) -> list[str]:
        """A caption for each clip."""
        return self.generate_encoded(self.encode(waveforms, lengths), options)

    @torch.no_grad()
    def generate_encoded(self, audio: AudioEmbeddings, options: DecodingOptions) -> list[str]:
        """A caption for each clip that was heard before."""
        heard = self.network.listen(audio)
        return [self.vocabulary.decode(ids) for ids in write_ids(self.network.bart, heard, options)]

    @torch.no_grad()
    def score(self, waveforms: Tensor, lengths: Tensor, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip), (batch, captions)."""
        return self.score_encoded(self.encode(waveforms, lengths), captions)

    @torch.no_grad()
    def score_encoded(self, audio: AudioEmbeddings, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip) of clips heard before, (batch, captions)."""
        heard, labels = self.network.listen(audio), self.labels_of(captions)
        rows = []
        for number in range(len(heard.states)):
            one = heard.clip(number)
            some = [
                log_likelihoods(self.network.logits(one.repeated(len(part)), part), part)
                for part in torch.split(labels, SCORED_AT_ONCE)
            ]
            rows.append(torch.cat(some))
        return torch.stack(rows)

    def token_count(self, caption: str) -> int:
        """Tokens that the loss of `caption` is the mean over."""
        return min(len(self.vocabulary.encode(caption)), self.config.max_tokens + 1) + 1

    def labels_of(self, captions: Sequence[str]) -> Tensor:
        """Token ids of captions, `<s>` first and `</s>` last, padded with `IGNORED`, (captions, time).

        Raises:
            ValueError: a caption has no words.
        """
        longest, end = self.config.max_tokens + 1, [self.vocabulary.eos_id]
        rows = [self.vocabulary.encode(caption)[:longest] + end for caption in captions]
        empty = [caption for caption, row in zip(captions, rows, strict=True) if len(row) == 2]
        if empty:
            raise ValueError(f"the caption {empty[0]!r} has no words")
        tensors = [torch.tensor(row) for row in rows]
        padded = nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=IGNORED)
        return padded.to(self.device)
