"""Where a run stands, saved so that a killed one goes on as if nothing had happened.

The random numbers of a step (dropout) are seeded by its number and batches are functions of seed and epoch, so
that weights, optimizer and a few counters are all there is to keep.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from linernotes.training.schedules import Plateau

STATE = "state.pt"


class ResumeError(ValueError):
    """A state that the run can't go on from."""


@dataclass(slots=True)
class Standing:
    """How far a run is and what it has seen; everything besides weights and optimizer."""

    epoch: int = 0
    """Epochs finished."""
    batches: int = 0
    """Batches done of the epoch that is under way."""
    step: int = 0
    loss_sum: float = 0.0
    """Of the batches of this epoch, weighted by clips."""
    loss_clips: int = 0
    best: float | None = None
    stale_epochs: int = 0
    finished: bool = False
    plateau: Plateau = field(default_factory=lambda: Plateau(3))


class MovingAverage:
    """Exponential moving average of the weights that learn; early on it forgets faster."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.kept = {name: weight.detach().clone() for name, weight in learning(model)}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after `step` steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, weight in learning(model):
            self.kept[name].lerp_(weight, 1 - decay)

    @contextmanager
    def in_place_of_weights(self, model: nn.Module) -> Iterator[None]:
        """The model with averaged weights, for validation and for what is saved."""
        own = {name: weight.detach().clone() for name, weight in learning(model)}
        _put(model, self.kept)
        try:
            yield
        finally:
            _put(model, own)


def learning(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """The parameters that training changes, by name."""
    return ((name, weight) for name, weight in model.named_parameters() if weight.requires_grad)


def save_state(
    path: Path,
    fingerprint: str,
    model: nn.Module,
    optimizer: Any,
    average: MovingAverage | None,
    standing: Standing,
) -> None:
    """Write all of it into one file, whole or not at all."""
    buffers = dict(model.named_buffers())
    stored = {
        "fingerprint": fingerprint,
        "weights": {name: weight.detach() for name, weight in learning(model)},
        "buffers": {name: buffers[name] for name in buffers if name in model.state_dict()},
        "optimizer": optimizer.state_dict(),
        "average": average.kept if average else None,
        "standing": asdict(standing),
    }
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            torch.save(stored, file)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, RuntimeError) as error:  # torch's writer makes a RuntimeError of a full disk
        part.unlink(missing_ok=True)
        raise OSError(f"{str(path)!r} can't be written: is the disk full? ({_first_line(error)})") from error
    os.replace(part, path)


def load_state(
    path: Path, fingerprint: str, model: nn.Module, optimizer: Any, average: MovingAverage | None
) -> Standing:
    """Put everything back and say where the run stood.

    Raises:
        ResumeError: the file is damaged, or belongs to a run with other settings or data.
    """
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        same = stored["fingerprint"] == fingerprint
    except Exception as error:  # unpickling fails in many ways
        raise ResumeError(f"{str(path)!r} can't be read: {error}; remove it to start again") from error
    if not same:
        raise ResumeError(
            f"{str(path)!r} belongs to a run with another recipe or other data: give the same ones to --resume, "
            "or another --out to start again"
        )
    _put(model, stored["weights"])
    buffers = dict(model.named_buffers())
    for name, value in stored["buffers"].items():
        buffers[name].copy_(value)
    optimizer.load_state_dict(stored["optimizer"])
    if average is not None:
        average.kept = {
            name: value.to(average.kept[name].device) for name, value in stored["average"].items()
        }
    told = dict(stored["standing"])
    return Standing(**{**told, "plateau": Plateau(**told["plateau"])})


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@torch.no_grad()
def _put(model: nn.Module, weights: dict[str, Tensor]) -> None:
    for name, weight in learning(model):
        weight.copy_(weights[name])
