"""The DCASE 2020 captioning baseline: the system that MusCaps is compared with (Manco et al. 2021, section IV-C).

Log-mel frames go through three bidirectional GRU layers; their last state is repeated for every word position
and a bidirectional GRU turns it into words. Nothing aligns words with audio, and no word knows which was chosen
before it: all positions are predicted at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder
from linernotes.models.captioning import CaptionBatch
from linernotes.models.muscaps.audio_input import Standardise
from linernotes.models.muscaps.config import EncoderConfig
from linernotes.models.vocabulary import Vocabulary
from linernotes.models.word_decoding import (
    log_likelihoods,
    mean_cross_entropy,
    next_word_log_probs,
    targets_of,
)
from linernotes.models.word_search import FIRST_POSITION, Positions, search_caption


@dataclass(frozen=True, slots=True)
class DcaseBaselineConfig:
    """Sizes of the baseline."""

    encoder: EncoderConfig = field(default_factory=lambda: EncoderConfig("log-mel-64", "none"))
    hidden: int = 256
    layers: int = 3
    dropout: float = 0.25
    max_words: int = 22
    max_seconds: float = 30.0
    frames_per_step: int = 1
    """Log-mel frames averaged before the first GRU: more of them are quicker to train."""
    min_count: int = 2
    lowercase: bool = True

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "max_words", "frames_per_step", "min_count"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


class DcaseBaseline(nn.Module):
    """A `CaptionModel` without alignment and without memory of the words before."""

    def __init__(self, config: DcaseBaselineConfig, vocabulary: Vocabulary, encoder: AudioEncoder) -> None:
        super().__init__()
        self.config, self.vocabulary = config, vocabulary
        self.encoder = encoder
        self.standardise = Standardise(encoder.dim)
        self.listener = nn.GRU(
            encoder.dim, config.hidden, config.layers, batch_first=True, bidirectional=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )  # fmt: skip
        self.bridge = nn.Linear(2 * config.hidden, config.hidden)
        self.writer = nn.GRU(config.hidden, config.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(2 * config.hidden, len(vocabulary))

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
        """The log-mel frontend."""
        return self.encoder

    @property
    def encoder_is_frozen(self) -> bool:
        """Always: a spectrogram has nothing to learn."""
        return True

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.output.weight.device

    def encode(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Log-mel frames, (batch, frames, 64)."""
        with torch.no_grad():
            return self.encoder(waveforms, lengths).to(self.device)

    def logits(self, audio: AudioEmbeddings) -> Tensor:
        """Scores of every word at every position, (batch, max_words + 1, vocabulary)."""
        audio = self.standardise(_fewer_frames(audio.to(self.device), self.config.frames_per_step))
        frames = audio.mask.sum(1).cpu()
        packed = pack_padded_sequence(audio.states, frames, batch_first=True, enforce_sorted=False)
        _, last = self.listener(packed)
        return self.written_of(last)

    def written_of(self, last: Tensor) -> Tensor:
        """The listener's last states (2 * layers, batch, hidden) to scores of every word at every position."""
        heard = self.bridge(self.dropout(torch.cat([last[-2], last[-1]], dim=-1)))
        positions = heard[:, None].expand(-1, self.config.max_words + 1, -1)
        written, _ = self.writer(positions)
        logits: Tensor = self.output(self.dropout(written))
        return logits

    def loss(self, batch: CaptionBatch) -> Tensor:
        """Cross entropy of the words and `<eos>`, in nats a token."""
        if isinstance(batch.audio, AudioEmbeddings):
            audio = batch.audio
        else:
            audio = self.encode(batch.audio.samples, batch.audio.lengths)
        outputs = targets_of(batch.captions, self.vocabulary, self.config.max_words, self.device).outputs
        return mean_cross_entropy(self.logits(audio)[:, : outputs.shape[1]], outputs)

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
        return [
            search_caption(Positions(next_word_log_probs(logits)), FIRST_POSITION, self.vocabulary, options)
            for logits in self.logits(audio)
        ]

    @torch.no_grad()
    def score(self, waveforms: Tensor, lengths: Tensor, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip), (batch, captions)."""
        return self.score_encoded(self.encode(waveforms, lengths), captions)

    @torch.no_grad()
    def score_encoded(self, audio: AudioEmbeddings, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip) of clips heard before, (batch, captions)."""
        outputs = targets_of(captions, self.vocabulary, self.config.max_words, self.device).outputs
        rows = []
        for logits in self.logits(audio)[:, : outputs.shape[1]]:
            rows.append(log_likelihoods(logits.expand(len(captions), -1, -1), outputs))
        return torch.stack(rows)


def _fewer_frames(audio: AudioEmbeddings, together: int) -> AudioEmbeddings:
    """Means of every `together` frames; the frames of a last, incomplete group are left out unless alone."""
    if together == 1:
        return audio
    clips = []
    for states in audio.clips():
        whole = len(states) // together * together
        clips.append(
            states[:whole].reshape(-1, together, states.shape[1]).mean(1) if whole else states.mean(0)[None]
        )
    return AudioEmbeddings.of_clips(clips)
