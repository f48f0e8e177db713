"""MusCaps (Manco et al. 2021): a tagger's features, and LSTMs that write a caption from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from linernotes.decoding import DecodingOptions, State, StepResult
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder
from linernotes.models.captioning import CaptionBatch
from linernotes.models.muscaps.audio_input import AudioContext
from linernotes.models.muscaps.config import EncoderConfig, MusCapsConfig
from linernotes.models.muscaps.network import LanguageState, MusCapsNetwork
from linernotes.models.vocabulary import Vocabulary
from linernotes.models.word_decoding import (
    log_likelihoods,
    mean_cross_entropy,
    next_word_log_probs,
    targets_of,
)
from linernotes.models.word_search import Explanation, search_caption

__all__ = ["EncoderConfig", "Explanation", "MusCaps", "MusCapsConfig"]

SCORED_AT_ONCE = 512
"""Pairs of clip and caption in memory at a time."""


class MusCaps(nn.Module):
    """A `CaptionModel`; `encoder` hears, `network` writes."""

    def __init__(self, config: MusCapsConfig, vocabulary: Vocabulary, encoder: AudioEncoder) -> None:
        super().__init__()
        self.config, self.vocabulary = config, vocabulary
        self.encoder = encoder
        self.network = MusCapsNetwork(config, encoder.dim, len(vocabulary))
        if config.encoder.frozen and isinstance(encoder, nn.Module):
            encoder.requires_grad_(False)

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

    def train(self, mode: bool = True) -> MusCaps:
        """As ever, but a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.config.encoder.frozen and isinstance(self.encoder, nn.Module):
            self.encoder.eval()
        return self

    def encode(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """What the encoder hears, (batch, chunks, dim); without gradients where it is frozen."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.config.encoder.frozen):
            return self.encoder(waveforms, lengths).to(self.device)

    @property
    def device(self) -> torch.device:
        """Where the words are read."""
        return self.network.words.weight.device

    def loss(self, batch: CaptionBatch) -> Tensor:
        """Teacher-forced cross entropy over the words and `<eos>`, in nats a token."""
        if isinstance(batch.audio, AudioEmbeddings):
            audio = batch.audio.to(self.device)
        else:
            audio = self.encode(batch.audio.samples, batch.audio.lengths)
        targets = targets_of(batch.captions, self.vocabulary, self.config.max_words, self.device)
        context = self.network.listen(audio)
        reading = self.network.read(targets.inputs, context, self.network.start(context))
        return mean_cross_entropy(reading.logits, targets.outputs)

    def token_count(self, caption: str) -> int:
        """Tokens that the loss of `caption` is the mean over: its words and `<eos>`."""
        return min(len(self.vocabulary.encode(caption)), self.config.max_words) + 1

    @torch.no_grad()
    def generate(self, waveforms: Tensor, lengths: Tensor, options: DecodingOptions) -> list[str]:
        """A caption for each clip."""
        return self.generate_encoded(self.encode(waveforms, lengths), options)

    @torch.no_grad()
    def generate_encoded(self, audio: AudioEmbeddings, options: DecodingOptions) -> list[str]:
        """A caption for each clip that was heard before."""
        captions = []
        for states in audio.to(self.device).clips():
            context = self.network.listen(AudioEmbeddings.of_clips([states]))
            start = _arrays(self.network.start(context))
            captions.append(search_caption(_Step(self.network, context), start, self.vocabulary, options))
        return captions

    @torch.no_grad()
    def score(self, waveforms: Tensor, lengths: Tensor, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip), (batch, captions)."""
        return self.score_encoded(self.encode(waveforms, lengths), captions)

    @torch.no_grad()
    def score_encoded(self, audio: AudioEmbeddings, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip) of clips heard before, (batch, captions): each is listened to once."""
        targets = targets_of(captions, self.vocabulary, self.config.max_words, self.device)
        count, rows = len(captions), []
        at_once = max(1, SCORED_AT_ONCE // count)
        for states, mask in zip(
            torch.split(audio.states, at_once), torch.split(audio.mask, at_once), strict=True
        ):
            context = self.network.listen(AudioEmbeddings(states, mask).to(self.device)).repeated(count)
            inputs, outputs = (ids.repeat(len(states), 1) for ids in (targets.inputs, targets.outputs))
            reading = self.network.read(inputs, context, self.network.start(context))
            rows.append(log_likelihoods(reading.logits, outputs).view(len(states), count))
        return torch.cat(rows)

    @torch.no_grad()
    def explain(self, audio: AudioEmbeddings, caption: str) -> Explanation:
        """Where the words of `caption` attended to, in the one clip of `audio`.

        Raises:
            ValueError: the model has no attention.
        """
        if self.network.attention is None:
            raise ValueError("this model has no attention to look at: train one with model.attention = true")
        targets = targets_of([caption], self.vocabulary, self.config.max_words, self.device)
        context = self.network.listen(audio.to(self.device))
        reading = self.network.read(targets.inputs, context, self.network.start(context))
        assert reading.attention is not None
        words = tuple(self.vocabulary.words[number] for number in targets.outputs[0].tolist())
        return Explanation(words, reading.attention[0].cpu().numpy())


class _Step:
    """One step of decoding one clip, for `linernotes.decoding`."""

    def __init__(self, network: MusCapsNetwork, context: AudioContext) -> None:
        self.network, self.context = network, context

    def __call__(self, state: State, tokens: np.ndarray) -> StepResult:
        """Read `tokens (beams,)`."""
        device = self.context.embedding.device
        held = LanguageState(**{name: torch.from_numpy(rows).to(device) for name, rows in state.items()})
        newest = torch.from_numpy(tokens).to(device)[:, None]
        reading = self.network.read(newest, self.context.repeated(len(tokens)), held)
        return StepResult(next_word_log_probs(reading.logits[:, 0]), _arrays(reading.state))


def _arrays(state: LanguageState) -> dict[str, np.ndarray]:
    return {name: getattr(state, name).cpu().numpy() for name in LanguageState.__slots__}
