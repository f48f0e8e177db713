"""Published checkpoints turned into folders of ours: weights as safetensors, configuration, tokenizer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from linernotes.checkpoint import CONFIG
from linernotes.registry import IMPORTERS, find_named


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a published file does not say itself; each importer takes what it needs."""

    tokenizer: str = ""
    """Folder or hub name of the tokenizer, for families whose checkpoint has none."""
    language_model: str = ""
    """Folder, GGUF file or hub name of the language model that a checkpoint adapts; "" takes what it names."""
    encoder: str = ""
    """Folder of the audio encoder, for families whose checkpoint has none."""
    revision: str | None = None
    """Of the repository on the hub: a branch, a tag or a commit."""
    sha256: str | None = None
    """What the file must have."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a published checkpoint."""

    family: str
    folder: Path
    source: str
    sha256: str
    parameters: int


class Importer(Protocol):
    """Of one family; `linernotes.registry.IMPORTERS` lists them."""

    def __call__(self, source: str, out: Path, options: ImportOptions) -> Imported:
        """Write the folder `out` from the checkpoint at `source`.

        Raises:
            CheckpointError: there is no such checkpoint, or it is another one.
        """
        ...


def import_published(family: str, source: str, out: Path, options: ImportOptions) -> Imported:
    """Turn the published checkpoint at `source`, a file, a folder or a name on the hub, into the folder `out`.

    Raises:
        ValueError: nothing imports this family, or `out` holds something else than a checkpoint of ours.
        CheckpointError: there is no such checkpoint, it is damaged, or it is another one.
    """
    importer: Importer = find_named(IMPORTERS, family, "import of published weights")
    _refuse_to_replace(out, source)
    return importer(source, out, options)


def _refuse_to_replace(out: Path, source: str) -> None:
    """The folder is written as a whole, and what was there before is gone: it may only be an older import."""
    if out.exists() and not _is_replaceable(out):
        raise ValueError(f"{str(out)!r} holds other files, which would be lost: name a new folder with --out")
    if Path(source).exists() and out.resolve() in (Path(source).resolve(), *Path(source).resolve().parents):
        raise ValueError(f"{str(out)!r} holds the checkpoint itself: name a new folder with --out")


def _is_replaceable(out: Path) -> bool:
    if not out.is_dir():
        return False
    if not any(out.iterdir()):
        return True
    try:
        return "format_version" in json.loads((out / CONFIG).read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return False
