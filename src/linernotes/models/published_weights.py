"""Checkpoints as their authors published them: tensors read from a file that may not run anything.

A `.pth` is a pickle, which can run code when it is read. Here it is read with PyTorch's `weights_only`, which
builds tensors, numbers, strings and containers and refuses all else before any of it runs.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from linernotes.checkpoint import CheckpointError
from linernotes.registry import need_extra

SUFFIXES = (".pth", ".pt", ".bin", ".ckpt", ".safetensors")
WRAPPERS = ("state_dict", "model_state_dict", "model")
PARALLEL = "module."
"""What training on several GPUs puts before every name."""
HEAD_BYTES = 512
NAMED_AT_MOST = 3
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(/[\w./-]+)?")


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """The tensors of a published checkpoint by name, and where they came from."""

    path: Path
    sha256: str
    tensors: Mapping[str, Tensor]


def find_published(source: str, suffixes: Sequence[str] = SUFFIXES, revision: str | None = None) -> Path:
    """The checkpoint file at `source`: a file, a folder that holds one, or OWNER/REPOSITORY[/FILE] on the hub.

    Raises:
        CheckpointError: there is none, or a folder or repository holds several.
    """
    path = Path(source)
    if path.is_file():
        return path
    if path.is_dir():
        return path / _only_one([one.name for one in path.iterdir()], suffixes, source)
    if path.exists() or not _HUB_NAME.fullmatch(source) or (path.suffix in suffixes and len(path.parts) < 3):
        raise CheckpointError(
            f"no checkpoint at {source!r}: give a file, a folder that holds one, or OWNER/REPOSITORY/FILE on a hub"
        )
    return _from_hub(source, suffixes, revision)


def read_published(path: Path, sha256: str | None = None) -> PublishedWeights:
    """The tensors of a `.pth` or `.safetensors` file, taken out of their wrapping and without `module.`.

    Raises:
        CheckpointError: it is no such file, it is damaged, has another checksum, or holds more than data.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    _refuse_what_is_no_checkpoint(path, head)
    with path.open("rb") as file:
        found_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 is not None and found_sha256 != sha256.lower():
        raise CheckpointError(
            f"{str(path)!r} has the sha256 {found_sha256}, not {sha256}: it is another file"
        )
    stored = _tensors_of(path)
    for wrapper in WRAPPERS:
        if isinstance(stored, Mapping) and isinstance(stored.get(wrapper), Mapping):
            stored = stored[wrapper]
            break
    if not isinstance(stored, Mapping):
        raise CheckpointError(f"{str(path)!r} holds a {type(stored).__name__}, no weights by name")
    tensors = {
        str(name).removeprefix(PARALLEL): value for name, value in stored.items() if isinstance(value, Tensor)
    }
    if not tensors:
        raise CheckpointError(
            f"{str(path)!r} holds no tensors, but {', '.join(map(str, list(stored)[:NAMED_AT_MOST])) or 'nothing'}"
        )
    return PublishedWeights(path, found_sha256, tensors)


def refuse_differences(
    expected: Mapping[str, Sequence[int]], found: Mapping[str, Tensor], path: Path, what: str
) -> None:
    """Compare names and shapes; `what` is what the file should have been.

    Raises:
        CheckpointError: they differ; the message names the first differences of each kind.
    """
    missing = sorted(set(expected) - set(found))
    spare = sorted(set(found) - set(expected))
    reshaped = [
        f"{name} as {_shape(found[name].shape)} instead of {_shape(expected[name])}"
        for name in sorted(set(expected) & set(found))
        if tuple(expected[name]) != tuple(found[name].shape)
    ]
    parts = [
        f"{verb} {', '.join(names[:NAMED_AT_MOST])}"
        + (f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else "")
        for verb, names in (("lacks", missing), ("also has", spare), ("has", reshaped))
        if names
    ]
    if parts:
        raise CheckpointError(f"{str(path)!r} is no {what}: it {'; it '.join(parts)}")


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))


