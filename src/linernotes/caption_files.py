"""Captions by clip id from JSON Lines, csv, Parquet and prediction-reference pairs; every doubt is an error.

Nothing is dropped: a line that can't be used, an id given twice or an id that the other side lacks stops the
reading with the file's name and the line, because a score over the rest would be a score of something else.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linernotes.registry import need_extra

JSON_LINES = (".jsonl", ".ndjson", ".json")
SUFFIXES = (*JSON_LINES, ".csv", ".parquet")

_OTHER_NAMES = {
    "id": ("ytid", "clip_id", "audio_id", "track_id", "uid", "file", "filename", "file_name", "path", "name"),
    "caption": ("captions", "text", "description", "prediction", "ground_truth", "sentence"),
}
"""Columns of other people's tables (MusicCaps' is `ytid`) that may be what is missing."""


@dataclass(frozen=True, slots=True)
class CaptionPairs:
    """Predictions and references of the same clips, and the ids that stood on one side only."""

    candidates: Mapping[str, str]
    references: Mapping[str, tuple[str, ...]]
    only_predicted: tuple[str, ...] = ()
    only_referenced: tuple[str, ...] = ()

    @property
    def empty(self) -> tuple[str, ...]:
        """Ids of the predictions without a word; they are scored as they are."""
        return tuple(clip_id for clip_id, text in self.candidates.items() if not text.strip())


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a file: where it stands, and its id and captions as they were read."""

    place: str
    clip_id: str
    captions: tuple[str, ...]


def read_predictions(path: Path) -> dict[str, str]:
    """The one caption of every id, in the file's order; an empty caption is one.

    Raises:
        ValueError: what is wrong, with file and line.
    """
    found: dict[str, str] = {}
    for row in _rows(path):
        if row.clip_id in found:
            raise ValueError(f"{row.place}: id {row.clip_id!r} was used before; a clip has one prediction")
        if len(row.captions) != 1:
            raise ValueError(
                f"{row.place}: id {row.clip_id!r} has {len(row.captions)} captions; a prediction is one"
            )
        found[row.clip_id] = row.captions[0]
    return found


def read_references(path: Path) -> dict[str, tuple[str, ...]]:
    """One or more captions of every id; in csv and Parquet rows that share an id are several references.

    Raises:
        ValueError: what is wrong, with file and line.
    """
    found: dict[str, tuple[str, ...]] = {}
    for row in _rows(path):
        if row.clip_id in found and path.suffix.lower() in JSON_LINES:
            raise ValueError(
                f'{row.place}: id {row.clip_id!r} was used before; several references go into one "captions" list'
            )
        if not row.captions or not all(text.strip() for text in row.captions):
            raise ValueError(
                f"{row.place}: id {row.clip_id!r} has an empty reference: nothing to compare with"
            )
        found[row.clip_id] = (*found.get(row.clip_id, ()), *row.captions)
    return found


def read_train_captions(path: Path) -> list[str]:
    """Every caption of a file in any of the formats, in its order; ids may repeat."""
    return [text for row in _rows(path) for text in row.captions]


def read_pairs(path: Path) -> CaptionPairs:
    """A JSON list of `{"prediction": ..., "ground_truth": ...}`; ids are the places in the list, from 0.

    Raises:
        ValueError: what is wrong, with file and item.
    """
    _refuse_folder(path)
    needed = f'{path}: needs a JSON list of {{"prediction": ..., "ground_truth": ...}}'
    text = _text(path)
    try:
        items = _json(text, str(path))
    except ValueError as error:
        lines = text.lstrip().startswith("{")
        raise ValueError(f"{needed}; {'one object a line is none' if lines else error}") from error
    if not isinstance(items, list):
        raise ValueError(needed)
    candidates: dict[str, str] = {}
    references: dict[str, tuple[str, ...]] = {}
    for number, item in enumerate(items):
        place = f"{path} item {number}"
        if not isinstance(item, dict) or not {"prediction", "ground_truth"} <= set(item):
            raise ValueError(f'{place}: needs {{"prediction": ..., "ground_truth": ...}}')
        truth = item["ground_truth"]
        candidates[str(number)] = _caption(item["prediction"], place)
        references[str(number)] = _captions(truth if isinstance(truth, list) else [truth], place)
        if not references[str(number)] or not all(text.strip() for text in references[str(number)]):
            raise ValueError(f"{place}: the ground truth is empty: nothing to compare with")
    if not candidates:
        raise ValueError(f"{path}: holds no captions")
    return CaptionPairs(candidates, references)


def pair_captions(
    predictions: Mapping[str, str],
    references: Mapping[str, tuple[str, ...]],
    *,
    allow_missing: bool = False,
    names: tuple[str, str] | None = None,
) -> CaptionPairs:
    """Bring both sides together, in the order of the predictions; `names` are those of their files.

    Raises:
        ValueError: an id stands on one side only and `allow_missing` is off, or no id stands on both.
    """
    only_predicted = tuple(clip_id for clip_id in predictions if clip_id not in references)
    only_referenced = tuple(clip_id for clip_id in references if clip_id not in predictions)
    alone = _alone(only_predicted, only_referenced, names)
    both = [clip_id for clip_id in predictions if clip_id in references]
    if alone and not (allow_missing and both):
        advice = "--allow-missing scores the others" if both else "no id stands on both sides"
        raise ValueError(f"{alone}; {advice}")
    return CaptionPairs(
        {clip_id: predictions[clip_id] for clip_id in both},
        {clip_id: references[clip_id] for clip_id in both},
        only_predicted,
        only_referenced,
    )


