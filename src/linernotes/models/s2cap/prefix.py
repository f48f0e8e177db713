"""Audio as tokens before the caption: the mapping networks of Prefix-AAC (Kim et al. 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings


class PrefixMapper(nn.Module):
    """Learned queries that read the audio through a small transformer: (batch, tokens, width)."""

    def __init__(self, width: int, tokens: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.queries = nn.Parameter(0.02 * torch.randn(tokens, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, audio: AudioEmbeddings) -> Tensor:
        """States (batch, frames, width) to as many tokens for every clip."""
        batch, tokens = len(audio.states), len(self.queries)
        rows = torch.cat([audio.states, self.queries.expand(batch, -1, -1)], dim=1)
        hidden = torch.cat([~audio.mask, audio.mask.new_zeros(batch, tokens)], dim=1)
        read: Tensor = self.layers(rows, src_key_padding_mask=hidden)
        return read[:, -tokens:]


class AudioPrefix(nn.Module):
    """Tokens that follow the audio in time, then tokens of its mean."""

    def __init__(
        self, width: int, temporal: int, of_mean: int, *, layers: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.temporal = PrefixMapper(width, temporal, layers, heads, dropout) if temporal else None
        self.of_mean = PrefixMapper(width, of_mean, layers, heads, dropout) if of_mean else None

    def forward(self, audio: AudioEmbeddings) -> Tensor:
        """States (batch, frames, width) -> (batch, tokens, width)."""
        parts = []
        if self.temporal is not None:
            parts.append(self.temporal(audio))
        if self.of_mean is not None:
            whole = AudioEmbeddings(audio.mean()[:, None], audio.mask.new_ones(len(audio.mask), 1))
            parts.append(self.of_mean(whole))
        return torch.cat(parts, dim=1)
