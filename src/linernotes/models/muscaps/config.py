"""What defines a MusCaps network (Manco et al. 2021, sections III and IV-B)."""

from __future__ import annotations

from dataclasses import dataclass, field

FUSIONS = ("early", "late", "init")
VARIANTS = ("paper", "released")


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Which network hears the audio, with which weights, and whether training changes it."""

    name: str = "musicnn-mtt"
    weights: str = "shipped"
    """"shipped", "none" (random: without pre-training), or the path of a checkpoint."""
    frozen: bool = True


@dataclass(frozen=True, slots=True)
class MusCapsConfig:
    """Sizes and choices of a MusCaps network."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    fusion: str = "early"
    """Where the audio enters: early, late or init. With attention it enters through that instead."""
    attention: bool = False
    variant: str = "paper"
    """"paper", or "released": the authors' code. docs/models/muscaps.md lists where they differ."""
    word_dim: int = 300
    hidden: int = 256
    dropout: float = 0.25
    max_words: int = 22
    """The longest caption, in tokens: more are cut off in training and never written."""
    max_seconds: float = 360.0
    min_count: int = 2
    """A word that the training captions use less often is `<unk>`."""
    lowercase: bool = True
    standardise: bool = False
    """Scale every audio feature to zero mean and unit variance over the training clips, learned as it goes."""
    glove: str = ""
    """Path of a GloVe text file whose vectors start, and stay, the word embeddings; "" learns them."""

    def __post_init__(self) -> None:
        if self.fusion not in FUSIONS:
            raise ValueError(f"fusion is one of {', '.join(FUSIONS)}, got {self.fusion!r}")
        if self.variant not in VARIANTS:
            raise ValueError(f"variant is one of {', '.join(VARIANTS)}, got {self.variant!r}")
        for name in ("word_dim", "hidden", "max_words", "min_count"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must lie in 0..1, got {self.dropout}")
