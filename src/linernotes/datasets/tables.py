"""Rows of the tables that data sets publish (csv, tsv, JSON Lines, Parquet), with errors that name the line."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linernotes.registry import need_extra

REST = "(more)"
"""Key of the cells beyond the named columns: some tables have a list at the end of a row."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row and where it stands; cells are text in csv and tsv, typed in JSON and Parquet."""

    path: Path
    line: int
    cells: dict[str, Any]

    def fail(self, message: str) -> ValueError:
        return ValueError(f"{self.path} line {self.line}: {message}")

    def text(self, name: str) -> str:
        """A cell as text, "" where it is empty or absent."""
        value = self.cells.get(name)
        return "" if value is None else str(value).strip()

    def number(self, name: str) -> float:
        """A cell as a finite number of seconds, counts and the like."""
        try:
            value = float(self.cells[name])
        except (KeyError, TypeError, ValueError):
            raise self.fail(f"{name} must be a number, got {self.cells.get(name)!r}") from None
        if not abs(value) < float("inf"):
            raise self.fail(f"{name} must be a number, got {self.cells[name]!r}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A cell that holds a list of texts, as a list or written as Python or JSON writes one."""
        value = self.cells.get(name)
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError, RecursionError):
                raise self.fail(f"{name} is no list of strings") from None
        if not isinstance(value, list | tuple):
            raise self.fail(f"{name} is no list of strings")
        return tuple(str(item).strip() for item in value if str(item).strip())

    def flag(self, name: str) -> bool:
        """A cell that says true or false; empty is false."""
        value = self.text(name).lower()
        if value not in ("true", "false", "1", "0", "", "nan", "none"):
            raise self.fail(f"{name} must be True or False, got {self.cells[name]!r}")
        return value in ("true", "1")


def read_table(path: Path, columns: Sequence[str]) -> Iterator[TableRow]:
    """Stream the rows of a table; its suffix tells the format (.json: an array, or an object a line).

    Raises:
        ValueError: a column of `columns` is not there, there is no row, or the file is not of its format.
    """
    readers = {".json": _read_json, ".jsonl": _read_json, ".parquet": _read_parquet}
    rows = readers.get(path.suffix.lower(), _read_delimited)(path)
    number = 0
    for number, row in enumerate(rows, 1):
        missing = [name for name in columns if name not in row.cells]
        if missing and (number == 1 or path.suffix.lower() in (".json", ".jsonl")):
            raise row.fail(f"lacks the columns {', '.join(missing)}; it has {', '.join(row.cells)}")
        yield row
    if not number:
        raise ValueError(f"{path} has no rows")


def find_tables(root: Path, patterns: Sequence[str]) -> list[Path]:
    """The files of the first glob pattern that matches any.

    Raises:
        FileNotFoundError: none matches.
    """
    for pattern in patterns:
        if found := sorted(path for path in root.glob(pattern) if path.is_file()):
            return found
    raise FileNotFoundError(f"{root} has none of {', '.join(patterns)}")


def _read_delimited(path: Path) -> Iterator[TableRow]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            delimiter = "\t" if "\t" in file.readline() else ","  # several "csv" files are tab-separated
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter, restkey=REST)
            for cells in reader:
                yield TableRow(path, reader.line_num, cells)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: {error}") from error


def _read_json(path: Path) -> Iterator[TableRow]:
    with path.open(encoding="utf-8-sig") as file:
        first = file.read(1)
        file.seek(0)
        if first == "[":
            yield from _read_array(path, file.read())
            return
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _json_row(path, number, line)


def _read_array(path: Path, text: str) -> Iterator[TableRow]:
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} line {error.lineno}: no JSON: {error.msg}") from error
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise ValueError(f"{path}: item {number} is no object")
        yield TableRow(path, number, item)


def _json_row(path: Path, number: int, line: str) -> TableRow:
    try:
        cells = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} line {number}: no JSON: {error.msg}") from error
    if not isinstance(cells, dict):
        raise ValueError(f"{path} line {number}: no object")
    return TableRow(path, number, cells)


def _read_parquet(path: Path) -> Iterator[TableRow]:
    arrow, parquet = need_extra("pyarrow", "data"), need_extra("pyarrow.parquet", "data")
    try:
        file = parquet.ParquetFile(path)
    except arrow.ArrowInvalid as error:
        raise ValueError(f"{path} is no Parquet file: {error}") from error
    with file:
        number = 0
        for batch in file.iter_batches(8192):
            for cells in batch.to_pylist():
                number += 1
                yield TableRow(path, number, cells)