def _alone(
    only_predicted: Sequence[str], only_referenced: Sequence[str], names: tuple[str, str] | None
) -> str:
    here, there = "the predictions only", "the references only"
    if names is not None:
        here, there = (
            f"the predictions {names[0]} but not in {names[1]}",
            f"the references {names[1]} but not in {names[0]}",
        )
    return " and ".join(
        f"{len(ids)} {'ids stand' if len(ids) > 1 else 'id stands'} in {side}, such as {ids[0]!r}"
        for ids, side in ((only_predicted, here), (only_referenced, there))
        if ids
    )


def _rows(path: Path) -> Iterator[_Row]:
    """Every row of a file; at least one."""
    _refuse_folder(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(
            f"{path}: captions are read from {', '.join(SUFFIXES)} files; this suffix is none of them"
        )
    if suffix == ".csv":
        rows = _csv_rows(path)
    elif suffix == ".parquet":
        rows = _parquet_rows(path)
    else:
        rows = _json_rows(path)
    empty = True
    for row in rows:
        empty = False
        yield row
    if empty:
        raise ValueError(f"{path}: holds no captions")


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"{path}: is a folder; name the file of captions in it")


def _json_rows(path: Path) -> Iterator[_Row]:
    # not splitlines(): U+2028 and its like may stand inside a JSON string
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path} line {number}"
        data = _json(line, place)
        if isinstance(data, list):
            raise ValueError(
                f"{place}: a list; needs JSON Lines, one object a line (lists of pairs: --pairs)"
            )
        if not isinstance(data, dict):
            raise ValueError(f'{place}: needs {{"id": ..., "caption": "..."}}')
        yield _row(data, place)


def _csv_rows(path: Path) -> Iterator[_Row]:
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        _check_columns(path, reader.fieldnames or (), ("caption",))
        for row in reader:
            place = f"{path} line {reader.line_num}"
            if None in row or None in row.values():
                raise ValueError(f"{place}: has not as many fields as the header; quote captions with commas")
            yield _row({"id": row["id"], "caption": row["caption"]}, place)
    except csv.Error as error:
        raise ValueError(f"{path} line {reader.reader.line_num}: {error}") from error


def _parquet_rows(path: Path) -> Iterator[_Row]:
    arrow = need_extra("pyarrow", "data")
    try:
        table = need_extra("pyarrow.parquet", "data").ParquetFile(path)
    except arrow.ArrowException as error:
        raise ValueError(f"{path}: not a Parquet file: {error}") from error
    columns = [name for name in ("id", "caption", "captions") if name in table.schema_arrow.names]
    _check_columns(path, table.schema_arrow.names, ("caption", "captions"))
    number = 0
    for batch in table.iter_batches(columns=columns):
        for row in batch.to_pylist():
            number += 1
            yield _row(row, f"{path} row {number}")


def _check_columns(path: Path, columns: Sequence[str], captions: Sequence[str]) -> None:
    found = set(columns)
    if not found:
        raise ValueError(f"{path}: holds no captions")
    if "id" not in found or not found & set(captions):
        raise ValueError(
            f"{path}: needs the columns id and {' or '.join(captions)}; it has {', '.join(columns)}"
            f"{_renaming(columns)}"
        )


def _renaming(columns: Sequence[str]) -> str:
    """What to do with a file that seems to hold captions under other names."""
    for separator, name in ((";", "';'"), ("\t", "tabs")):
        if len(columns) == 1 and separator in columns[0]:
            return f"; its fields are separated by {name}: save it with commas"
    lower = {name.strip().lower(): name for name in columns}
    advice = [
        f"rename {lower[found[0]]!r} to {wanted!r}"
        for wanted, others in _OTHER_NAMES.items()
        if wanted not in columns and (found := [name for name in (wanted, *others) if name in lower])
    ]
    return f"; {' and '.join(advice)}" if advice else ""


def _row(data: Mapping[str, Any], place: str) -> _Row:
    clip_id = _clip_id(data.get("id"), place)
    if ("caption" in data) == ("captions" in data):
        raise ValueError(f'{place}: id {clip_id!r} needs "caption" or "captions", one of them')
    if "caption" in data:
        return _Row(place, clip_id, (_caption(data["caption"], place),))
    if not isinstance(data["captions"], list):
        raise ValueError(f'{place}: "captions" must be a list of strings')
    return _Row(place, clip_id, _captions(data["captions"], place))


def _clip_id(value: Any, place: str) -> str:
    """Ids are strings; 7 and 7.0 become "7"."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError(f"{place}: has no id")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{place}: an id is a string or a number, not {json.dumps(value, default=str)[:80]}")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{place}: has no id")
        return str(int(value)) if value.is_integer() else str(value)
    return _whole_text(value, place) if isinstance(value, str) else str(value)


def _captions(values: Sequence[Any], place: str) -> tuple[str, ...]:
    return tuple(_caption(value, place) for value in values)


def _caption(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{place}: a caption must be a string, not {json.dumps(value, default=str)[:80]}")
    return _whole_text(value, place)


def _whole_text(text: str, place: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{place}: holds half of a surrogate pair, which is no character") from error
    return text


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{place}: not JSON: {error}") from error


def _text(path: Path) -> str:
    """The file as text, with or without a byte order mark."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path} line {line}: not UTF-8") from error
