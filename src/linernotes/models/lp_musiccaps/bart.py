"""BART (Lewis et al. 2020) as transformers has it: of given sizes, from a folder or hub, or from a checkpoint."""

from __future__ import annotations

import json
from typing import Any

from transformers import BartConfig, BartForConditionalGeneration

from linernotes.models.lp_musiccaps.config import BartSizes
from linernotes.models.subwords import Subwords

BART_FILE = "bart.json"


def new_bart(sizes: BartSizes, subwords: Subwords) -> Any:
    """A BART with random weights that writes with `subwords`."""
    return bart_of(
        BartConfig(
            vocab_size=len(subwords),
            d_model=sizes.dim,
            max_position_embeddings=sizes.positions,
            encoder_layers=sizes.layers,
            decoder_layers=sizes.layers,
            encoder_attention_heads=sizes.heads,
            decoder_attention_heads=sizes.heads,
            encoder_ffn_dim=sizes.feed_forward,
            decoder_ffn_dim=sizes.feed_forward,
            dropout=sizes.dropout,
            bos_token_id=subwords.bos_id,
            pad_token_id=subwords.pad_id,
            eos_token_id=subwords.eos_id,
            decoder_start_token_id=subwords.eos_id,
            forced_eos_token_id=subwords.eos_id,
        )
    )


def pretrained_bart(source: str) -> Any:
    """The BART of a folder or a hub, with its weights.

    Raises:
        ValueError: there is none.
    """
    try:
        return BartForConditionalGeneration.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no BART at {source!r}: give a folder with config.json and model.safetensors, or a name on the hub "
            f"that this machine can reach ({str(error).splitlines()[0]})"
        ) from error


def bart_of(config: BartConfig) -> Any:
    """A BART with random weights."""
    return BartForConditionalGeneration(config)


def bart_to_json(bart: Any) -> str:
    """The sizes of `bart`, for `bart_from_json`."""
    text: str = bart.config.to_json_string(use_diff=True)
    return text


def bart_from_json(text: str) -> Any:
    """A BART with random weights and the stored sizes.

    Raises:
        ValueError: the text is something else.
    """
    try:
        return bart_of(BartConfig(**json.loads(text)))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{BART_FILE} is damaged: {error}") from error
