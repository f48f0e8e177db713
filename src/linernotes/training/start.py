"""Training that goes on from a trained model: transfer (Doh et al. 2023, section 4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from linernotes.checkpoint import WEIGHTS, Checkpoint, read_checkpoint, standing_folder
from linernotes.models.captioning import CaptionModel
from linernotes.models.families import ContinuedFamily, load_family, load_weights
from linernotes.training.recipe import Recipe


def continued_model(recipe: Recipe) -> CaptionModel:
    """The trained model that the recipe starts from, with its tokens, to be trained as the recipe says.

    Raises:
        CheckpointError: there is none, or its sizes are not those of the recipe.
        ValueError: it is of another family.
    """
    stored = _start(recipe)
    assert stored is not None
    if stored.family != recipe.family:
        raise ValueError(
            f"training.start {recipe.training.start!r} holds a {stored.family}, the recipe trains a "
            f"{recipe.family}: start from a model of the same family"
        )
    family = load_family(recipe.family)
    config = recipe.model
    if isinstance(family, ContinuedFamily):
        config = family.continued(config, stored.config)
    model = family.restored(config, stored.files)
    assert isinstance(model, nn.Module)
    load_weights(model, stored, str(recipe.training.start))
    return model


def licences_of_start(recipe: Recipe) -> Sequence[str]:
    """Of what the model learned from before."""
    stored = _start(recipe)
    return [] if stored is None else [str(licence) for licence in stored.info.get("licences", ())]


def digest_of_start(recipe: Recipe) -> str:
    """The hash of the weights that are gone on with, "" where there are none."""
    if recipe.training.start is None:
        return ""
    _start(recipe)  # says what is wrong where there is no checkpoint
    with (standing_folder(Path(recipe.training.start)) / WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _start(recipe: Recipe) -> Checkpoint | None:
    start = recipe.training.start
    return None if start is None else read_checkpoint(start)
