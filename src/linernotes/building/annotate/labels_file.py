"""The vectors of a data set in one file: NumPy's .npz or Parquet.

For every head: probabilities (clips, classes) with NaN for unknown, 0/1 labels, and the mask `known`. Labels where
`known` is false are 0 and mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.building.annotate import Bounds
from linernotes.building.annotate.class_labels import known, present
from linernotes.datasets.feature_classes import CLASSES
from linernotes.manifest import whole_file
from linernotes.registry import need_extra

Floats = NDArray[np.float32]
ROWS = 4096


class LabelsFormat(str, Enum):
    """Formats of the file, as its suffix."""

    npz = "npz"
    parquet = "parquet"


@dataclass(frozen=True, slots=True)
class Labels:
    """Probabilities by head, (clips, classes), in the order of `clip_ids` and of `feature_classes.CLASSES`."""

    clip_ids: tuple[str, ...]
    chances: Mapping[str, Floats]
    bounds: Bounds

    def known(self, head: str) -> NDArray[np.bool_]:
        """Where a class counts as present or absent, (clips, classes)."""
        return known(self.chances[head], self.bounds)

    def present(self, head: str) -> NDArray[np.bool_]:
        """Where a class counts as present, (clips, classes)."""
        return present(self.chances[head], self.bounds)


def labels_of(clip_ids: Sequence[str], rows: Sequence[Mapping[str, Floats]], bounds: Bounds) -> Labels:
    """The labels of clips whose rows are (classes,) by head."""
    chances = {
        head: np.stack([row[head] for row in rows]) if rows else np.zeros((0, len(classes)), np.float32)
        for head, classes in CLASSES.items()
    }
    return Labels(tuple(clip_ids), chances, bounds)


def write_labels(labels: Labels, path: Path) -> None:
    """Write labels; the suffix tells the format; the file appears whole or not at all."""
    with whole_file(path) as file:
        if path.suffix == ".npz":
            np.savez_compressed(file, **_arrays(labels))  # type: ignore[arg-type]
        else:
            _write_parquet(labels, file)


def read_labels(path: Path) -> Labels:
    """Labels as `write_labels` wrote them to .npz.

    Raises:
        ValueError: the file holds other classes than this version knows.
    """
    with np.load(path, allow_pickle=False) as stored:
        for head, classes in CLASSES.items():
            if tuple(stored[f"{head}_classes"].tolist()) != classes:
                raise ValueError(f"{path}: its classes of {head} are not those of this linernotes")
        absent, least = (float(bound) for bound in stored["bounds"])
        chances = {head: stored[f"{head}_probability"] for head in CLASSES}
        return Labels(tuple(stored["clip_ids"].tolist()), chances, Bounds(least, absent))


def _arrays(labels: Labels) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "clip_ids": np.array(labels.clip_ids, dtype=np.str_),
        "bounds": np.array([labels.bounds.absent, labels.bounds.present]),
    }
    for head, classes in CLASSES.items():
        arrays[f"{head}_classes"] = np.array(classes)
        arrays[f"{head}_probability"] = labels.chances[head]
        arrays[f"{head}_label"] = labels.present(head).astype(np.uint8)
        arrays[f"{head}_known"] = labels.known(head)
    return arrays


def _write_parquet(labels: Labels, file: Any) -> None:
    """One row a clip; three lists a head. The names of the classes stand in the file's metadata."""
    arrow, parquet = need_extra("pyarrow", "data"), need_extra("pyarrow.parquet", "data")
    columns = [("clip_id", arrow.string())]
    for head in CLASSES:
        columns += [
            (f"{head}_probability", arrow.list_(arrow.float32())),
            (f"{head}_label", arrow.list_(arrow.uint8())),
            (f"{head}_known", arrow.list_(arrow.bool_())),
        ]
    names = {f"{head}_classes": "\n".join(classes) for head, classes in CLASSES.items()}
    schema = arrow.schema(columns, metadata=names)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for first in range(0, len(labels.clip_ids), ROWS):
            rows = slice(first, first + ROWS)
            table: dict[str, Any] = {"clip_id": labels.clip_ids[rows]}
            for head in CLASSES:
                table[f"{head}_probability"] = list(labels.chances[head][rows])
                table[f"{head}_label"] = list(labels.present(head)[rows].astype(np.uint8))
                table[f"{head}_known"] = list(labels.known(head)[rows])
            writer.write_table(arrow.table(table, schema=schema))
