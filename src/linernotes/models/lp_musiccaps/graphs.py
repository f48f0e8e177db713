"""BART as three functions of tensors: hear once, prepare once a clip, read one token for every live hypothesis.

They hold the layers of a BART of transformers, not copies. PyTorch runs them, and so does ONNX Runtime once they
are exported. The hypotheses of one clip share its keys and values, in attention to the sound as well as to their
own past: a past position of any of them is a slot, and a mask tells each which slots are its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class HearGraph(nn.Module):
    """Audio embeddings (clips, positions, dim) and how many are real (clips,) -> encoder states, same shape."""

    def __init__(self, bart: Any) -> None:
        super().__init__()
        self.encoder = bart.model.encoder

    def forward(self, embeddings: Tensor, real: Tensor) -> Tensor:
        places = torch.arange(embeddings.shape[1], device=embeddings.device)
        hidden = (
            embeddings + self.encoder.embed_positions.weight[places + self.encoder.embed_positions.offset]
        )
        hidden = self.encoder.layernorm_embedding(hidden)
        hear = torch.zeros_like(embeddings[:, None, None, :, 0]).masked_fill(
            (places >= real[:, None])[:, None, None], -torch.inf
        )
        for layer in self.encoder.layers:
            own = layer.self_attn
            queries, keys, values = (
                _heads(part(hidden), own.num_heads) for part in (own.q_proj, own.k_proj, own.v_proj)
            )
            scores = queries @ keys.transpose(2, 3) * own.scaling + hear
            heard = own.out_proj(_together(scores.softmax(-1) @ values))
            hidden = _fed_forward(layer, layer.self_attn_layer_norm(hidden + heard))
        states: Tensor = hidden
        return states


class ListenGraph(nn.Module):
    """Encoder states (clips, positions, dim) -> for each decoder layer keys and values of attention to them.

    Keys are (clips, heads, head dim, positions), values (clips, heads, positions, head dim).
    """

    def __init__(self, bart: Any) -> None:
        super().__init__()
        self.layers = bart.model.decoder.layers

    def forward(self, states: Tensor) -> tuple[Tensor, ...]:
        found = []
        for layer in self.layers:
            cross = layer.encoder_attn
            keys, values = (_heads(part(states), cross.num_heads) for part in (cross.k_proj, cross.v_proj))
            found += [keys.transpose(2, 3).contiguous(), values.contiguous()]
        return tuple(found)


class ReadGraph(nn.Module):
    """One more token for every live hypothesis -> log-probabilities (rows, vocabulary), and new slots.

    Args of `forward`: `tokens (rows,)`, those of a clip together; `position (1,)`, how many tokens came before;
    `sound (clips, positions)` and `own (clips, hypotheses, slots)`, 0 where a hypothesis may look and -inf where
    not; then for each layer keys and values of the sound, as `ListenGraph` gave them, and of the slots, in the
    same shapes. New slots come as keys (clips, heads, head dim, hypotheses) and values (clips, heads, hypotheses,
    head dim).
    """

    bias: Tensor

    def __init__(self, bart: Any) -> None:
        super().__init__()
        self.decoder, self.head = bart.model.decoder, bart.lm_head
        self.register_buffer("bias", bart.final_logits_bias[0], persistent=False)

    def forward(
        self, tokens: Tensor, position: Tensor, sound: Tensor, own: Tensor, *memory: Tensor
    ) -> tuple[Tensor, ...]:
        places = self.decoder.embed_positions
        embedded = self.decoder.embed_tokens(tokens) + places.weight[position + places.offset]
        hidden = self.decoder.layernorm_embedding(embedded).reshape(*own.shape[:2], -1)
        new = []
        for number, layer in enumerate(self.decoder.layers):
            sound_keys, sound_values, past_keys, past_values = memory[4 * number : 4 * number + 4]
            read, keys, values = _read_past(layer.self_attn, hidden, past_keys, past_values, own[:, None])
            hidden = layer.self_attn_layer_norm(hidden + read)
            cross = layer.encoder_attn
            queries = _heads(cross.q_proj(hidden), cross.num_heads) * cross.scaling
            chances = (queries @ sound_keys + sound[:, None, None]).softmax(-1)
            heard = cross.out_proj(_together(chances @ sound_values))
            hidden = _fed_forward(layer, layer.encoder_attn_layer_norm(hidden + heard))
            new += [keys, values]
        logits = functional.linear(hidden.flatten(0, 1), self.head.weight, self.bias)
        return (torch.log_softmax(logits.float(), dim=-1), *new)


def _read_past(
    attention: Any, hidden: Tensor, past_keys: Tensor, past_values: Tensor, own: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What a hypothesis reads in its slots and at its newest token; keys and values of the latter."""
    queries, keys, values = (
        _heads(part(hidden), attention.num_heads)
        for part in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    queries = queries * attention.scaling
    before = queries @ past_keys + own
    newest = (queries * keys).sum(-1, keepdim=True)
    chances = torch.cat([before, newest], dim=-1).softmax(-1)
    read = chances[..., :-1] @ past_values + chances[..., -1:] * values
    return attention.out_proj(_together(read)), keys.transpose(2, 3).contiguous(), values.contiguous()


def _heads(states: Tensor, heads: int) -> Tensor:
    """(clips, rows, dim) -> (clips, heads, rows, dim / heads)."""
    clips, rows, dim = states.shape
    return states.reshape(clips, rows, heads, dim // heads).transpose(1, 2)


def _together(states: Tensor) -> Tensor:
    """(clips, heads, rows, head dim) -> (clips, rows, heads * head dim)."""
    return states.transpose(1, 2).flatten(2)


def _fed_forward(layer: Any, hidden: Tensor) -> Tensor:
    widened = layer.activation_fn(layer.fc1(hidden))
    after: Tensor = layer.final_layer_norm(hidden + layer.fc2(widened))
    return after
