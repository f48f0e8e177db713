"""Clips from whatever names them: a manifest, or a published data set and the folder it is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.dataset import ALL
from linernotes.manifest import read_manifest
from linernotes.registry import DATASETS, load_dataset


def open_clips(source: str, root: Path | None = None, split: str = ALL) -> Iterator[Clip]:
    """Stream the clips of `split`: of the manifest at `source`, or of the data set called so in the folder `root`.

    Raises:
        ValueError: `source` is neither, or the data set's folder isn't given.
    """
    if root is not None or (source in DATASETS and not Path(source).exists()):
        dataset = load_dataset(source)
        if root is None:
            raise ValueError(f"{source} needs the folder it is in: {dataset.info.layout}")
        clips: Iterator[Clip] = dataset.load(root, split)
        return clips
    if not Path(source).is_file():
        raise ValueError(f"{source!r} is no manifest, and no data set ({', '.join(DATASETS)})")
    return (clip for clip in read_manifest(source) if split in (ALL, clip.split))


def audio_root(source: str, root: Path | None = None) -> Path:
    """The folder that the audio paths of `open_clips(source, root)` are relative to."""
    if root is None:
        return Path(source).parent
    return root.parent if root.is_file() else root
