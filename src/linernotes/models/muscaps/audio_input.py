"""How audio embeddings reach the language model: pooled, projected, standardised, or chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from linernotes.encoders.audio_encoder import AudioEmbeddings


@dataclass(frozen=True, slots=True)
class AudioContext:
    """What a caption is written from; computed once a clip, whatever is then decoded or scored."""

    embedding: Tensor  # (batch, hidden): the projected mean over chunks
    chunks: Tensor  # (batch, chunks, dim)
    keys: Tensor  # (batch, chunks, hidden): what attention compares with, W_a a_i
    mask: Tensor  # (batch, chunks)

    def repeated(self, times: int) -> AudioContext:
        """Every clip `times` times in a row, (batch * times, ...)."""
        parts = (self.embedding, self.chunks, self.keys, self.mask)
        return AudioContext(*(part.repeat_interleave(times, dim=0) for part in parts))


class RunningNorm(nn.Module):
    """Batch normalisation over rows; one row alone, which has no variance, is scaled by the running values."""

    def __init__(self, dim: int, *, affine: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(dim, affine=affine)

    def forward(self, rows: Tensor) -> Tensor:
        """(rows, dim) to the same shape."""
        norm = self.norm
        if self.training and len(rows) > 1:
            normed: Tensor = norm(rows)
            return normed
        return functional.batch_norm(
            rows, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps
        )


class AudioLayer(nn.Module):
    """The fully connected layer that makes the audio as wide as the LSTM's state.

    Linear in the paper; the released code follows it by batch normalisation and a rectifier.
    """

    def __init__(self, dim: int, hidden: int, *, rectified: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, hidden)
        self.norm = RunningNorm(hidden, affine=True) if rectified else None

    def forward(self, audio: Tensor) -> Tensor:
        """(batch, dim) -> (batch, hidden)."""
        projected: Tensor = self.linear(audio)
        return projected if self.norm is None else functional.relu(self.norm(projected))


class Standardise(nn.Module):
    """Every feature with mean 0 and variance 1 over the real chunks seen in training."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = RunningNorm(dim, affine=False)

    def forward(self, audio: AudioEmbeddings) -> AudioEmbeddings:
        """Padding stays zero."""
        states = torch.zeros_like(audio.states)
        states[audio.mask] = self.norm(audio.states[audio.mask])
        return AudioEmbeddings(states, audio.mask)
