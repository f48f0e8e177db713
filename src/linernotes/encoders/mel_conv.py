"""Six convolutions over a mel spectrogram: the ears of LP-MusicCaps (Doh et al. 2023, section 4.1).

10 s make 1,001 frames of 128 bands and, after five halvings, 32 vectors. Names and shapes are those of the
published weights.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.decibel_mel import (
    BANDS,
    CONVENTIONS,
    HOP,
    SAMPLE_RATE,
    SILENCE_DB,
    Floats,
    MelTables,
    decibel_mel,
    frames_of,
    mel_tables,
)

Count = TypeVar("Count", int, Tensor)

HALVINGS = 5
LONGEST_WAVELENGTH = 10_000
"""Of the sinusoidal positions, in units of 2 pi (Vaswani et al. 2017, section 3.5)."""


class MelSpectrogram(nn.Module):
    """The spectrogram as an `AudioEncoder` without anything to learn: (batch, frames, 128) in decibels."""

    sample_rate, dim, frame_s = SAMPLE_RATE, BANDS, HOP / SAMPLE_RATE
    window: Tensor
    filters: Tensor

    def __init__(self, convention: str, window_s: float) -> None:
        super().__init__()
        if convention not in CONVENTIONS:
            raise ValueError(f"spectrogram is one of {', '.join(CONVENTIONS)}, got {convention!r}")
        self.convention, self.window_s = convention, window_s
        tables = mel_tables()
        self.register_buffer("window", torch.from_numpy(tables.window.copy()))
        self.register_buffer("filters", torch.from_numpy(tables.filters.copy()))

    @property
    def identity(self) -> str:
        """What tells it from others besides its tables."""
        return f"{self.convention} {self.window_s:g} s"

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        tables = MelTables(self.window.cpu().numpy(), self.filters.cpu().numpy())
        clips = [
            torch.from_numpy(
                decibel_mel(
                    waveform[: int(length)].cpu().numpy(), self.convention, self.window_s,
                    tables=tables, transform=_torch_transform,
                )
            )
            for waveform, length in zip(waveforms, lengths, strict=True)
        ]  # fmt: skip
        return AudioEmbeddings.of_clips(clips).to(waveforms.device)


class MelConvEncoder(nn.Module):
    """One vector for every 0.32 s: (batch, 32, dim) of 10 s."""

    positional_embedding: Tensor

    def __init__(self, dim: int, convention: str, window_s: float) -> None:
        super().__init__()
        self.dim = dim
        self.spectrogram = MelSpectrogram(convention, window_s)
        self.sample_rate, self.frame_s = SAMPLE_RATE, 2**HALVINGS * HOP / SAMPLE_RATE
        self.frames = frames_of(round(window_s * SAMPLE_RATE))
        self.conv1 = nn.Conv1d(BANDS, dim, kernel_size=3, padding=1)
        self.conv_stack = nn.ModuleList(
            nn.Conv1d(dim, dim, kernel_size=3, stride=2, padding=1) for _ in range(HALVINGS)
        )
        for convolution in (self.conv1, *self.conv_stack):
            # He's initialisation keeps the sound as loud through six layers; PyTorch's own would leave less than a
            # hundredth of it, and the positions that are added then drown it.
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.zeros_(convolution.bias)
        self.register_buffer("positional_embedding", sinusoids(_halved(self.frames), dim))

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        return self.embed(self.spectrogram(waveforms, lengths))

    def embed(self, spectrograms: AudioEmbeddings) -> AudioEmbeddings:
        """What `self.spectrogram` gave, to vectors; behind the end of a short clip silence is heard."""
        audio = spectrograms.to(self.conv1.weight.device)
        states = audio.states.masked_fill(~audio.mask[..., None], SILENCE_DB)
        states = functional.pad(states, (0, 0, 0, self.frames - states.shape[1]), value=SILENCE_DB)
        hidden = functional.gelu(self.conv1(states.transpose(1, 2)))
        for convolution in self.conv_stack:
            hidden = functional.gelu(convolution(hidden))
        rows = _halved(audio.mask.sum(1))
        mask = torch.arange(hidden.shape[2], device=hidden.device) < rows[:, None]
        return AudioEmbeddings(hidden.transpose(1, 2) + self.positional_embedding, mask)


def sinusoids(positions: int, dim: int) -> Tensor:
    """Sines of falling frequencies, then their cosines, (positions, dim)."""
    step = math.log(LONGEST_WAVELENGTH) / (dim // 2 - 1)
    angles = torch.arange(positions)[:, None] * torch.exp(-step * torch.arange(dim // 2))
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _halved(frames: Count) -> Count:
    """What is left of `frames` after all halvings, rounded up each time."""
    left: Count = (frames + 2**HALVINGS - 1) // 2**HALVINGS
    return left


def _torch_transform(frames: Floats) -> NDArray[np.complex64]:
    spectra: NDArray[np.complex64] = torch.fft.rfft(torch.from_numpy(frames)).numpy()
    return spectra
