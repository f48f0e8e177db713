"""The published SonicVerse (`adapter_config.json`, an adapter, `non_lora_trainables.bin`) as a folder of ours.

The language model and MERT are not copied: the folder names them, and reads them where they are when it is used.
"""

from __future__ import annotations

import json
from pathlib import Path

from linernotes.checkpoint import Checkpoint, CheckpointError, write_checkpoint
from linernotes.config import config_to_mapping
from linernotes.llm.local import fingerprint_of
from linernotes.models.importing import Imported, ImportOptions
from linernotes.models.published_weights import PublishedWeights, find_published, read_published
from linernotes.models.sonicverse.family import PARTS_FILE
from linernotes.models.sonicverse.published import published_adapter, published_projector, released_config

PROJECTOR, SETTINGS = "non_lora_trainables.bin", "adapter_config.json"
ADAPTERS = ("adapter_model.safetensors", "adapter_model.bin")
DECODING = {"beams": 1, "max_tokens": 128}
"""The release draws at temperature 0.01, which is greedy."""
LICENCE = "SonicVerse weights: licence not recorded; they build on MERT (CC BY-NC 4.0)"


def import_sonicverse(source: str, out: Path, options: ImportOptions) -> Imported:
    """Write the folder `out` from a folder or a hub repository with the published files.

    Raises:
        CheckpointError: a file is missing, damaged, or holds something else.
        ValueError: MERT is not named.
    """
    if not options.encoder:
        raise ValueError(
            "the published files hold no audio encoder: give the folder of m-a-p/MERT-v1-95M with --encoder"
        )
    path = _file(source, (PROJECTOR,), options.revision)
    stored = read_published(path, options.sha256)
    projector = published_projector(stored.tensors, path)
    settings = _file(source, (SETTINGS,), options.revision)
    adapted = _adapter_weights(source, options.revision)
    adapter = published_adapter(adapted.tensors, settings)
    language_model = _placed(options.language_model or adapter.based_on)
    config = released_config(projector, adapter, language_model, _placed(options.encoder))
    weights = {f"projector.{name}": tensor for name, tensor in projector.tensors.items()} | dict(
        adapter.tensors
    )
    info = {
        "imported_from": source,
        "sha256": {path.name: stored.sha256, adapted.path.name: adapted.sha256},
        "licences": [LICENCE],
        "recipe": {"decoding": DECODING},
    }
    is_here = Path(language_model).exists()
    parts = {"language_model": fingerprint_of(Path(language_model)) if is_here else None}
    files = {PARTS_FILE: json.dumps(parts, indent=2) + "\n"}
    weights = {name: tensor.contiguous() for name, tensor in weights.items()}
    write_checkpoint(out, Checkpoint("sonicverse", config_to_mapping(config), weights, files, info))
    parameters = sum(tensor.numel() for tensor in weights.values())
    return Imported("sonicverse", out, source, stored.sha256, parameters)


def _placed(name: str) -> str:
    """A folder or file by its whole path, so that the model works from any folder; other names as they are."""
    return str(Path(name).resolve()) if name and Path(name).exists() else name


def _adapter_weights(source: str, revision: str | None) -> PublishedWeights:
    return read_published(_file(source, ADAPTERS, revision))


def _file(source: str, names: tuple[str, ...], revision: str | None) -> Path:
    """The first of `names` that a folder or a repository of the hub has."""
    place = Path(source)
    home = place if place.is_dir() else place.parent if place.is_file() else None
    if home is None:
        for name in names[:-1]:
            try:
                return find_published(f"{source}/{name}", revision=revision)
            except CheckpointError:
                continue
        return find_published(f"{source}/{names[-1]}", revision=revision)
    for name in names:
        if (home / name).is_file():
            return home / name
    raise CheckpointError(
        f"{str(home)!r} holds no {' or '.join(names)}: give the folder of the published files ({PROJECTOR}, "
        f"{SETTINGS}, {ADAPTERS[0]})"
    )
