"""What a frozen encoder heard of each clip, kept on disk: each clip goes through the encoder once, ever.

One folder an encoder, named by its weights. `features.bin` holds the rows of all clips one after another,
`index.jsonl` where each begins; a clip is known by the hash of its file and its span. Rows are written before
their line in the index, so that a killed run loses at most the clip it was at.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEncoder
from linernotes.training.examples import Example

Floats = NDArray[np.float32]


def encoder_identity(encoder: AudioEncoder) -> str:
    """Sixteen hexadecimal digits that change with the encoder's code name, rate or any weight."""
    digest = hashlib.sha256(f"{type(encoder).__qualname__} {encoder.sample_rate} {encoder.dim}".encode())
    digest.update(str(getattr(encoder, "identity", "")).encode())
    if isinstance(encoder, nn.Module):
        for name, tensor in encoder.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def clip_key(example: Example, audio_sha256: str) -> str:
    """How the cache knows a clip."""
    return f"{audio_sha256}:{example.start_s:.3f}-{example.end_s:.3f}"


@dataclass(frozen=True, slots=True)
class _Place:
    start: int  # rows before it in features.bin
    rows: int


class FeatureCache:
    """Embeddings (frames, dim) by clip key; opened by `open_feature_cache`."""

    def __init__(self, folder: Path, dim: int, places: dict[str, _Place]) -> None:
        self.folder, self.dim = folder, dim
        self._places = places
        self._rows = max((place.start + place.rows for place in places.values()), default=0)
        self._mapped: Floats | None = None

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, key: str) -> Tensor:
        """Embeddings (frames, dim) of a clip, a copy."""
        place = self._places[key]
        if self._mapped is None or len(self._mapped) < place.start + place.rows:
            stored: Floats = np.memmap(self.folder / "features.bin", np.float32, "r")
            self._mapped = stored[: len(stored) // self.dim * self.dim].reshape(-1, self.dim)
        return torch.from_numpy(np.array(self._mapped[place.start : place.start + place.rows]))

    def add(self, key: str, embeddings: Tensor) -> None:
        """Keep the embeddings (frames, dim) of a clip."""
        rows = embeddings.detach().cpu().float().contiguous().numpy()
        with (self.folder / "features.bin").open("ab") as file:
            file.write(rows.tobytes())
            file.flush()
            os.fsync(file.fileno())
        place = _Place(self._rows, len(rows))
        with (self.folder / "index.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "start": place.start, "rows": place.rows}) + "\n")
        self._places[key] = place
        self._rows += len(rows)


def open_feature_cache(folder: Path, encoder: AudioEncoder) -> FeatureCache:
    """The cache of this very encoder below `folder`, made if need be; what a crash left half is cut off."""
    home = folder / encoder_identity(encoder)
    home.mkdir(parents=True, exist_ok=True)
    data, index = home / "features.bin", home / "index.jsonl"
    data.touch()
    row_bytes = 4 * encoder.dim
    whole_rows = data.stat().st_size // row_bytes
    places = {key: place for key, place in _read_index(index) if place.start + place.rows <= whole_rows}
    used = max((place.start + place.rows for place in places.values()), default=0)
    os.truncate(data, used * row_bytes)
    lines = [json.dumps({"key": key, "start": p.start, "rows": p.rows}) + "\n" for key, p in places.items()]
    part = index.with_suffix(".part")
    part.write_text("".join(lines), "utf-8")
    os.replace(part, index)
    return FeatureCache(home, encoder.dim, places)


def _read_index(index: Path) -> Iterator[tuple[str, _Place]]:
    if not index.exists():
        return
    for line in index.read_text("utf-8").splitlines():
        try:
            entry = json.loads(line)
            yield entry["key"], _Place(entry["start"], entry["rows"])
        except (ValueError, KeyError, TypeError):
            return  # torn by a crash; nothing valid follows it
