"""Any folder of recordings with sidecars: song.txt, song.caption.txt or song.json beside song.wav.

A .txt is one caption. A .json is an object: `caption` or `captions` (or `description`), `tags` (or
`keywords`), `artist_id`, `split`, `licence`, `start_s`, `end_s`; anything else goes to `extra`. The notes
that `linernotes caption --sidecar` writes are such files. The first folder below the root is the split where
it is called train, validation (valid, val, dev) or test.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linernotes.audio.suffixes import AUDIO_SUFFIXES
from linernotes.clip import Clip
from linernotes.datasets.dataset import ALL, Dataset, DatasetInfo, Split
from linernotes.manifest import clip_from_record, faults

SPLIT_FOLDERS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
OTHER_NAMES = {"description": "caption", "keywords": "tags"}
TEXT_SUFFIXES = (".caption.txt", ".txt")
MAX_SIDECAR_BYTES = 64 << 20
NOT_OURS = frozenset(
    "clip_id audio_path schema_version audio claims sections licences producer warnings".split()
)
"""Where the recording is, and the parts of `Notes` that are no property of a clip."""


def _read(root: Path, split: str) -> Iterator[Clip]:
    for path in _recordings(root):
        clip = _clip(path, root)
        if split in (ALL, clip.split or "unsplit"):
            yield clip


def _recordings(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            if Path(name).suffix.lower() in AUDIO_SUFFIXES and not name.startswith("."):
                yield Path(folder) / name


def _clip(path: Path, root: Path) -> Clip:
    relative = path.relative_to(root)
    record: dict[str, Any] = {
        "clip_id": relative.as_posix(),
        "audio_path": relative.as_posix(),
        "split": SPLIT_FOLDERS.get(relative.parts[0].lower(), "") if len(relative.parts) > 1 else "",
        "source": "folder",
    }
    for suffix in TEXT_SUFFIXES:
        beside = path.with_name(path.stem + suffix)
        if beside.is_file():
            text = " ".join(_text(beside).split())
            record["captions"] = [text] if text else []
            break
    beside = path.with_name(path.stem + ".json")
    if beside.is_file():
        record |= _known(_object(beside), record)
    found = faults(record, keep_unknown=True)
    if found:
        raise ValueError(f"{beside if beside.is_file() else path}: {'; '.join(found)}")
    return clip_from_record(record, keep_unknown=True)


def _known(data: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """What a .json says, under our names; where the recording is, is not its business."""
    known = {OTHER_NAMES.get(name, name): value for name, value in data.items()}
    caption = known.pop("caption", None)
    if "captions" in record:  # a text beside it is what a person edits
        known.pop("captions", None)
    elif isinstance(caption, str) and caption.strip():
        known.setdefault("captions", [" ".join(caption.split())])
    if isinstance(known.get("tags"), str):
        known["tags"] = [tag.strip() for tag in known["tags"].split(",") if tag.strip()]
    return {name: value for name, value in known.items() if name not in NOT_OURS}


def _object(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} line {error.lineno}: no JSON: {error.msg}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path} holds no object")
    return data


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_SIDECAR_BYTES:
        raise ValueError(f"{path} is larger than a sidecar may be (64 MiB)")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no UTF-8: {error.reason} at byte {error.start}") from error


FOLDER = Dataset(
    DatasetInfo(
        name="folder",
        title="a folder with sidecars",
        about="your own recordings, each with a .txt or .json beside it",
        licence="yours",
        commercial_use=True,
        audio="yours",
        obtain="put song.txt (or song.caption.txt, song.json) beside song.wav",
        layout="any; a first folder train, validation or test is the split",
        source="",
        bibtex="",
        splits={
            "train": Split("below train/"),
            "validation": Split("below validation/, valid/, val/ or dev/"),
            "test": Split("below test/"),
            "unsplit": Split("everything else"),
        },
        parts=(ALL,),
    ),
    _read,
)
