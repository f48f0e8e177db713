"""Clips from whatever names them: a manifest, or a published data set and the folder it is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.dataset import ALL
from linernotes.manifest import SUFFIXES, read_manifest
from linernotes.registry import DATASETS, load_dataset


def open_clips(source: str, root: Path | None = None, split: str = ALL) -> Iterator[Clip]:
    """Stream the clips of `split`: of a manifest (see `manifest_at`), or of the data set called so in `root`.

    Raises:
        ValueError: `source` is neither, the data set's folder isn't given, or there is no such split.
    """
    if root is None:
        return _of_split(manifest_at(source), split)
    clips: Iterator[Clip] = load_dataset(source).load(root, split)
    return clips


def _of_split(path: Path, split: str) -> Iterator[Clip]:
    met: set[str] = set()
    for clip in read_manifest(path):
        met.add(clip.split)
        if split in (ALL, clip.split):
            yield clip
    if split != ALL and split not in met:
        raise ValueError(f"{path} has no split {split!r}; it has {', '.join(sorted(met - {''})) or 'none'}")


def manifest_at(source: str) -> Path:
    """The manifest called `source`, or the one named manifest.jsonl (.parquet, .csv) in the folder called so.

    Raises:
        ValueError: there is none.
    """
    path = Path(source)
    if path.is_file():
        return path
    inside = [path / f"manifest{suffix}" for suffix in SUFFIXES]
    if found := [each for each in inside if each.is_file()]:
        return found[0]
    if path.is_dir():
        raise ValueError(
            f"{source!r} holds no manifest; for a data set, give its name first ({', '.join(DATASETS)})"
        )
    if source in DATASETS:
        raise ValueError(f"{source} needs the folder it is in: {load_dataset(source).info.layout}")
    if path.suffix in SUFFIXES:
        raise ValueError(f"no manifest at {source!r}: check the path")
    raise ValueError(f"{source!r} is no manifest, and no data set ({', '.join(DATASETS)})")


def audio_root(source: str, root: Path | None = None) -> Path:
    """The folder that the audio paths of `open_clips(source, root)` are relative to."""
    if root is None:
        return manifest_at(source).parent
    return root.parent if root.is_file() else root
