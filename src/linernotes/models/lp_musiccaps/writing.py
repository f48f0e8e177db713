"""Captions searched over BART's decoder in PyTorch, for all clips of a batch together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from linernotes.decoding import DecodingOptions, FloatArray
from linernotes.models.lp_musiccaps.graphs import ListenGraph, ReadGraph
from linernotes.models.lp_musiccaps.network import Heard
from linernotes.models.slot_decoder import IntArray, SlotDecoder, Sound, TokenMarks, write_clips
from linernotes.models.slots import SlotSizes


@torch.no_grad()
def write_ids(bart: Any, heard: Heard, options: DecodingOptions) -> list[list[int]]:
    """Token ids of a caption for each clip, without the start and from `</s>` on.

    The limits of `options` count `<s>`, which BART writes itself, and not `</s>`.
    """
    device = heard.states.device
    mask = torch.zeros_like(heard.mask, dtype=torch.float32).masked_fill(~heard.mask, -torch.inf)
    sound = Sound(list(ListenGraph(bart)(heard.states)), mask.cpu().numpy())
    graph = ReadGraph(bart).to(device)

    def read(
        tokens: IntArray, position: IntArray, sound_mask: FloatArray, own: FloatArray, memory: list[Any]
    ) -> list[Any]:
        given = (torch.from_numpy(np.ascontiguousarray(part)) for part in (tokens, position, sound_mask, own))
        log_probs, *new = graph(*(part.to(device) for part in given), *memory)
        return [log_probs.cpu().numpy(), *new]

    def zeros(shape: tuple[int, ...]) -> Tensor:
        return heard.states.new_zeros(shape)

    decoder = SlotDecoder(read, slot_sizes(bart.config), sound, zeros)
    found = write_clips(decoder, token_marks(bart.config), as_transformers(options))
    return [list(hypothesis.tokens) for hypothesis in found]


def slot_sizes(config: Any) -> SlotSizes:
    """Of BART's decoder."""
    heads = config.decoder_attention_heads
    return SlotSizes(config.decoder_layers, heads, config.d_model // heads)


def token_marks(config: Any) -> TokenMarks:
    """The tokens before and behind every caption."""
    return TokenMarks(config.decoder_start_token_id, config.eos_token_id)


def as_transformers(options: DecodingOptions) -> DecodingOptions:
    """With the rules by which the published captions ended."""
    return replace(options, ends_as_transformers=True)
