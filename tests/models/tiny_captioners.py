"""Caption models of every family and variant, small enough to learn four clips by heart in a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from tiny_language_model import shared_language_model
from tiny_s2cap import tiny_model
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings, cut_chunks
from linernotes.models.captioning import CaptionModel, Waveforms
from linernotes.models.dcase_baseline import DcaseBaselineConfig
from linernotes.models.lp_musiccaps import BartSizes, LpMusicCapsConfig
from linernotes.models.lp_musiccaps.family import LP_MUSICCAPS
from linernotes.models.muscaps import EncoderConfig, MusCapsConfig
from linernotes.models.sonicverse import LanguageModelConfig, SonicVerseConfig
from linernotes.models.sonicverse.family import SONICVERSE
from linernotes.models.word_family import DCASE_BASELINE, MUSCAPS

RATE = 1000
CAPTIONS = (
    "A low hum, long.",
    "Slow drums (rather bright).",
    "Low drums.",
    "A bright, low tone.",
)
TONES_HZ = ((60.0,), (250.0, 30.0), (30.0,), (250.0, 60.0))
SECONDS = (1.0, 1.75, 0.5, 1.3)


class BandEncoder(nn.Module):
    """Eight band energies of every quarter of a second: enough to tell a few tones apart."""

    sample_rate, dim, frame_s = RATE, 8, 0.25

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(self.dim))

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        clips = [cut_chunks(w[: int(n)], RATE // 4) for w, n in zip(waveforms, lengths, strict=True)]
        spectra = [torch.fft.rfft(clip).abs()[:, 1:121].reshape(len(clip), 8, 15).mean(2) for clip in clips]
        return AudioEmbeddings.of_clips([torch.log1p(spectrum) * self.gain for spectrum in spectra])


def band_encoder(weights: str, frozen: bool) -> BandEncoder:
    """For the registry."""
    assert weights in ("none", "shipped")
    del frozen
    return BandEncoder()


def clips() -> Waveforms:
    """Four clips of different lengths and tones."""
    samples = torch.zeros(4, round(max(SECONDS) * RATE))
    for row, tones, seconds in zip(samples, TONES_HZ, SECONDS, strict=True):
        t = torch.arange(round(seconds * RATE)) / RATE
        row[: len(t)] = sum(torch.sin(2 * torch.pi * hz * t) for hz in tones)
    return Waveforms(samples, torch.tensor([round(seconds * RATE) for seconds in SECONDS]))


MUSCAPS_TINY = MusCapsConfig(
    encoder=EncoderConfig("bands", "none"), word_dim=12, hidden=24, min_count=1, max_seconds=2.0, dropout=0.0
)
DCASE_TINY = DcaseBaselineConfig(
    encoder=EncoderConfig("bands", "none"), hidden=24, layers=3, min_count=1, max_seconds=2.0, dropout=0.0
)

LP_TINY = LpMusicCapsConfig(
    window_s=0.32, sizes=BartSizes(24, 1, 2, 48, 64, 0.0), tokenizer_size=200, label_smoothing=0.0
)


def _muscaps(**changes: object) -> Callable[[], CaptionModel]:
    return lambda: MUSCAPS.new(replace(MUSCAPS_TINY, **changes), CAPTIONS)  # type: ignore[arg-type]


def _lp_musiccaps(**changes: object) -> Callable[[], CaptionModel]:
    return lambda: LP_MUSICCAPS.new(replace(LP_TINY, **changes), CAPTIONS)  # type: ignore[arg-type]


SONICVERSE_TINY = SonicVerseConfig(
    encoder=EncoderConfig("bands", "none"), content_tokens=4, tokens_per_head=1, hidden=32, dropout=0.0,
    max_tokens=40, max_seconds=2.0, released_frames=8,
)  # fmt: skip


def _sonicverse(template: str = "paper", **changes: object) -> Callable[[], CaptionModel]:
    def build() -> CaptionModel:
        source = str(shared_language_model(CAPTIONS))
        llm = LanguageModelConfig(source, template)
        return SONICVERSE.new(replace(SONICVERSE_TINY, llm=llm, **changes), CAPTIONS)  # type: ignore[arg-type]

    return build


VARIANTS: dict[str, tuple[str, Callable[[], CaptionModel]]] = {
    **{
        f"muscaps-{fusion}-{variant}": ("muscaps", _muscaps(fusion=fusion, variant=variant))
        for fusion in ("early", "late", "init")
        for variant in ("paper", "released")
    },
    **{
        f"muscaps-attention-{variant}": ("muscaps", _muscaps(attention=True, variant=variant))
        for variant in ("paper", "released")
    },
    "muscaps-standardised": ("muscaps", _muscaps(standardise=True)),
    "muscaps-fine-tuned": ("muscaps", _muscaps(encoder=EncoderConfig("bands", "none", frozen=False))),
    "lp-musiccaps": ("lp-musiccaps", _lp_musiccaps()),
    "lp-musiccaps-released": (
        "lp-musiccaps",
        _lp_musiccaps(spectrogram="released", label_smoothing=0.1, keep_spectrograms=False),
    ),
    "sonicverse": ("sonicverse", _sonicverse()),
    "sonicverse-released": ("sonicverse", _sonicverse("released", variant="released")),
    "sonicverse-baseline-a": ("sonicverse", _sonicverse(heads=())),
    "sonicverse-fine-tuned": (
        "sonicverse",
        _sonicverse(encoder=EncoderConfig("bands", "none", frozen=False)),
    ),
    "s2cap": ("s2cap", lambda: tiny_model(CAPTIONS)),
    "s2cap-mert-gpt2": ("s2cap", lambda: tiny_model(CAPTIONS, "mert", "gpt2")),
    "s2cap-hubert-bart": ("s2cap", lambda: tiny_model(CAPTIONS, "hubert", "bart")),
    "s2cap-prefix": ("s2cap", lambda: tiny_model(CAPTIONS, "wav2vec2", "gpt2-prefix")),
    "dcase-baseline": ("dcase-baseline", lambda: DCASE_BASELINE.new(DCASE_TINY, CAPTIONS)),
}
"""Name -> family and a function that builds the model."""

LEARNING_RATES = {"lp-musiccaps": 4e-3, "s2cap": 4e-3}
"""By family, where 2e-2 is too much: a transformer without warm-up."""