def _only_one(names: Sequence[str], suffixes: Sequence[str], source: str) -> str:
    fitting = sorted(name for name in names if name.endswith(tuple(suffixes)))
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise CheckpointError(f"{source!r} holds {', '.join(fitting)}: name one of them")
    raise CheckpointError(f"{source!r} holds no checkpoint ({', '.join(suffixes)})")


def _from_hub(source: str, suffixes: Sequence[str], revision: str | None) -> Path:
    hub = need_extra("huggingface_hub", "torch")
    errors = need_extra("huggingface_hub.errors", "torch")
    owner, repository, *rest = source.split("/")
    repo_id = f"{owner}/{repository}"
    try:
        name = "/".join(rest) or _only_one(hub.list_repo_files(repo_id, revision=revision), suffixes, source)
        return Path(hub.hf_hub_download(repo_id, name, revision=revision))
    except CheckpointError:
        raise
    except (errors.HfHubHTTPError, OSError, ValueError) as error:
        raise CheckpointError(
            f"no checkpoint at {source!r}: no such file here, and the hub did not give it "
            f"({str(error).splitlines()[0]})"
        ) from error
    except Exception as error:  # what lies under the hub's client: no connection, no route, no certificate
        raise CheckpointError(
            f"no checkpoint at {source!r}: no such file here, and the hub can't be reached "
            f"({type(error).__name__})"
        ) from error


def _refuse_what_is_no_checkpoint(path: Path, head: bytes) -> None:
    if not head:
        raise CheckpointError(f"{str(path)!r} is empty: download it again")
    if head.startswith(b"version https://git-lfs"):
        raise CheckpointError(
            f"{str(path)!r} is a Git LFS pointer, not the weights: fetch them with `git lfs pull`, or download "
            "the file itself"
        )
    if head.lstrip()[:1] == b"<":
        raise CheckpointError(f"{str(path)!r} is a web page, not weights: download the file itself")


def _tensors_of(path: Path) -> Any:
    if path.suffix == ".safetensors":
        try:
            return need_extra("safetensors.torch", "torch").load_file(path)
        except Exception as error:  # safetensors raises its own type
            raise CheckpointError(f"{str(path)!r} is no complete safetensors file: {error}") from error
    try:
        # Numbers of numpy and the settings of a command line are data too, and training scripts store them.
        harmless = [np.dtype, np.dtypes.Float64DType, argparse.Namespace, _numpy_scalar()]
        with warnings.catch_warnings(), torch.serialization.safe_globals(harmless):
            warnings.simplefilter("ignore")  # of the pickle's age, which is told below where it matters
            return torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except Exception as error:  # unpickling fails in many ways
        raise CheckpointError(f"{str(path)!r} {_why(path, error)}") from error


def _why(path: Path, error: Exception) -> str:
    told = str(error)
    refused = re.search(r"(?:Unsupported global: GLOBAL|Unsupported class|GLOBAL) ([\w.]+)", told)
    if refused:
        return (
            f"is a pickle that wants to use {refused[1]}, which could run code: nothing of it was run; convert "
            "it to safetensors where you trust it"
        )
    if "Unsupported operand" in told and _begins(path, b"\x80"):
        return (
            "is a pickle that PyTorch did not write: nothing of it was run; convert it to safetensors where you "
            "trust it"
        )
    if _is_zip(path) or path.stat().st_size < HEAD_BYTES or "EOF" in told or isinstance(error, EOFError):
        return "is no complete checkpoint: it was cut off or damaged; download it again"
    return "is no checkpoint of PyTorch (.pth) or safetensors"


def _is_zip(path: Path) -> bool:
    return _begins(path, b"PK\x03\x04")


def _begins(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


def _numpy_scalar() -> Any:
    multiarray = getattr(np, "_core", None) or np.core
    return multiarray.multiarray.scalar
