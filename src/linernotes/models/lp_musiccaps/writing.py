"""BART's own search of transformers, given what was heard: greedy, beams, or a draw from the nucleus."""

from __future__ import annotations

from typing import Any

import torch
from transformers import GenerationConfig
from transformers.modeling_outputs import BaseModelOutput

from linernotes.decoding import DecodingOptions
from linernotes.models.lp_musiccaps.network import Heard


def write_ids(bart: Any, heard: Heard, options: DecodingOptions) -> list[list[int]]:
    """Token ids of a caption for each clip, without the start and from `</s>` on.

    The limits of `options` count `<s>`, which BART writes itself, and not `</s>`.
    """
    if options.top_p is None:
        return _written(bart, heard, options)
    rows = []
    for number in range(len(heard.states)):
        with torch.random.fork_rng(devices=[heard.states.device] if heard.states.is_cuda else []):
            torch.manual_seed(options.seed or 0)
            rows += _written(bart, heard.clip(number), options)
    return rows


def _written(bart: Any, heard: Heard, options: DecodingOptions) -> list[list[int]]:
    manner = _manner(bart.config, options)
    ids = bart.generate(
        encoder_outputs=BaseModelOutput(last_hidden_state=heard.states),
        attention_mask=heard.mask,
        generation_config=manner,
    )
    rows = []
    for row in ids[:, 1:].tolist():
        end = row.index(manner.eos_token_id) if manner.eos_token_id in row else len(row)
        rows.append(row[:end])
    return rows


def _manner(config: Any, options: DecodingOptions) -> GenerationConfig:
    drawn = {} if options.top_p is None else {"do_sample": True, "top_p": options.top_p, "top_k": 0}
    return GenerationConfig(  # type: ignore[no-untyped-call]
        num_beams=1 if drawn else options.beams,
        max_new_tokens=options.max_tokens + 1,
        min_new_tokens=options.min_tokens,
        length_penalty=options.length_penalty,
        no_repeat_ngram_size=options.no_repeat_ngram,
        bos_token_id=config.bos_token_id,
        pad_token_id=config.pad_token_id,
        eos_token_id=config.eos_token_id,
        decoder_start_token_id=config.decoder_start_token_id,
        forced_eos_token_id=config.eos_token_id,
        **drawn,
    )
