"""Weights of Demucs from a folder or by name: safetensors only, and only classes that are Demucs.

The folder is laid out as the author's repositories on the Hub are: `NAME.yaml` says which models belong together,
`SIGNATURE.safetensors` holds each. The older `.th` files are pickles, which can run anything, and are not read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from linernotes.registry import need_extra

EXTRA = "singing-models"
CLASSES = ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs")


def load_by_name(name: str) -> Any:
    """The model that its author publishes under a name, as htdemucs or htdemucs_ft; fetched once.

    Raises:
        MissingExtraError: demucs (4.1 or newer) is not installed.
        ValueError: there is no such model, or no way to it.
    """
    hub = need_extra("demucs.hf", EXTRA)
    try:
        return hub.get_hf_model(name).eval()
    except Exception as error:  # the Hub's client raises a family of its own, and requests' beside it
        said = " ".join(str(error).split())
        raise ValueError(f"Demucs {name!r} can't be had ({said}): give a folder by demucs:FOLDER") from error


def load_from_folder(folder: Path) -> Any:
    """The one model, or the models that belong together, of a folder.

    Raises:
        MissingExtraError: demucs is not installed.
        ValueError: the folder holds something else.
    """
    hub, apply = need_extra("demucs.hf", EXTRA), need_extra("demucs.apply", EXTRA)
    bags = sorted(folder.glob("*.yaml"))
    if len(bags) != 1:
        raise ValueError(
            f"{folder} holds {len(bags)} .yaml files; one is needed, as the Hub's repositories have it"
        )
    plan = need_extra("yaml", EXTRA).safe_load(bags[0].read_text("utf-8"))
    if not isinstance(plan, dict) or not isinstance(plan.get("models"), list) or not plan["models"]:
        raise ValueError(f"{bags[0]} names no models")
    models = [hub.load_safetensors_model(_checked(folder, str(signature))) for signature in plan["models"]]
    return apply.BagOfModels(models, plan.get("weights"), plan.get("segment")).eval()


def _checked(folder: Path, signature: str) -> Path:
    """A file whose header names a class of Demucs and nothing else to import.

    Raises:
        ValueError: it is not there, or would make something else.
    """
    path = folder / f"{signature}.safetensors"
    if path.parent != folder or not path.is_file():
        raise ValueError(f"{folder} lacks {signature}.safetensors")
    safetensors = need_extra("safetensors", EXTRA)
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            told = file.metadata() or {}
    except (OSError, safetensors.SafetensorError) as error:
        raise ValueError(f"{path} can't be read: {error}") from error
    if told.get("klass") not in CLASSES or not {"args", "kwargs"} <= set(told):
        raise ValueError(f"{path} is no model of Demucs: its class is {told.get('klass')!r}")
    if "structure" in told:
        raise ValueError(f"{path} is packed by diffq; give a model that is not, as htdemucs")
    return path


def fingerprint_of(folder: Path) -> str:
    """Eight digits that tell the weights in a folder from others."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.safetensors")]):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:8]
