"""Predictions that another program made, by clip id: JSON Lines or csv.

A line of JSON holds one prediction (`clip_id`, `name`, `value`, and if known `confidence`, `unit`, `source`,
`start_s`, `end_s`), or a clip's with `facts`, a list of such objects. A csv has these names as its first line.
"""

from __future__ import annotations

import csv
import difflib
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from linernotes.clip import FACT_NAMES, Fact, FactValue

SUFFIXES = (".jsonl", ".csv")
FIELDS = ("clip_id", "name", "value", "confidence", "unit", "source", "start_s", "end_s")
NUMERIC = frozenset({"tempo", "tuning", "loudness", "loudness_range", "brightness", "beat", "downbeat"})
"""Facts whose value is a number; csv has no types."""


def read_predictions(path: Path) -> Mapping[str, tuple[Fact, ...]]:
    """All predictions in a file, by clip id.

    Raises:
        ValueError: a line can't be used; the message has its number.
        OSError: the file can't be read.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path}: predictions are read from {' or '.join(SUFFIXES)}")
    found: dict[str, list[Fact]] = defaultdict(list)
    rows = _jsonl(path) if path.suffix.lower() == ".jsonl" else _csv(path)
    for number, row in rows:
        try:
            clip_id = row.get("clip_id")
            if not isinstance(clip_id, str) or not clip_id:
                raise ValueError(f"clip_id must be text, got {clip_id!r}")
            for each in _listed(row):
                facts = found[clip_id]
                facts.append(_fact(each, f"{path.stem}:{len(facts) + 1}", path.name))
        except ValueError as error:
            raise ValueError(f"{path} line {number}: {error}") from error
    return {clip_id: tuple(facts) for clip_id, facts in found.items()}


def _listed(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "facts" not in row:
        return [{name: value for name, value in row.items() if name != "clip_id"}]
    listed = row["facts"]
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ValueError("facts must be a list of objects")
    return listed


def _fact(row: Mapping[str, Any], fact_id: str, source: str) -> Fact:
    unknown = [name for name in row if name not in (*FIELDS, "id")]
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; a prediction has {', '.join(FIELDS)}")
    name, value = row.get("name"), row.get("value")
    if not isinstance(name, str) or name not in FACT_NAMES:
        near = difflib.get_close_matches(str(name), FACT_NAMES, n=1, cutoff=0.5)
        raise ValueError(f"no fact is called {name!r}; {_did_you_mean(near)}")
    return Fact(
        id=fact_id,
        name=name,
        value=_value(name, value),
        unit=str(row.get("unit") or ""),
        confidence=_number(row.get("confidence"), "confidence", 1.0, most=1.0),
        source=str(row.get("source") or source),
        start_s=_number(row.get("start_s"), "start_s", 0.0),
        end_s=_number(row.get("end_s"), "end_s", 0.0),
    )


def _did_you_mean(near: list[str]) -> str:
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(FACT_NAMES)}"


def _value(name: str, value: Any) -> FactValue:
    if value is None or value == "":
        raise ValueError(f"this {name} has no value")
    if not isinstance(value, str | int | float | bool):
        raise ValueError(f"value must be text, a number or true/false, got {value!r}")
    if name not in NUMERIC:
        return value
    return _number(value, f"value of {name}", 0.0, least=-math.inf)


def _number(value: Any, what: str, default: float, *, least: float = 0.0, most: float = math.inf) -> float:
    if value is None or value == "":
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or not least <= number <= most:
        limit = f" from {least:g} to {most:g}" if math.isfinite(most) else ""
        raise ValueError(f"{what} must be a number{limit}, got {value!r}")
    return number


def _jsonl(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path} line {number} is no JSON: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"{path} line {number}: expected an object, got {type(row).__name__}")
            yield number, row


def _csv(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            for row in reader:
                if None in row:
                    raise ValueError(f"{path} line {reader.line_num}: more cells than the first line names")
                yield reader.line_num, {str(name): cell for name, cell in row.items()}
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{path} line {reader.line_num + 1} is no csv: {error}") from error
