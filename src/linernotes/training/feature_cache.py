"""What a frozen encoder heard of each clip, kept on disk: each clip goes through the encoder once, ever.

One folder an encoder. `features.bin` holds the rows of all clips one after another, `index.jsonl` where each
begins; a clip is known by the hash of its file and its span. Rows are written before their line in the index, so
that a killed run loses at most the clip it was at. Any number of processes may share the folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linernotes.training.examples import Example

Floats = NDArray[np.float32]

DATA, INDEX, LOCK = "features.bin", "index.jsonl", ".lock"


def clip_key(example: Example, audio_sha256: str, max_seconds: float) -> str:
    """How the cache knows a clip, of which at most `max_seconds` are heard."""
    return f"{audio_sha256}:{example.start_s:.3f}-{example.end_s:.3f}:{max_seconds:g}"


@dataclass(frozen=True, slots=True)
class _Place:
    start: int  # rows before it in features.bin
    rows: int


@dataclass(frozen=True, slots=True)
class _IndexRead:
    """How much of which index has been read; whoever opens the cache puts a new file in its place."""

    inode: int
    size: int


class FeatureCache:
    """Embeddings (frames, dim) by clip key; opened by `open_feature_cache`."""

    def __init__(self, folder: Path, dim: int, places: dict[str, _Place]) -> None:
        self.folder, self.dim = folder, dim
        self._places = places
        self._mapped: Floats | None = None
        self._read = _IndexRead(0, 0)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, key: str) -> Floats:
        """Embeddings (frames, dim) of a clip, a copy."""
        place = self._places[key]
        if self._mapped is None or len(self._mapped) < place.start + place.rows:
            stored: Floats = np.memmap(self.folder / DATA, np.float32, "r")
            self._mapped = stored[: len(stored) // self.dim * self.dim].reshape(-1, self.dim)
        return np.array(self._mapped[place.start : place.start + place.rows])

    def add(self, key: str, embeddings: Floats) -> None:
        """Keep the embeddings (frames, dim) of a clip."""
        rows = np.ascontiguousarray(embeddings, np.float32)
        with _locked(self.folder), (self.folder / DATA).open("ab") as file:
            # Where this is depends on what other processes have written since.
            place = _Place(os.fstat(file.fileno()).st_size // (4 * self.dim), len(rows))
            file.write(rows.tobytes())
            file.flush()
            os.fsync(file.fileno())
            with (self.folder / INDEX).open("a", encoding="utf-8") as index:
                index.write(_line(key, place))
        self._places[key] = place

    def look_again(self) -> None:
        """Take note of what other processes have added."""
        with _locked(self.folder), (self.folder / INDEX).open("rb") as index:
            standing = os.fstat(index.fileno())
            if standing.st_ino == self._read.inode:
                index.seek(self._read.size)
            self._places |= dict(_entries(index.read().decode("utf-8", errors="replace")))
            self._read = _IndexRead(standing.st_ino, standing.st_size)


def open_feature_cache(home: Path, dim: int) -> FeatureCache:
    """The cache in the folder `home`, made if need be; what a crash left half is cut off."""
    home.mkdir(parents=True, exist_ok=True)
    data, index = home / DATA, home / INDEX
    with _locked(home):
        data.touch()
        row_bytes = 4 * dim
        whole_rows = data.stat().st_size // row_bytes
        told = index.read_text("utf-8", errors="replace") if index.exists() else ""
        places = {key: place for key, place in _entries(told) if place.start + place.rows <= whole_rows}
        used = max((place.start + place.rows for place in places.values()), default=0)
        os.truncate(data, used * row_bytes)
        part = index.with_suffix(".part")
        part.write_text("".join(_line(key, place) for key, place in places.items()), "utf-8")
        os.replace(part, index)
    return FeatureCache(home, dim, places)


def _line(key: str, place: _Place) -> str:
    return json.dumps({"key": key, "start": place.start, "rows": place.rows}) + "\n"


def _entries(told: str) -> Iterator[tuple[str, _Place]]:
    for line in told.splitlines():
        try:
            entry = json.loads(line)
            yield entry["key"], _Place(entry["start"], entry["rows"])
        except (ValueError, KeyError, TypeError):
            return  # torn by a crash; nothing valid follows it


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else writes meanwhile; the lock goes with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows: one process a folder
        yield
        return
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
