"""Published scores as a table with their profiles, and a lint that says which of them may stand side by side.

Two numbers are of one kind when the same code counted them (the profile) over the same clips (data set, split, n)
for captions written from the same thing (audio, or tags that people gave). Where a paper doesn't say which code
counted, its numbers stand with those of the same paper only.
"""

from __future__ import annotations

import csv
import io
import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import Any

BUILTIN = Path(__file__).parent / "data" / "scores.csv"
"""Tables of the four papers that linernotes builds on; values in the metric's own scale: 0..1, CIDEr-D 0..10."""

REQUIRED = ("system", "data_set", "metric", "value", "source")
UNSTATED = "unstated"
COUNTS = frozenset({"vocabulary", "average_tokens"})
HIGHEST = {"cider": 10.0, "spider": 5.5, "spider_fl": 5.5}
"""Top of the scales that don't end at 1."""


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """One number of a paper; an empty field, or "unstated", is what the paper doesn't say."""

    system: str
    data_set: str
    metric: str
    value: float
    source: str
    profile: str = UNSTATED
    split: str = ""
    n: str = ""
    setting: str = UNSTATED
    input: str = UNSTATED
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What two numbers must share to stand side by side; the paper only where the profile or n is unstated."""

    profile: str
    data_set: str
    split: str
    n: str
    input: str
    paper: str

    def reasons_against(self, other: Kind) -> list[str]:
        """What differs, in words."""
        names = ("profile", "data_set", "split", "n", "input")
        different = [
            f"{name.replace('_', ' ')}: {getattr(self, name) or UNSTATED} / {getattr(other, name) or UNSTATED}"
            for name in names
            if getattr(self, name) != getattr(other, name)
        ]
        if different:
            return different
        unknown = "code that counted" if self.profile == UNSTATED else "n"
        return [f"the {unknown} is unstated, and the papers are not the same"]


@dataclass(frozen=True, slots=True)
class Board:
    """Scores of one kind."""

    kind: Kind
    rows: tuple[PublishedScore, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.metric for row in self.rows))

    @property
    def settings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.setting for row in self.rows))


@dataclass(frozen=True, slots=True)
class Apart:
    """Two boards (their places in the list, from 1) that share metrics and must not share a table."""

    first: int
    second: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lint:
    """What may stand together, what may not, and what is odd about single rows."""

    boards: tuple[Board, ...]
    apart: tuple[Apart, ...]
    warnings: tuple[str, ...]


def read_published(path: Path) -> tuple[PublishedScore, ...]:
    """Rows of a csv, of a JSON list, or of TOML's [[score]] tables.

    Raises:
        ValueError: what is wrong, with file and row.
    """
    rows = tuple(_score(data, f"{path} row {number}") for number, data in enumerate(_records(path), 1))
    if not rows:
        raise ValueError(f"{path}: holds no scores")
    return rows


def lint_published(rows: Sequence[PublishedScore]) -> Lint:
    """Sort scores into boards of one kind, and say why the boards stand apart."""
    sorted_rows: dict[Kind, list[PublishedScore]] = {}
    for row in rows:
        sorted_rows.setdefault(_kind(row), []).append(row)
    boards = tuple(Board(kind, tuple(found)) for kind, found in sorted_rows.items())
    apart = tuple(
        Apart(first, second, tuple(one.kind.reasons_against(two.kind)))
        for (first, one), (second, two) in combinations(enumerate(boards, 1), 2)
        if set(one.metrics) & set(two.metrics)
    )
    return Lint(boards, apart, tuple(_warnings(boards)))


def _kind(row: PublishedScore) -> Kind:
    sure = row.profile != UNSTATED and row.n
    return Kind(row.profile, row.data_set, row.split, row.n, row.input, "" if sure else _paper(row.source))


def _paper(source: str) -> str:
    """The paper that a source such as `Doh et al. 2023, Table 2` names, or the one that it quotes."""
    paper, _, place = source.partition(",")
    quoted = place.partition("quoting ")[2]
    return quoted or paper


def _warnings(boards: Sequence[Board]) -> Iterator[str]:
    for number, board in enumerate(boards, 1):
        if len(board.settings) > 1:
            yield (
                f"board {number} holds systems that are {', '.join(board.settings)}: name the setting beside "
                "each, since training on the data set's captions teaches their manner"
            )
        for row in board.rows:
            top = math.inf if row.metric in COUNTS else HIGHEST.get(row.metric, 1.0)
            if not 0 <= row.value <= top:
                yield f"{row.system}, {row.metric} {row.value:g} ({row.source}): outside 0..{top:g}; in per cent?"
        yield from _said_twice(board)
    yield from _mixed_lines([row for board in boards for row in board.rows])


def _said_twice(board: Board) -> Iterator[str]:
    said: dict[tuple[str, str, str], PublishedScore] = {}
    for row in board.rows:
        before = said.setdefault((row.system, row.setting, row.metric), row)
        if before.value != row.value:
            yield (
                f"{row.system}, {row.metric}: {before.value:g} in {before.source}, {row.value:g} in {row.source}"
            )


def _mixed_lines(rows: Sequence[PublishedScore]) -> Iterator[str]:
    """Systems whose one line of a table is put together from several settings."""
    settings: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in rows:
        if "quoting" in row.source:
            settings.setdefault((row.source, row.system), {}).setdefault(row.setting, []).append(row.metric)
    for (source, system), found in settings.items():
        if len(found) > 1:
            parts = "; ".join(f"{', '.join(metrics)} of the {name} one" for name, metrics in found.items())
            yield f"{source}: the line of {system} is made of several systems: {parts}"


def _records(path: Path) -> list[Mapping[str, Any]]:
    text = _text(path)
    suffix = path.suffix.lower()
    try:
        if suffix == ".csv":
            found: Any = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        elif suffix == ".json":
            found = json.loads(text)
        elif suffix == ".toml":
            found = tomllib.loads(text).get("score")
        else:
            raise ValueError("a table of scores is a .csv, .json or .toml file")
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(found, list):
        raise ValueError(f"{path}: needs a list of scores (TOML: [[score]] tables)")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8") from error


def _score(data: Any, place: str) -> PublishedScore:
    if not isinstance(data, Mapping):
        raise ValueError(f"{place}: needs the fields {', '.join(REQUIRED)}")
    known = {field.name for field in fields(PublishedScore)}
    strange = [name for name in data if name not in known]
    if strange:
        raise ValueError(
            f"{place}: no field is called {strange[0]!r}; the fields are {', '.join(sorted(known))}"
        )
    given = {name: str(value).strip() for name, value in data.items() if value not in (None, "")}
    missing = [name for name in REQUIRED if not given.get(name)]
    if missing:
        raise ValueError(f"{place}: lacks {', '.join(missing)}")
    try:
        value = float(given.pop("value"))
    except ValueError as error:
        raise ValueError(f"{place}: the value {data['value']!r} is no number") from error
    if not math.isfinite(value):
        raise ValueError(f"{place}: the value {data['value']!r} is no number")
    return PublishedScore(value=value, **given)
