"""What defines a singing style captioner (S2Cap, sections 4 and 5), and the baselines beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from linernotes.encoders.ast import PATCHES
from linernotes.models.muscaps.config import EncoderConfig

WRITERS = ("t5", "bart", "gpt2", "gpt2-prefix")
PAIRED = ("t5", "bart")
"""Writers that were pre-trained with a text encoder, which CRESCENDO aligns the audio with."""
STAGES = ("captions", "align")
DIRECTIONS = ("mix||vocals", "vocals||mix")
STOPPED = ("vocals", "none")


@dataclass(frozen=True, slots=True)
class EarSizes:
    """Of an encoder that starts from random weights; the defaults are the published sizes."""

    dim: int = 768
    layers: int = 12
    heads: int = 12
    feed_forward: int = 3072
    bands: int = 128
    """Mel bins that AST hears."""
    window_frames: int = 1024
    """Frames of 10 ms that AST hears at once."""
    stride: int = 10
    """From one patch of AST to the next, in both directions; a patch is 16 by 16."""
    conv_dim: int = 512
    """Of the convolutions in front of MERT, wav2vec 2.0 and HuBERT."""


@dataclass(frozen=True, slots=True)
class WriterSizes:
    """Of a text decoder that starts from random weights; the defaults are those of T5-base."""

    dim: int = 768
    layers: int = 12
    heads: int = 12
    feed_forward: int = 3072
    positions: int = 1024
    """The longest text of GPT-2 and BART; T5 has no such limit."""
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise ValueError(f"dim ({self.dim}) must be a multiple of heads ({self.heads})")


@dataclass(frozen=True, slots=True)
class WriterConfig:
    """Which text decoder writes, and how the audio reaches it."""

    kind: str = "t5"
    """t5, bart or gpt2, whose layers attend to the audio; gpt2-prefix reads it as tokens before the caption."""
    source: str = ""
    """Folder or hub name of pre-trained weights and tokenizer; "" starts one of `sizes` from random weights."""
    sizes: WriterSizes = field(default_factory=WriterSizes)
    tokenizer: str = ""
    """Folder or hub name of a tokenizer, if not that of `source`; without both, one is fitted to the captions."""
    tokenizer_size: int = 4000
    frozen: bool = False
    """Leave its pre-trained weights as they are; new ones, as those that attend to the audio, still learn."""
    temporal_tokens: int = 15
    """Of gpt2-prefix: tokens made of all states of the audio."""
    global_tokens: int = 11
    """Of gpt2-prefix: tokens made of their mean."""
    prefix_layers: int = 4

    def __post_init__(self) -> None:
        if self.kind not in WRITERS:
            raise ValueError(f"writer.kind is one of {', '.join(WRITERS)}, got {self.kind!r}")
        if self.kind == "gpt2-prefix" and self.temporal_tokens + self.global_tokens < 1:
            raise ValueError("writer: gpt2-prefix needs temporal_tokens or global_tokens")

    @property
    def prefix_tokens(self) -> int:
        """Tokens that stand before every caption."""
        return self.temporal_tokens + self.global_tokens if self.kind == "gpt2-prefix" else 0


@dataclass(frozen=True, slots=True)
class S2CapConfig:
    """An audio encoder and a text decoder; the proposed system by default."""

    encoder: EncoderConfig = field(default_factory=lambda: EncoderConfig("ast", "none", frozen=False))
    sizes: EarSizes = field(default_factory=EarSizes)
    """Of an encoder whose weights are "none"."""
    truncate: bool = False
    """AST hears its first window (10.24 s) of a clip only, not one window after another."""
    patches: str = "all"
    """States of AST that the writer attends to: "all", or "time", the mean of those at one time."""
    writer: WriterConfig = field(default_factory=WriterConfig)
    stage: str = "captions"
    """captions, or align: CRESCENDO, which trains the audio encoder alone on the paired text encoder's states."""
    demixing_weight: float = 0.0
    """lambda of the demixing supervision; clips without a vocal stem (`vocals_path`) do not count."""
    divergence: str = "mix||vocals"
    """Direction of the Kullback-Leibler divergence."""
    stop_gradient: str = "vocals"
    """vocals: its features are a target and get no gradient; none: both sides are pulled."""
    max_tokens: int = 128
    """The longest caption in training; what is beyond is cut off."""
    max_seconds: float = 30.0

    def __post_init__(self) -> None:
        for name, allowed in (
            ("patches", PATCHES), ("stage", STAGES), ("divergence", DIRECTIONS), ("stop_gradient", STOPPED)
        ):  # fmt: skip
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {', '.join(allowed)}, got {getattr(self, name)!r}")
        if self.stage == "align" and self.writer.kind not in PAIRED:
            raise ValueError(
                f"stage 'align' needs a writer with a paired text encoder ({', '.join(PAIRED)}): "
                f"{self.writer.kind} has none"
            )
        learns = self.demixing_weight > 0 or self.stage == "align"
        if learns and self.encoder.frozen:
            raise ValueError(
                "encoder.frozen: CRESCENDO and demixing supervision teach the audio encoder, which must learn"
            )
        if self.demixing_weight < 0:
            raise ValueError(f"demixing_weight must be at least 0, got {self.demixing_weight}")
        for name in ("max_tokens", "max_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
