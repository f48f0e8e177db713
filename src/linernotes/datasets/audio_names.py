"""Which audio file belongs to a clip, where a data set names clips but people choose the files' endings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from linernotes.audio.suffixes import AUDIO_SUFFIXES


def stems_below(root: Path, folders: Sequence[str]) -> Mapping[str, str]:
    """File stem -> path relative to `root`, of the audio files in the first of `folders` that exists."""
    for folder in folders:
        if (root / folder).is_dir():
            return {
                path.stem: path.relative_to(root).as_posix()
                for path in sorted((root / folder).iterdir())
                if path.suffix.lower() in AUDIO_SUFFIXES
            }
    return {}


def first_prefix(root: Path, folders: Sequence[str], path: str) -> str:
    """`path` below the first of `folders` that has it; below the first of them where none has."""
    for folder in folders:
        if (root / folder / path).is_file():
            return f"{folder}/{path}" if folder else path
    return f"{folders[0]}/{path}" if folders[0] else path
