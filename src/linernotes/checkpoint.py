"""A trained model as a folder: `config.json`, `model.safetensors`, `training.json`, and the vocabulary.

Nothing in it can run code: weights are safetensors, the rest is JSON or text.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linernotes.registry import need_extra

if TYPE_CHECKING:
    from torch import Tensor

FORMAT_VERSION = 1
CONFIG, WEIGHTS, TRAINING = "config.json", "model.safetensors", "training.json"


class CheckpointError(ValueError):
    """A folder that can't be read as a checkpoint; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything a trained model consists of."""

    family: str
    config: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    files: Mapping[str, str] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    """How it came to be: metrics, step, git revision, recipe."""


def write_checkpoint(folder: str | Path, checkpoint: Checkpoint) -> None:
    """Write the folder as a whole: a crash leaves the old one, or the new one beside it, never a mixture."""
    safetensors = need_extra("safetensors.torch", "torch")
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-", suffix=".part"))
    try:
        part.chmod(0o755)
        safetensors.save_file(dict(checkpoint.weights), part / WEIGHTS)
        described = {
            "format_version": FORMAT_VERSION,
            "family": checkpoint.family,
            "files": sorted(checkpoint.files),
            "model": dict(checkpoint.config),
        }
        (part / CONFIG).write_text(json.dumps(described, indent=2) + "\n", "utf-8")
        (part / TRAINING).write_text(json.dumps(dict(checkpoint.info), indent=2) + "\n", "utf-8")
        for name, text in checkpoint.files.items():
            (part / name).write_text(text, "utf-8")
        (part / WEIGHTS).chmod((part / CONFIG).stat().st_mode & 0o777)  # safetensors wrote it for us alone
        replace_folder(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def replace_folder(new: Path, folder: Path) -> None:
    """Put the folder `new` in the place of `folder`, which moves aside first, so that one always stands."""
    aside = folder.with_name(f".{folder.name}.old")
    if folder.exists():
        shutil.rmtree(aside, ignore_errors=True)
        os.replace(folder, aside)
    os.replace(new, folder)
    shutil.rmtree(aside, ignore_errors=True)


def standing_folder(folder: Path) -> Path:
    """`folder`, or the old one that a crash in the middle of `replace_folder` left beside its place."""
    aside = folder.with_name(f".{folder.name}.old")
    return aside if aside.exists() and not folder.exists() else folder


def read_checkpoint(folder: str | Path) -> Checkpoint:
    """What `write_checkpoint` wrote.

    Raises:
        CheckpointError: a file is missing, damaged or newer than this version understands.
    """
    folder = standing_folder(Path(folder))
    safetensors = need_extra("safetensors.torch", "torch")
    if not folder.is_dir():
        raise CheckpointError(f"no checkpoint folder at {str(folder)!r}: check the path")
    described = _json(folder, CONFIG)
    version = described.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{str(folder)!r} has checkpoint format {version!r}, this version reads {FORMAT_VERSION}: "
            "update linernotes, or train again"
        )
    try:
        weights = safetensors.load_file(folder / WEIGHTS)
    except Exception as error:  # safetensors raises its own type and, for a missing file, OSError
        raise CheckpointError(f"{str(folder / WEIGHTS)!r} can't be read: {error}") from error
    try:
        files = {name: (folder / Path(name).name).read_text("utf-8") for name in described.get("files", [])}
        info = _json(folder, TRAINING) if (folder / TRAINING).exists() else {}
        return Checkpoint(described["family"], described["model"], weights, files, info)
    except KeyError as error:
        raise CheckpointError(
            f"{str(folder / CONFIG)!r} lacks {error}: it is no linernotes checkpoint"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{str(folder)!r} is incomplete: {error}") from error


def _json(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{str(folder)!r} holds no {name}: give the folder that training wrote, such as RUN/best"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{str(path)!r} can't be read: {error}") from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{str(path)!r} must hold a JSON object")
    return found
