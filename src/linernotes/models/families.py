"""Caption models by the name of their family: new ones from a configuration, trained ones to and from a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import nn

from linernotes.checkpoint import Checkpoint, CheckpointError, read_checkpoint, write_checkpoint
from linernotes.config import ConfigError, config_from_mapping, config_to_mapping
from linernotes.models.captioning import CaptionModel
from linernotes.registry import MODEL_FAMILIES, find_named


class ModelFamily(Protocol):
    """How one family of models comes into being; `linernotes.registry.MODEL_FAMILIES` lists them."""

    @property
    def config_class(self) -> type[Any]:
        """The dataclass of a recipe's table `[model]`."""
        ...

    def new(self, config: Any, captions: Iterable[str]) -> CaptionModel:
        """A model to train, its pre-trained parts loaded, its vocabulary fitted to `captions` if it needs one."""
        ...

    def restored(self, config: Any, files: Mapping[str, str]) -> CaptionModel:
        """A model without weights, from what `files` gave when it was saved."""
        ...

    def files(self, model: Any) -> Mapping[str, str]:
        """Text files that belong beside the weights, such as the vocabulary: name -> content."""
        ...


@runtime_checkable
class ContinuedFamily(Protocol):
    """A family that takes some settings from the checkpoint when training goes on from one."""

    def continued(self, config: Any, stored: Mapping[str, Any]) -> Any:
        """The recipe's `config` with what a checkpoint of the configuration `stored` was made for."""
        ...


def load_family(name: str) -> ModelFamily:
    """The family called `name`.

    Raises:
        ValueError: there is none.
    """
    family: ModelFamily = find_named(MODEL_FAMILIES, name, "model family")
    return family


def save_model(model: Any, family: str, folder: Path, info: Mapping[str, Any] | None = None) -> None:
    """Write a model as a checkpoint folder; `info` is what is known of its training."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    config = config_to_mapping(model.config)
    files = load_family(family).files(model)
    write_checkpoint(folder, Checkpoint(family, config, weights, files, info or {}))


def load_model(folder: str | Path, device: str = "cpu") -> CaptionModel:
    """The model of a checkpoint folder, in evaluation mode.

    Raises:
        CheckpointError: the folder holds no checkpoint, or one whose parts do not fit together.
    """
    stored = read_checkpoint(folder)
    try:
        family = load_family(stored.family)
        config = config_from_mapping(stored.config, family.config_class, "model.")
        model = family.restored(config, stored.files)
    except (ConfigError, ValueError) as error:
        raise CheckpointError(f"{str(folder)!r}: {error}") from error
    assert isinstance(model, nn.Module)
    load_weights(model, stored, folder)
    model.eval().to(device)
    return model


def load_weights(model: nn.Module, stored: Checkpoint, folder: str | Path) -> None:
    """Put a checkpoint's weights into `model`.

    Raises:
        CheckpointError: names or shapes differ.
    """
    expected = model.state_dict()
    missing = sorted(set(expected) - set(stored.weights))
    spare = sorted(set(stored.weights) - set(expected))
    reshaped = sorted(
        name
        for name in set(expected) & set(stored.weights)
        if expected[name].shape != stored.weights[name].shape
    )
    for what, names in (("lack", missing), ("have, unasked,", spare), ("have in another shape", reshaped)):
        if names:
            raise CheckpointError(
                f"{str(folder)!r}: the weights {what} {names[0]} (and {len(names) - 1} more): they belong to "
                "another configuration than config.json describes; train again or restore both from one copy"
            )
    model.load_state_dict(dict(stored.weights))
