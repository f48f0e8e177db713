"""What every stage made of every item, in one SQLite file: on disk as soon as it is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linernotes.clip import Clip
from linernotes.kept_file import KeptFile
from linernotes.manifest import clip_from_record, clip_to_record

FORMAT = 2
"""Of the file (`annotate` keeps another kind, numbered 1)."""
_TABLE = "CREATE TABLE IF NOT EXISTS outcomes (key TEXT PRIMARY KEY, outcome TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class Excluded:
    """An item that goes no further: where, why in a word or two that can be counted, and the details."""

    clip_id: str
    stage: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage makes of one item: items for the next stage, and those that go no further.

    `file_bytes` are the sizes of the files that it speaks of, by path: a file of another size is another's.
    """

    clips: tuple[Clip, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    file_bytes: Mapping[str, int] = field(default_factory=dict)


def key_of(stage: str, identity: str, clip: Clip, mark: str = "") -> str:
    """What an outcome is kept under: another maker, item or file is another outcome."""
    told = json.dumps([stage, identity, clip_to_record(clip), mark], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()


class Records:
    """Outcomes by key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = KeptFile(path, FORMAT, (_TABLE,), "to keep outcomes")

    def get(self, key: str) -> Outcome | None:
        """The outcome, if there is one."""
        with self._file.opened() as connection:
            row = connection.execute("SELECT outcome FROM outcomes WHERE key = ?", (key,)).fetchone()
        return _outcome(json.loads(row[0])) if row else None

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep an outcome; it is on disk when this returns."""
        plain = {
            "clips": [clip_to_record(clip) for clip in outcome.clips],
            "excluded": [[one.clip_id, one.stage, one.reason, one.detail] for one in outcome.excluded],
            "file_bytes": dict(outcome.file_bytes),
        }
        text = json.dumps(plain, ensure_ascii=True, allow_nan=False)
        with self._file.opened() as connection, connection:
            connection.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", (key, text))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _outcome(plain: Any) -> Outcome:
    clips = tuple(clip_from_record(record) for record in plain["clips"])
    excluded = tuple(Excluded(*one) for one in plain["excluded"])
    return Outcome(clips, excluded, plain.get("file_bytes", {}))
