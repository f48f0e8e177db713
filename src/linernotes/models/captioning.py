"""The seams between models and everything that trains, decodes or ranks with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from linernotes.clip import Fact
from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder

__all__ = [
    "AudioEmbeddings",
    "AudioEncoder",
    "CaptionBatch",
    "CaptionModel",
    "EmbeddingCaptionModel",
    "FeatureModel",
    "VocalsModel",
    "Waveforms",
]


@dataclass(frozen=True, slots=True)
class Waveforms:
    """Mono clips padded with zeros to one batch."""

    samples: Tensor  # (batch, samples)
    lengths: Tensor  # (batch,), samples that are real


@dataclass(frozen=True, slots=True)
class CaptionBatch:
    """Clips and what is to be said of them; `audio` is embeddings where a frozen encoder has heard them before."""

    audio: Waveforms | AudioEmbeddings
    captions: tuple[str, ...]
    labels: Mapping[str, Tensor] = field(default_factory=dict)
    """Music feature -> (batch, classes), 1 where a class holds, 0 where not, NaN where nobody knows."""
    vocals: Waveforms | None = None
    """The vocal stems of the same stretches, for a `VocalsModel`; of length 0 where a clip has none."""

    def __len__(self) -> int:
        return len(self.captions)


@runtime_checkable
class CaptionModel(Protocol):
    """A network that hears clips and writes captions. Every implementation is an `nn.Module` besides."""

    @property
    def sample_rate(self) -> int:
        """Of the waveforms it takes, in Hz."""
        ...

    @property
    def max_seconds(self) -> float:
        """The longest clip it is made for; longer recordings are cut into windows."""
        ...

    def loss(self, batch: CaptionBatch) -> Tensor:
        """What training minimises: mean cross entropy in nats over the batch's real tokens, a scalar."""
        ...

    def generate(self, waveforms: Tensor, lengths: Tensor, options: DecodingOptions) -> list[str]:
        """A caption for each of the waveforms (batch, samples), `lengths (batch,)` samples of them real."""
        ...

    def score(self, waveforms: Tensor, lengths: Tensor, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip) in nats of every caption for every clip, (batch, captions)."""
        ...


@runtime_checkable
class EmbeddingCaptionModel(CaptionModel, Protocol):
    """A `CaptionModel` that also takes what its audio encoder gave before.

    Training on a frozen encoder then runs it once a clip, and retrieval hears each track once for all queries.
    """

    @property
    def audio_encoder(self) -> AudioEncoder:
        """What turns waveforms into the embeddings that the other methods take."""
        ...

    @property
    def encoder_is_frozen(self) -> bool:
        """Whether training leaves the encoder as it is, so that its embeddings can be kept."""
        ...

    def encode(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """What the encoder hears, (batch, frames, dim)."""
        ...

    def generate_encoded(self, audio: AudioEmbeddings, options: DecodingOptions) -> list[str]:
        """`generate` of clips heard before."""
        ...

    def score_encoded(self, audio: AudioEmbeddings, captions: Sequence[str]) -> Tensor:
        """`score` of clips heard before, (batch, captions)."""
        ...


@runtime_checkable
class VocalsModel(Protocol):
    """A network whose training also uses the vocal stems of its clips."""

    @property
    def hears_vocals(self) -> bool:
        """Whether it wants them with the settings it has."""
        ...


@runtime_checkable
class FeatureModel(Protocol):
    """A network that also says which music features it hears, and learns that from labels."""

    @property
    def writes_captions(self) -> bool:
        """Whether it can be asked for captions at all."""
        ...

    def labels_of(self, facts: Sequence[Fact]) -> Mapping[str, NDArray[np.float32]]:
        """What it should say of a clip with these facts: feature -> (classes,), NaN where nobody knows."""
        ...

    def facts(self, audio: AudioEmbeddings, seconds: float) -> Sequence[tuple[Fact, ...]]:
        """What it says of clips that last `seconds` at most."""
        ...

    def probabilities(self, audio: AudioEmbeddings) -> Mapping[str, Tensor]:
        """Of every class of every feature, (batch, classes)."""
        ...
