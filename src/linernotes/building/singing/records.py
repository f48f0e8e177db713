"""What every stage made of every item, in one SQLite file: on disk as soon as it is there."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linernotes.clip import Clip
from linernotes.manifest import clip_from_record, clip_to_record

FORMAT = 2
"""Of the file (`annotate` keeps another kind, numbered 1)."""
BUSY_S = 60.0


@dataclass(frozen=True, slots=True)
class Excluded:
    """An item that goes no further: where, why in a word or two that can be counted, and the details."""

    clip_id: str
    stage: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage makes of one item: items for the next stage, and those that go no further."""

    clips: tuple[Clip, ...] = ()
    excluded: tuple[Excluded, ...] = ()


def key_of(stage: str, identity: str, clip: Clip, mark: str = "") -> str:
    """What an outcome is kept under: another maker, item or file is another outcome."""
    told = json.dumps([stage, identity, clip_to_record(clip), mark], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()


class Records:
    """Outcomes by key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def get(self, key: str) -> Outcome | None:
        """The outcome, if there is one."""
        with self._opened() as connection:
            row = connection.execute("SELECT outcome FROM outcomes WHERE key = ?", (key,)).fetchone()
        return _outcome(json.loads(row[0])) if row else None

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep an outcome; it is on disk when this returns."""
        plain = {
            "clips": [clip_to_record(clip) for clip in outcome.clips],
            "excluded": [[one.clip_id, one.stage, one.reason, one.detail] for one in outcome.excluded],
        }
        text = json.dumps(plain, ensure_ascii=True, allow_nan=False)
        with self._opened() as connection, connection:
            connection.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", (key, text))

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._connection is None:
                self._connection = _connect(self.path)
            yield self._connection
        except sqlite3.Error as error:
            raise ValueError(f"{self.path} can't be used to keep outcomes: {error}") from error


def _outcome(plain: Any) -> Outcome:
    clips = tuple(clip_from_record(record) for record in plain["clips"])
    return Outcome(clips, tuple(Excluded(*one) for one in plain["excluded"]))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version != FORMAT and (version or tables):
            raise sqlite3.DatabaseError("it is another program's database")
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS outcomes (key TEXT PRIMARY KEY, outcome TEXT NOT NULL)"
            )
            connection.execute(f"PRAGMA user_version = {FORMAT}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
