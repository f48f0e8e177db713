"""The three file formats of a manifest, each as a stream of numbered plain records, read and written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from linernotes.manifest.record import FACT_FIELDS, FIELDS, MANIFEST_VERSION
from linernotes.registry import need_extra

SUFFIXES = (".jsonl", ".parquet", ".csv")
LISTS = ("captions", "tags", "facts", "extra")
"""Fields that csv holds as JSON text."""
CHUNK_ROWS = 8192


@dataclass(frozen=True, slots=True)
class Row:
    """What stands at `line` of a manifest: a record, or the reason why it can't be read as one."""

    line: int
    record: Any
    fault: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Stream the records of a manifest; the suffix tells the format.

    Raises:
        ValueError: an unknown suffix, or a file that is not of its format.
    """
    return {".jsonl": _read_jsonl, ".parquet": _read_parquet, ".csv": _read_csv}[suffix_of(path)](path)


def write_rows(file: BinaryIO, suffix: str, records: Iterable[dict[str, Any]]) -> None:
    """Write records, which must be without faults, as they come."""
    {".jsonl": _write_jsonl, ".parquet": _write_parquet, ".csv": _write_csv}[suffix](file, records)


def suffix_of(path: Path) -> str:
    """The suffix of a manifest, in lower case.

    Raises:
        ValueError: no manifest has this suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path}: a manifest ends in {', '.join(SUFFIXES)}")
    return suffix


def _read_jsonl(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:  # binary: only \n ends a line, and bad UTF-8 costs its own line
        for number, line in enumerate(file, 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield _json_row(number, text)


def _json_row(number: int, line: bytes) -> Row:
    try:
        return Row(number, json.loads(line.decode("utf-8"), parse_constant=_no_constant))
    except UnicodeDecodeError as error:
        return Row(number, None, f"no UTF-8 at byte {error.start + 1}")
    except json.JSONDecodeError as error:
        return Row(number, None, f"no JSON at character {error.colno}: {error.msg}")
    except (ValueError, RecursionError) as error:
        return Row(number, None, f"no JSON: {error}")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _write_jsonl(file: BinaryIO, records: Iterable[dict[str, Any]]) -> None:
    for record in records:
        file.write(json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n")


def _read_csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", errors="strict", newline="") as file:
        csv.field_size_limit(2**31 - 1)  # the facts of an hour of music are one cell
        reader = csv.DictReader(file, strict=True)
        try:
            for cells in reader:
                yield _csv_row(reader.line_num, cells)
        except csv.Error as error:
            yield Row(reader.line_num, None, f"no csv: {error}")
        except UnicodeDecodeError as error:
            yield Row(reader.line_num + 1, None, f"no UTF-8: {error.reason}")


def _csv_row(line: int, cells: dict[str | None, Any]) -> Row:
    if None in cells:
        return Row(line, None, f"{len(cells[None])} more cells than the first line has names")
    record: dict[str, Any] = {str(name): cell for name, cell in cells.items() if cell not in ("", None)}
    record.setdefault("audio_path", "")
    for name in ("start_s", "end_s", *LISTS):
        if name in record:
            try:
                record[name] = json.loads(record[name], parse_constant=_no_constant)
            except ValueError as error:
                return Row(line, record, f"{name} must be written as JSON: {error}")
    return Row(line, record)


def _write_csv(file: BinaryIO, records: Iterable[dict[str, Any]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, ["schema_version", *FIELDS])
    writer.writeheader()
    for record in records:
        as_json = {
            name: json.dumps(record[name], ensure_ascii=False, allow_nan=False)
            for name in LISTS
            if record.get(name)
        }
        writer.writerow({**{name: value for name, value in record.items() if name not in LISTS}, **as_json})
    text.flush()
    text.detach()


def _parquet_schema() -> Any:
    arrow = need_extra("pyarrow", "data")
    texts, number = arrow.list_(arrow.string()), arrow.float64()
    fact = arrow.struct(
        [
            (name, number if name in ("confidence", "start_s", "end_s") else arrow.string())
            for name in FACT_FIELDS
        ]
    )
    kinds = {
        "start_s": number,
        "end_s": number,
        "captions": texts,
        "tags": texts,
        "facts": arrow.list_(fact),
    }
    columns = [(name, kinds.get(name, arrow.string())) for name in FIELDS]
    return arrow.schema(columns, metadata={"linernotes_manifest": MANIFEST_VERSION})


def _write_parquet(file: BinaryIO, records: Iterable[dict[str, Any]]) -> None:
    arrow, parquet = need_extra("pyarrow", "data"), need_extra("pyarrow.parquet", "data")
    schema = _parquet_schema()
    stream = iter(records)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while chunk := [_to_arrow(record) for record in islice(stream, CHUNK_ROWS)]:
            writer.write_table(arrow.Table.from_pylist(chunk, schema=schema))


def _to_arrow(record: dict[str, Any]) -> dict[str, Any]:
    """A record with the values that have no one type (a fact's value, `extra`) as JSON text."""
    facts = [
        {**fact, "value": json.dumps(fact["value"], ensure_ascii=False)} for fact in record.get("facts", ())
    ]
    extra = json.dumps(record.get("extra", {}), ensure_ascii=False, allow_nan=False)
    return {**record, "facts": facts, "extra": extra}


def _read_parquet(path: Path) -> Iterator[Row]:
    arrow, parquet = need_extra("pyarrow", "data"), need_extra("pyarrow.parquet", "data")
    try:
        file = parquet.ParquetFile(path)
    except arrow.ArrowInvalid as error:
        raise ValueError(f"{path} is no Parquet file: {error}") from error
    with file:
        version = (file.schema_arrow.metadata or {}).get(b"linernotes_manifest", MANIFEST_VERSION.encode())
        number = 0
        for batch in file.iter_batches(CHUNK_ROWS):
            for record in batch.to_pylist():
                number += 1
                yield _arrow_row(number, {"schema_version": version.decode(), **record})


def _arrow_row(number: int, record: dict[str, Any]) -> Row:
    try:
        for fact in record.get("facts") or ():
            fact["value"] = json.loads(fact["value"])
        if isinstance(record.get("extra"), str):
            record["extra"] = json.loads(record["extra"])
    except (ValueError, TypeError, KeyError) as error:
        return Row(number, record, f"facts and extra must hold JSON texts: {error}")
    return Row(number, record)
