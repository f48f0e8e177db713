"""A small pointer-generator transformer: aspect list in, caption out.

Encoder and decoder are pre-norm transformers (Vaswani et al. 2017); the output mixes a softmax over the vocabulary
with a copy distribution over the source tokens (See et al. 2017), so that rare aspect words can be said.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class TextWriterConfig:
    """Sizes of the network."""

    vocabulary: int = 3000
    dim: int = 192
    heads: int = 6
    encoder_layers: int = 3
    decoder_layers: int = 3
    feed_forward: int = 768
    max_source: int = 192
    max_target: int = 128
    dropout: float = 0.25
    pad_id: int = 0


class Dropout(nn.Module):
    """Dropout from random bytes: on a CPU many times quicker than drawing a float for every element."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.threshold = round(rate * 256)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.threshold == 0:
            return x
        words = torch.randint(-(2**63), 2**63 - 1, ((x.numel() + 7) // 8,), device=x.device)
        keep = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.threshold
        return x * (keep * (256 / (256 - self.threshold))).to(x.dtype)


class Attention(nn.Module):
    """Multi-head attention over keys and values that may have been computed before."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)

    def split(self, x: Tensor) -> Tensor:
        """(batch, time, dim) -> (batch, heads, time, dim / heads)."""
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of `x` (batch, time, dim), each (batch, heads, time, dim / heads)."""
        key, value = self.key_value(x).chunk(2, dim=-1)
        return self.split(key), self.split(value)

    def forward(self, x: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """Attend from `x` (batch, time, dim); `mask` is True where attention is allowed."""
        mixed = F.scaled_dot_product_attention(self.split(self.query(x)), key, value, mask)
        mixed = mixed.transpose(1, 2).flatten(2)
        out: Tensor = self.out(mixed)
        return out


class FeedForward(nn.Sequential):
    """Two linear layers with a GELU between."""

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__(nn.Linear(dim, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, dim))


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each on a normalised residual."""

    def __init__(self, config: TextWriterConfig) -> None:
        super().__init__()
        self.norm_self, self.norm_ff = nn.LayerNorm(config.dim), nn.LayerNorm(config.dim)
        self.attention = Attention(config.dim, config.heads)
        self.feed_forward = FeedForward(config.dim, config.feed_forward, config.dropout)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        normed = self.norm_self(x)
        x = x + self.dropout(self.attention(normed, *self.attention.keys_values(normed), mask))
        out: Tensor = x + self.dropout(self.feed_forward(self.norm_ff(x)))
        return out


class DecoderLayer(nn.Module):
    """Causal self-attention, attention over the source, feed-forward."""

    def __init__(self, config: TextWriterConfig) -> None:
        super().__init__()
        self.norm_self, self.norm_cross = nn.LayerNorm(config.dim), nn.LayerNorm(config.dim)
        self.norm_ff = nn.LayerNorm(config.dim)
        self.self_attention = Attention(config.dim, config.heads)
        self.cross_attention = Attention(config.dim, config.heads)
        self.feed_forward = FeedForward(config.dim, config.feed_forward, config.dropout)
        self.dropout = Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        past: tuple[Tensor, Tensor] | None,
        memory: tuple[Tensor, Tensor],
        self_mask: Tensor | None,
        source_mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """New `x` and the self-attention keys and values with those of `past` in front."""
        normed = self.norm_self(x)
        key, value = self.self_attention.keys_values(normed)
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        x = x + self.dropout(self.self_attention(normed, key, value, self_mask))
        x = x + self.dropout(self.cross_attention(self.norm_cross(x), *memory, source_mask))
        return x + self.dropout(self.feed_forward(self.norm_ff(x))), key, value


@dataclass(frozen=True)
class TokenLosses:
    """Per target token (batch, time): negative log-likelihood, and the generator's loss with a uniform target."""

    likelihood: Tensor
    uniform: Tensor


class TextWriter(nn.Module):
    """`forward(source, target_in) -> log-probabilities (batch, time, vocabulary)`."""

    def __init__(self, config: TextWriterConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.embedding = nn.Embedding(config.vocabulary, dim, padding_idx=config.pad_id)
        self.source_positions = nn.Embedding(config.max_source, dim)
        self.target_positions = nn.Embedding(config.max_target, dim)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm_encoder, self.norm_decoder = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.copy_query, self.copy_key = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.gate = nn.Linear(2 * dim, 1)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.dropout = Dropout(config.dropout)
        self.apply(_initialise)

    def encode(self, source: Tensor) -> Tensor:
        """Source ids (batch, source) -> states (batch, source, dim)."""
        positions = self.source_positions.weight[: source.shape[1]]
        x = self.dropout(self.embedding(source) * self.config.dim**0.5 + positions)
        mask = self.source_mask(source)
        for layer in self.encoder:
            x = layer(x, mask)
        out: Tensor = self.norm_encoder(x)
        return out

    def source_mask(self, source: Tensor) -> Tensor:
        """(batch, 1, 1, source), True at real tokens."""
        return (source != self.config.pad_id)[:, None, None, :]

    def forward(self, source: Tensor, target_in: Tensor) -> Tensor:
        """Teacher-forced log-probabilities of every next token."""
        states = self.encode(source)
        return self.mix(self.decode(states, source, target_in), self.copy_key(states), states, source)

    def decode(self, states: Tensor, source: Tensor, target_in: Tensor) -> Tensor:
        """Decoder states (batch, time, dim) of all target positions at once."""
        mask = self.source_mask(source)
        time = target_in.shape[1]
        causal = torch.ones(time, time, dtype=torch.bool, device=source.device).tril()
        x = self.dropout(
            self.embedding(target_in) * self.config.dim**0.5 + self.target_positions.weight[:time]
        )
        for layer, memory in zip(self.decoder, self.memories(states), strict=True):
            x, _, _ = layer(x, None, memory, causal, mask)
        out: Tensor = self.norm_decoder(x)
        return out

    def memories(self, states: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Keys and values that every decoder layer reads of the source."""
        layers = [layer for layer in self.decoder if isinstance(layer, DecoderLayer)]
        return [layer.cross_attention.keys_values(states) for layer in layers]

    def token_losses(self, source: Tensor, target_in: Tensor, target_out: Tensor) -> TokenLosses:
        """Losses of every target token, without spreading the copy distribution over the vocabulary."""
        states = self.encode(source)
        x = self.decode(states, source, target_in)
        logits = self.logits(x)
        normaliser = torch.logsumexp(logits, -1)
        generated = logits.gather(-1, target_out[..., None])[..., 0] - normaliser
        attention, gate = self.copy_and_gate(x, self.copy_key(states), states, source)
        copied = (attention * (source[:, None, :] == target_out[..., None])).sum(-1)
        likelihood = torch.logaddexp(
            F.logsigmoid(gate[..., 0]) + generated, F.logsigmoid(-gate[..., 0]) + torch.log(copied + 1e-9)
        )
        return TokenLosses(-likelihood, normaliser - logits.mean(-1))

    def logits(self, x: Tensor) -> Tensor:
        """Scores of the vocabulary (batch, time, vocabulary), from the tied embedding."""
        return F.linear(self.dropout(x), self.embedding.weight, self.bias).float()

    def copy_and_gate(
        self, x: Tensor, copy_key: Tensor, states: Tensor, source: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Copy distribution (batch, time, source) and the gate's logit (batch, time, 1)."""
        scores = (self.copy_query(x) @ copy_key.transpose(1, 2)).float() * self.config.dim**-0.5
        scores = scores.masked_fill((source == self.config.pad_id)[:, None, :], -1e9)
        attention = F.softmax(scores, dim=-1)
        context = attention.to(states.dtype) @ states
        return attention, self.gate(torch.cat([x.to(context.dtype), context], -1)).float()

    def mix(self, x: Tensor, copy_key: Tensor, states: Tensor, source: Tensor) -> Tensor:
        """Log of gate * softmax(vocabulary) + (1 - gate) * copy distribution (See et al. 2017, eq. 9)."""
        attention, gate_logit = self.copy_and_gate(x, copy_key, states, source)
        gate = torch.sigmoid(gate_logit)
        index = source[:, None, :].expand(-1, x.shape[1], -1)
        generated = gate * F.softmax(self.logits(x), dim=-1)
        return torch.log(generated.scatter_add(-1, index, (1 - gate) * attention) + 1e-9)


class EncoderGraph(nn.Module):
    """What the encoder's ONNX file computes: everything of the source that the decoder reads at each step."""

    def __init__(self, writer: TextWriter) -> None:
        super().__init__()
        self.writer = writer

    def forward(self, source: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Source (1, source) -> states, copy keys, and cross-attention's keys and values.

        The latter two are (1, layers, heads, source, dim / heads).
        """
        states = self.writer.encode(source)
        pairs = self.writer.memories(states)
        keys, values = (
            torch.stack([pair[0] for pair in pairs], 1),
            torch.stack([pair[1] for pair in pairs], 1),
        )
        return states, self.writer.copy_key(states), keys, values


class StepGraph(nn.Module):
    """What the decoder's ONNX file computes: one more token for every beam."""

    def __init__(self, writer: TextWriter) -> None:
        super().__init__()
        self.writer = writer

    def forward(
        self,
        tokens: Tensor,
        source: Tensor,
        states: Tensor,
        copy_keys: Tensor,
        cross_keys: Tensor,
        cross_values: Tensor,
        keys: Tensor,
        values: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (beams,) and past keys and values -> log-probabilities, keys, values.

        Keys and values are (beams, layers, heads, time, dim / heads). The arrays of the source
        come with batch 1 and serve every beam.
        """
        writer = self.writer
        position = writer.target_positions.weight[keys.shape[3]]
        x = writer.embedding(tokens)[:, None] * writer.config.dim**0.5 + position
        mask = writer.source_mask(source)
        new_keys, new_values = [], []
        beams = tokens.shape[0]
        for i, layer in enumerate(writer.decoder):
            memory = (
                cross_keys[:, i].expand(beams, -1, -1, -1),
                cross_values[:, i].expand(beams, -1, -1, -1),
            )
            x, key, value = layer(x, (keys[:, i], values[:, i]), memory, None, mask)
            new_keys.append(key)
            new_values.append(value)
        x = writer.norm_decoder(x)
        log_probs = writer.mix(x, copy_keys, states, source.expand(beams, -1))
        return log_probs[:, 0], torch.stack(new_keys, 1), torch.stack(new_values, 1)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=module.embedding_dim**-0.5)
