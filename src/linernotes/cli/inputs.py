"""Which recordings a command line means, and where their notes go."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# linernotes.audio is imported where it is used, so that --help need not wait for numpy and the decoders


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to work on and its name relative to the folder it was found in."""

    path: Path
    relative: Path


def find_recordings(paths: Sequence[Path]) -> list[Recording]:
    """Files in the order given, folders replaced by the audio files below them, sorted, each file once.

    Raises:
        ValueError: a folder holds no audio file.
    """
    from linernotes.audio.suffixes import AUDIO_SUFFIXES

    found: dict[Path, Recording] = {}
    for path in paths:
        if path.is_dir():
            inside = list(_files_below(path, AUDIO_SUFFIXES))
            if not inside:
                raise ValueError(
                    f"no audio files below {str(path)!r}: looked for {', '.join(sorted(AUDIO_SUFFIXES))}"
                )
            for file in inside:
                found.setdefault(file, Recording(file, file.relative_to(path)))
        else:
            found.setdefault(path, Recording(path, Path(path.name)))
    return list(found.values())


def _files_below(folder: Path, suffixes: Collection[str]) -> Iterator[Path]:
    closed: list[Path] = []
    for root, folders, files in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders.sort()
        for name in sorted(files):
            if Path(name).suffix.lower() in suffixes and not name.startswith("."):
                yield Path(root) / name
    yield from closed  # folders that may not be read fail as recordings do, with a line of their own


def output_stems(recordings: Sequence[Recording], out: Path | None) -> list[Path]:
    """Where each recording's files go, without suffix: below `out`, or beside the recording.

    Recordings that would share a stem (song.mp3 and song.wav) keep their own suffix in it.

    Raises:
        ValueError: two recordings from different folders would still write the same file.
    """
    homes = [out / item.relative if out else item.path for item in recordings]
    shared = Counter(home.with_suffix("") for home in homes)
    stems = [home if shared[home.with_suffix("")] > 1 else home.with_suffix("") for home in homes]
    twice = [stem for stem, count in Counter(stems).items() if count > 1]
    if twice:
        raise ValueError(
            f"two recordings would both be written as {str(twice[0])!r}: "
            "give their common folder instead of the files, or use --sidecar"
        )
    return stems
