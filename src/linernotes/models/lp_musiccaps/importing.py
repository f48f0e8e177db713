"""Published LP-MusicCaps checkpoints (supervised.pth, pretrain.pth, transfer.pth) turned into folders of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, equal
from transformers import BartConfig

from linernotes.checkpoint import CheckpointError
from linernotes.models.families import save_model
from linernotes.models.importing import Imported, ImportOptions
from linernotes.models.lp_musiccaps import LpMusicCaps, LpMusicCapsConfig
from linernotes.models.lp_musiccaps.bart import bart_of
from linernotes.models.lp_musiccaps.network import SHARED, TIED
from linernotes.models.lp_musiccaps.published import published_names
from linernotes.models.published_weights import find_published, read_published, refuse_differences
from linernotes.models.subwords import load_subwords

WHAT = "published LP-MusicCaps checkpoint"
HEAD_DIM = 64
"""Of an attention head in every published BART."""
SIZES_FILES = ("bart_config.json", "config.json")
BARTS_OWN = 2
"""Positions that BART's tables have beyond the longest text (an offset of its first release)."""
LONGEST = 128
"""Tokens of a caption in the authors' evaluation, with the marks at its ends."""
DECODING = {"beams": 5, "max_tokens": LONGEST - 2, "min_tokens": 1}
LICENCE = "LP-MusicCaps weights: CC BY-NC 4.0 by the repository, MIT by the model card"


def import_lp_musiccaps(source: str, out: Path, options: ImportOptions) -> Imported:
    """Write the folder `out`.

    Raises:
        CheckpointError: there is no such checkpoint, or it is another one.
        ValueError: no tokenizer is named, or it does not belong to these weights.
    """
    if not options.tokenizer:
        raise ValueError(
            "the published checkpoint has no tokenizer: give the one of BART-base with --tokenizer, as a folder "
            "or as facebook/bart-base where the hub can be reached"
        )
    path = find_published(source, revision=options.revision)
    stored = read_published(path, options.sha256)
    model = model_of(stored.tensors, path, options.tokenizer)
    info = {
        "imported_from": source,
        "sha256": stored.sha256,
        "licences": [LICENCE],
        "recipe": {"decoding": DECODING},
    }
    save_model(model, "lp-musiccaps", out, info)
    parameters = sum(weight.numel() for weight in model.parameters())
    return Imported("lp-musiccaps", out, source, stored.sha256, parameters)


def model_of(weights: Mapping[str, Tensor], path: Path, tokenizer: str) -> LpMusicCaps:
    """The model that holds published weights.

    Raises:
        CheckpointError: names or shapes are not those of the published ones.
        ValueError: the tokenizer has other tokens.
    """
    subwords = load_subwords(tokenizer)
    table = weights.get(SHARED)
    if table is not None and table.ndim and len(table) != len(subwords):
        raise ValueError(
            f"the tokenizer {tokenizer!r} has {len(subwords)} tokens, the weights {len(table)}: it "
            "belongs to another model; the published weights need that of BART-base"
        )
    bart = _bart(weights, path, tokenizer)
    model = LpMusicCaps(LpMusicCapsConfig(spectrogram="released", max_tokens=LONGEST - 2), subwords, bart)
    loaded = published_names(weights)
    expected = {name: tensor.shape for name, tensor in model.network.state_dict().items()}
    refuse_differences(expected, loaded, path, WHAT)
    for name in TIED:
        if name in weights and not equal(weights[name], weights[SHARED]):
            raise CheckpointError(
                f"{str(path)!r} is no {WHAT}: {name} differs from {SHARED}, to which it is tied"
            )
    model.network.load_state_dict(loaded)
    return model.eval()


def _bart(weights: Mapping[str, Tensor], path: Path, tokenizer: str) -> Any:
    sizes = _sizes(weights, path, tokenizer)
    try:
        return bart_of(sizes)
    except (AssertionError, ValueError, RuntimeError, ZeroDivisionError) as error:
        raise CheckpointError(f"{str(path)!r} is no {WHAT}: no BART has its sizes ({error})") from error


def _sizes(weights: Mapping[str, Tensor], path: Path, tokenizer: str) -> BartConfig:
    """BART's sizes: told by a file beside the weights or the tokenizer, else read off the shapes."""
    for folder in (path.parent, Path(tokenizer)):
        for name in SIZES_FILES:
            told = _told(folder / name)
            if told.get("model_type") == "bart":
                return BartConfig(**told)
    try:
        vocabulary, dim = weights[SHARED].shape
        positions = len(weights["bart.model.decoder.embed_positions.weight"]) - BARTS_OWN
        feed_forward = len(weights["bart.model.decoder.layers.0.fc1.weight"])
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{str(path)!r} is no {WHAT}: it lacks {SHARED} or bart.model.decoder...; it has "
            f"{', '.join(sorted(weights)[:3])}, {len(weights)} tensors in all"
        ) from error
    layers = {
        side: len({name.split(".")[4] for name in weights if name.startswith(f"bart.model.{side}.layers.")})
        for side in ("encoder", "decoder")
    }
    heads = max(1, dim // HEAD_DIM)
    return BartConfig(
        vocab_size=vocabulary, d_model=dim, max_position_embeddings=positions,
        encoder_layers=layers["encoder"], decoder_layers=layers["decoder"],
        encoder_attention_heads=heads, decoder_attention_heads=heads,
        encoder_ffn_dim=feed_forward, decoder_ffn_dim=feed_forward,
    )  # fmt: skip


def _told(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
