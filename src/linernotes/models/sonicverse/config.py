"""What defines a SonicVerse captioner (Chopra et al. 2025, section 3), and the released one."""

from __future__ import annotations

from dataclasses import dataclass, field

from linernotes.datasets.feature_classes import CLASSES
from linernotes.models.muscaps.config import EncoderConfig

VARIANTS = ("paper", "released")
QUESTION = "Describe the music."
RELEASED_FRAMES = 760
"""Frames the released projector pads every clip to: 10 s are 749."""


@dataclass(frozen=True, slots=True)
class LanguageModelConfig:
    """Which causal language model writes; its weights stay as they are and are not copied into checkpoints."""

    source: str = ""
    """A folder, a GGUF file, a Python package that carries one, or a name in this machine's hub cache."""
    template: str = "paper"
    """Where the audio tokens stand: "paper" before the question, "released" in the user's turn after it."""
    question: str = QUESTION
    chat: bool = True
    """Put the question into the model's chat template, if it has one."""
    lora_rank: int = 0
    """Rank of trained low-rank updates; 0 trains none. Needs the package peft."""
    lora_targets: tuple[str, ...] = ()
    """Names of the layers that are updated, as q_proj; () takes every linear one but the output."""
    lora_alpha: float = 16.0
    lora_dropout: float = 0.05
    precision: str = "float32"
    """float32, or bfloat16 or float16 where memory is short."""
    checkpoint_activations: bool = False
    """Compute activations twice instead of keeping them: less memory, more time."""


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """One detector: a feature of `feature_classes.CLASSES`, or one whose classes are given."""

    feature: str
    classes: tuple[str, ...] = ()
    """What its outputs stand for, in order; () takes the feature's own."""
    unnamed: int = 0
    """Outputs of a head whose classes nobody has documented; it predicts, but nothing is told of it."""

    def __post_init__(self) -> None:
        if not (self.classes or self.unnamed or self.feature in CLASSES):
            raise ValueError(
                f"heads: {self.feature!r} has no classes of its own; give `classes`, or one of "
                f"{', '.join(CLASSES)}"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Classes in the order of the outputs; () where they are not known."""
        return () if self.unnamed else (self.classes or CLASSES[self.feature])

    @property
    def size(self) -> int:
        """How many outputs it has."""
        return self.unnamed or len(self.names)


def _all_heads() -> tuple[HeadConfig, ...]:
    return tuple(HeadConfig(feature) for feature in CLASSES)


@dataclass(frozen=True, slots=True)
class SonicVerseConfig:
    """A projector between an audio encoder and a language model. Without heads it is the paper's Baseline A."""

    encoder: EncoderConfig = field(default_factory=lambda: EncoderConfig("mert", "none"))
    llm: LanguageModelConfig = field(default_factory=LanguageModelConfig)
    variant: str = "paper"
    """"paper", or "released": the authors' code. docs/models/sonicverse.md lists where they differ."""
    content_tokens: int = 35
    tokens_per_head: int = 5
    heads: tuple[HeadConfig, ...] = field(default_factory=_all_heads)
    hidden: int = 0
    """Width inside the MLPs that make tokens; 0 takes the language model's."""
    backbone: int = 512
    head_hidden: int = 256
    dropout: float = 0.2
    """In the backbone and the heads."""
    caption_weight: float = 1.0
    """lambda_cap; 0 trains the heads alone, and the language model is not run."""
    feature_weight: float = 0.1
    """lambda_k of every head."""
    heads_frozen: bool = False
    """Leave backbone, heads and their layer weights as they are; the projectors behind them still learn."""
    max_tokens: int = 128
    """The longest caption, in the language model's tokens: more are cut off in training."""
    max_seconds: float = 10.0
    released_frames: int = RELEASED_FRAMES
    """Frames that "released" pads every clip to before it sums over them."""

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"variant is one of {', '.join(VARIANTS)}, got {self.variant!r}")
        if self.llm.template not in VARIANTS:
            raise ValueError(f"llm.template is one of {', '.join(VARIANTS)}, got {self.llm.template!r}")
        for name in ("content_tokens", "tokens_per_head", "max_tokens", "backbone", "head_hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.caption_weight < 0 or self.feature_weight < 0:
            raise ValueError("caption_weight and feature_weight must not be negative")
        features = [head.feature for head in self.heads]
        if len(set(features)) < len(features):
            raise ValueError(f"heads: each feature once, got {', '.join(features)}")
        if self.caption_weight == 0 and not (self.heads and self.feature_weight):
            raise ValueError("nothing to learn: caption_weight is 0 and no head has a weight")

    @property
    def tokens(self) -> int:
        """Tokens that the language model reads for a clip."""
        return self.content_tokens + len(self.heads) * self.tokens_per_head


RELEASED_HEADS = (
    HeadConfig("instrument"),
    HeadConfig("mood"),
    HeadConfig("genre"),
    HeadConfig("key", unnamed=24),
    HeadConfig("vocals", unnamed=3),
)
"""Of the published weights, in the order of their tokens. The last two's classes are documented nowhere."""
