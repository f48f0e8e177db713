"""What defines an LP-MusicCaps captioner (Doh et al. 2023, section 4.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from linernotes.encoders.decibel_mel import CONVENTIONS, WINDOW_S


@dataclass(frozen=True, slots=True)
class BartSizes:
    """Of a BART that starts from random weights; the defaults are BART-base."""

    dim: int = 768
    layers: int = 6
    """Of the encoder, and as many of the decoder."""
    heads: int = 12
    feed_forward: int = 3072
    positions: int = 1024
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.dim % self.heads or self.dim % 2:
            raise ValueError(f"dim ({self.dim}) must be even and a multiple of heads ({self.heads})")


@dataclass(frozen=True, slots=True)
class LpMusicCapsConfig:
    """Sizes and choices of an LP-MusicCaps captioner."""

    spectrogram: str = "power"
    """"power", or "released": the square of the real part only, which the published weights need."""
    window_s: float = WINDOW_S
    """Seconds that are heard at once: shorter clips are followed by silence, longer ones are cut into windows."""
    bart: str = ""
    """Folder or hub name of a pre-trained BART and its tokenizer; "" starts one of `sizes` from random weights."""
    sizes: BartSizes = field(default_factory=BartSizes)
    tokenizer: str = ""
    """Folder or hub name of a tokenizer, if not that of `bart`; without both, one is fitted to the captions."""
    tokenizer_size: int = 4000
    """Tokens of one that is fitted to the captions."""
    max_tokens: int = 108
    """The longest caption in training, without the marks at its ends; what is beyond is cut off."""
    label_smoothing: float = 0.1
    """In training; validation measures the plain cross entropy."""
    keep_spectrograms: bool = True
    """Compute the spectrogram of each clip once and keep it on disk (0.5 MB for 10 s), not in every epoch."""

    def __post_init__(self) -> None:
        if self.spectrogram not in CONVENTIONS:
            raise ValueError(f"spectrogram is one of {', '.join(CONVENTIONS)}, got {self.spectrogram!r}")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing must lie in 0..1, got {self.label_smoothing}")
        if self.window_s <= 0:
            raise ValueError(f"window_s must be above 0, got {self.window_s}")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, got {self.max_tokens}")
