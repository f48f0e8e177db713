"""Soft attention over the chunks of a recording (Manco et al. 2021, eq. 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from linernotes.models.muscaps.audio_input import AudioContext


@dataclass(frozen=True, slots=True)
class Attended:
    """What each word heard."""

    audio: Tensor  # (batch, time, dim)
    weights: Tensor  # (batch, time, chunks), each row sums to 1 over the real chunks


class Attention(nn.Module):
    """e_ti = w^T tanh(W_a a_i + W_h h_t), normalised over the real chunks."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.audio = nn.Linear(dim, hidden, bias=False)
        self.state = nn.Linear(hidden, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)

    def keys(self, chunks: Tensor) -> Tensor:
        """W_a a_i, (batch, chunks, dim) -> (batch, chunks, hidden)."""
        keys: Tensor = self.audio(chunks)
        return keys

    def forward(self, states: Tensor, context: AudioContext) -> Attended:
        """Encoder states (batch, time, hidden) to what each of them attends to."""
        mixed = torch.tanh(context.keys[:, None] + self.state(states)[:, :, None])
        scores = self.score(mixed)[..., 0].masked_fill(~context.mask[:, None], float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        return Attended(weights @ context.chunks, weights)
