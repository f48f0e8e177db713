"""The published SonicVerse files: a projector in `non_lora_trainables.bin`, and a peft adapter beside it.

What the projector's sizes are is read off its tensors, so that smaller ones of the same layout load too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from linernotes.checkpoint import CheckpointError
from linernotes.models.muscaps.config import EncoderConfig
from linernotes.models.published_weights import refuse_differences
from linernotes.models.sonicverse.config import (
    RELEASED_HEADS,
    HeadConfig,
    LanguageModelConfig,
    SonicVerseConfig,
)
from linernotes.models.sonicverse.projector import new_projector

WHAT = "published SonicVerse projector"
PREFIX = re.compile(r"(base_model\.model\.)?model\.audio_mert_lmm_projector\.")
_ADAPTED = re.compile(r"base_model\.model\.(?P<layer>[\w.]+)\.lora_(?P<side>[AB])\.weight")
PRECISION = "bfloat16"
"""The release runs the language model in 16 bits."""
REFUSED = ("use_dora", "use_rslora", "modules_to_save", "rank_pattern", "alpha_pattern", "layer_replication")
"""Settings of an adapter that would change what its weights mean."""


@dataclass(frozen=True, slots=True)
class PublishedProjector:
    """Tensors under the names of `ReleasedProjector`, and the sizes they have."""

    tensors: Mapping[str, Tensor]
    layers: int
    width: int
    """Of one layer of the encoder."""
    llm_width: int
    config: SonicVerseConfig


def published_projector(stored: Mapping[str, Tensor], path: Path) -> PublishedProjector:
    """The projector among the tensors of `path`.

    Raises:
        CheckpointError: there is none, or names and shapes do not fit together.
    """
    tensors = {PREFIX.sub("", name): value for name, value in stored.items() if PREFIX.match(name)}
    try:
        found = _sized(tensors)
    except (KeyError, ValueError, IndexError) as error:
        raise CheckpointError(
            f"{str(path)!r} is no {WHAT}: it lacks base_model.model.model.audio_mert_lmm_projector... ({error}); "
            f"it has {', '.join(sorted(stored)[:2])}, {len(stored)} tensors in all"
        ) from error
    with torch.device("meta"):
        expected = new_projector(found.config, found.layers, found.width, found.llm_width)
    shapes = {name: tensor.shape for name, tensor in expected.state_dict().items()}
    refuse_differences(shapes, tensors, path, WHAT)
    return found


def _sized(tensors: Mapping[str, Tensor]) -> PublishedProjector:
    heads = tuple(head for head in RELEASED_HEADS if f"{head.feature}_detection.output.bias" in tensors)
    for head in heads:
        size = len(tensors[f"{head.feature}_detection.output.bias"])
        if size != head.size:
            raise ValueError(f"the head {head.feature} has {size} classes instead of {head.size}")
    (layers,) = tensors["lmm_projector.aggregator"].shape
    hidden, width = tensors["lmm_projector.layers.0.1.weight"].shape
    config = SonicVerseConfig(
        variant="released",
        content_tokens=_tokens(tensors, "lmm_projector"),
        tokens_per_head=_tokens(tensors, f"{heads[0].feature}_detection_projector") if heads else 1,
        heads=heads,
        hidden=hidden,
        backbone=len(tensors["backbone.hidden_layer_1.bias"]) if heads else 1,
        head_hidden=_head_hidden(tensors, heads),
    )
    return PublishedProjector(tensors, layers, width, len(tensors["lmm_projector.layers.0.3.bias"]), config)


def _head_hidden(tensors: Mapping[str, Tensor], heads: tuple[HeadConfig, ...]) -> int:
    return len(tensors[f"{heads[0].feature}_detection.hidden_layer_1.bias"]) if heads else 1


def _tokens(tensors: Mapping[str, Tensor], part: str) -> int:
    return len({name.split(".")[2] for name in tensors if name.startswith(f"{part}.layers.")})


@dataclass(frozen=True, slots=True)
class Adapter:
    """Low-rank updates of a language model, under the names they have inside our model."""

    tensors: Mapping[str, Tensor]
    based_on: str
    rank: int
    alpha: float
    targets: tuple[str, ...]


def published_adapter(stored: Mapping[str, Tensor], settings: Path) -> Adapter:
    """The adapter with these tensors and `adapter_config.json`.

    Raises:
        CheckpointError: the settings can't be read or ask for more than plain low-rank updates, or a tensor is
            none of those.
    """
    try:
        told: Any = json.loads(settings.read_text("utf-8"))
        rank, alpha = int(told["r"]), float(told["lora_alpha"])
        targets = told["target_modules"]
        refused = [name for name in REFUSED if told.get(name)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{str(settings)!r} can't be read as the settings of an adapter: {error}"
        ) from error
    if refused or told.get("bias", "none") != "none":
        raise CheckpointError(f"{str(settings)!r} asks for {(*refused, 'bias')[0]}, which is not supported")
    tensors = {}
    for name, tensor in stored.items():
        known = _ADAPTED.fullmatch(name)
        if known is None or tensor.shape[0 if known["side"] == "A" else 1] != rank:
            raise CheckpointError(
                f"the adapter beside {str(settings)!r} holds {name}, no update of rank {rank}"
            )
        tensors[f"language.network.{known['layer']}.lora_{known['side']}.default.weight"] = tensor
    names = (targets,) if isinstance(targets, str) else tuple(sorted(targets))
    return Adapter(tensors, str(told.get("base_model_name_or_path") or ""), rank, alpha, names)


def released_config(
    projector: PublishedProjector, adapter: Adapter, language_model: str, encoder: str
) -> SonicVerseConfig:
    """The configuration of the published model, its language model and MERT being at these places."""
    sizes = projector.config
    llm = LanguageModelConfig(
        source=language_model,
        template="released",
        lora_rank=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_targets=adapter.targets,
        precision=PRECISION,
    )
    return SonicVerseConfig(
        encoder=EncoderConfig("mert", encoder),
        llm=llm,
        variant="released",
        content_tokens=sizes.content_tokens,
        tokens_per_head=sizes.tokens_per_head,
        heads=sizes.heads,
        hidden=sizes.hidden,
        backbone=sizes.backbone,
        head_hidden=sizes.head_hidden,
    )
