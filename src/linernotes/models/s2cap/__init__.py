"""Singing style captioning (S2Cap): a pre-trained audio encoder, and a pre-trained text decoder that reads it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder
from linernotes.models.captioning import CaptionBatch, Waveforms
from linernotes.models.lp_musiccaps.network import IGNORED, cross_entropy, log_likelihoods
from linernotes.models.s2cap.alignment import PairedTextEncoder, crescendo_loss, token_cosines
from linernotes.models.s2cap.config import EarSizes, S2CapConfig, WriterConfig, WriterSizes
from linernotes.models.s2cap.demixing import demixing_divergence
from linernotes.models.s2cap.searching import write_ids
from linernotes.models.s2cap.tokens import CaptionTokens
from linernotes.models.s2cap.writer import TextDecoder

__all__ = ["EarSizes", "S2Cap", "S2CapConfig", "WriterConfig", "WriterSizes"]

SCORED_AT_ONCE = 16
"""Captions in memory at a time, for one clip."""


class S2Cap(nn.Module):
    """A `CaptionModel`: any audio encoder with any text decoder, a linear bridge between them.

    In stage "align" the encoder and the bridge learn, from `text`, the decoder's paired text encoder; in stage
    "captions" all of it learns that is not frozen.
    """

    scores_slowly = True
    """Scoring a caption takes about as long as writing one."""

    def __init__(
        self,
        config: S2CapConfig,
        tokens: CaptionTokens,
        encoder: AudioEncoder,
        decoder: TextDecoder,
        text: PairedTextEncoder | None = None,
    ) -> None:
        super().__init__()
        self.config, self.vocabulary = config, tokens
        self.encoder, self.decoder = encoder, decoder
        same = encoder.dim == decoder.width
        self.bridge: nn.Module = nn.Identity() if same else nn.Linear(encoder.dim, decoder.width)
        self._text = text
        if decoder.longest is not None and decoder.longest < config.max_tokens + 2:
            raise ValueError(
                f"max_tokens is {config.max_tokens}, but this decoder reads {decoder.longest - 2} at most: "
                "lower model.max_tokens"
            )
        if config.encoder.frozen and isinstance(encoder, nn.Module):
            encoder.requires_grad_(False)
        if config.writer.frozen:
            decoder.freeze()
        if config.stage == "align":
            decoder.requires_grad_(False)

    @property
    def sample_rate(self) -> int:
        """Of the waveforms it takes, in Hz."""
        return self.encoder.sample_rate

    @property
    def max_seconds(self) -> float:
        """The longest clip it is made for."""
        return self.config.max_seconds

    @property
    def audio_encoder(self) -> AudioEncoder:
        """What turns waveforms into embeddings."""
        return self.encoder

    @property
    def encoder_is_frozen(self) -> bool:
        """Whether embeddings can be kept during training."""
        return self.config.encoder.frozen

    @property
    def hears_vocals(self) -> bool:
        """Whether its training wants the vocal stems of clips that have one."""
        return self.config.stage == "captions" and self.config.demixing_weight > 0

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        where: torch.device = next(self.decoder.parameters()).device
        return where

    def train(self, mode: bool = True) -> S2Cap:
        """As ever, but what is frozen stays in evaluation mode."""
        super().train(mode)
        if self.config.encoder.frozen and isinstance(self.encoder, nn.Module):
            self.encoder.eval()
        if self.config.stage == "align":
            self.decoder.eval()
        return self

    def encode(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """What the encoder hears, (batch, frames, dim); without gradients where it is frozen."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.config.encoder.frozen):
            return self.encoder(waveforms, lengths).to(self.device)

    def loss(self, batch: CaptionBatch) -> Tensor:
        """Stage "align": minus the mean cosine with the text's states (eq. 4). Stage "captions": cross entropy
        in nats a token, and in training lambda times the divergence from the vocals where a clip has them (eq. 7).
        """
        if isinstance(batch.audio, AudioEmbeddings):
            audio = batch.audio.to(self.device)
        else:
            audio = self.encode(batch.audio.samples, batch.audio.lengths)
        if self.config.stage == "align":
            return crescendo_loss(
                self._paired()(self._rows(batch.captions), self.device), self._bridged(audio)
            )
        labels = self.labels_of(batch.captions)
        words = cross_entropy(self.logits(self._bridged(audio), labels), labels)
        if self.training and self.hears_vocals and batch.vocals is not None:
            words = words + self.config.demixing_weight * self.demixing(audio, batch.vocals)
        return words

    def demixing(self, mix: AudioEmbeddings, vocals: Waveforms) -> Tensor:
        """KL(features(mix) || features(vocals)) in nats a frame, over the clips that have vocals (eq. 6)."""
        have = vocals.lengths > 0
        if not bool(have.any()):
            return mix.states.sum() * 0
        learns = torch.is_grad_enabled() and self.config.stop_gradient == "none"
        with torch.set_grad_enabled(learns):
            sung = self.encode(vocals.samples[have], vocals.lengths[have])
        rows = have.to(mix.mask.device)
        some = AudioEmbeddings(mix.states[rows], mix.mask[rows])
        return demixing_divergence(some, sung, self.config.divergence, self.config.stop_gradient)

    def logits(self, bridged: AudioEmbeddings, labels: Tensor) -> Tensor:
        """Scores (batch, time, vocabulary) of every token at every place of `labels`, those before it given."""
        inputs = labels.roll(1, dims=1)
        inputs[:, 0] = self.vocabulary.marks.start
        scores: Tensor = self.decoder(
            inputs.masked_fill(inputs == IGNORED, self.vocabulary.marks.end), bridged
        )
        return scores

    @torch.no_grad()
    def generate(self, waveforms: Tensor, lengths: Tensor, options: DecodingOptions) -> list[str]:
        """A caption for each clip."""
        return self.generate_encoded(self.encode(waveforms, lengths), options)

    @torch.no_grad()
    def generate_encoded(self, audio: AudioEmbeddings, options: DecodingOptions) -> list[str]:
        """A caption for each clip that was heard before."""
        bridged = self._bridged(audio.to(self.device))
        found = write_ids(self.decoder, bridged, self.vocabulary.marks, options)
        return [self.vocabulary.decode(ids) for ids in found]

    @torch.no_grad()
    def score(self, waveforms: Tensor, lengths: Tensor, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip), (batch, captions)."""
        return self.score_encoded(self.encode(waveforms, lengths), captions)

    @torch.no_grad()
    def score_encoded(self, audio: AudioEmbeddings, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip) of clips heard before, (batch, captions)."""
        bridged, labels = self._bridged(audio.to(self.device)), self.labels_of(captions)
        rows = []
        for states, mask in zip(bridged.states, bridged.mask, strict=True):
            some = [
                log_likelihoods(self.logits(_repeated(states, mask, len(part)), part), part)
                for part in torch.split(labels, SCORED_AT_ONCE)
            ]
            rows.append(torch.cat(some))
        return torch.stack(rows)

    @torch.no_grad()
    def cosines(self, audio: AudioEmbeddings, captions: Sequence[str]) -> Tensor:
        """Mean cosine over the tokens of every caption with every clip heard before, (clips, captions).

        Raises:
            ValueError: the text encoder is not at hand.
        """
        bridged, text = (
            self._bridged(audio.to(self.device)),
            self._paired()(self._rows(captions), self.device),
        )
        rows = []
        for states, mask in zip(bridged.states, bridged.mask, strict=True):
            found = token_cosines(text, _repeated(states, mask, len(captions)))
            rows.append((found * text.mask).sum(1) / text.mask.sum(1))
        return torch.stack(rows)

    def token_count(self, caption: str) -> int:
        """Tokens that the loss of `caption` is the mean over."""
        lead = len(self.vocabulary.marks.lead)
        return min(len(self.vocabulary.encode(caption)), self.config.max_tokens + lead) + 1

    def labels_of(self, captions: Sequence[str]) -> Tensor:
        """Token ids of captions, the end last, padded with `IGNORED`, (captions, time).

        Raises:
            ValueError: a caption has no words.
        """
        rows = [torch.tensor(row) for row in self._rows(captions)]
        return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=IGNORED).to(self.device)

    def _rows(self, captions: Sequence[str]) -> list[list[int]]:
        return [self.vocabulary.row(caption, self.config.max_tokens) for caption in captions]

    def _bridged(self, audio: AudioEmbeddings) -> AudioEmbeddings:
        """As wide as the decoder's states, zero at padding."""
        states = self.bridge(audio.states).masked_fill(~audio.mask[..., None], 0.0)
        return AudioEmbeddings(states, audio.mask)

    def _paired(self) -> PairedTextEncoder:
        if self._text is None:
            raise ValueError(
                "the text encoder is not at hand: CRESCENDO needs it at model.writer.source, since checkpoints do "
                "not hold it"
            )
        return self._text


def _repeated(states: Tensor, mask: Tensor, times: int) -> AudioEmbeddings:
    """One clip (frames, dim) as a batch of equals."""
    return AudioEmbeddings(states.expand(times, -1, -1), mask.expand(times, -1))
