"""What extractors said, in one SQLite file: on disk as soon as a clip is heard, whoever is killed afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from linernotes.clip import Fact
from linernotes.kept_file import KeptFile

FORMAT = 1

_TABLE = """
CREATE TABLE IF NOT EXISTS heard (
    extractor TEXT, clip TEXT, facts TEXT NOT NULL, error TEXT NOT NULL, warnings TEXT NOT NULL, seconds REAL,
    PRIMARY KEY (extractor, clip)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an extractor said of a clip: facts, or in `error` why there are none; `seconds` of CPU that it took."""

    facts: tuple[Fact, ...] = ()
    error: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


class Kept:
    """Answers by extractor and clip; any number of processes may have the file open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = KeptFile(path, FORMAT, (_TABLE,), "to keep annotations")

    def get(self, extractor: str, clip: str) -> Heard | None:
        """What the extractor said, if it was asked."""
        with self._file.opened() as connection:
            row = connection.execute(
                "SELECT facts, error, warnings, seconds FROM heard WHERE extractor = ? AND clip = ?",
                (extractor, clip),
            ).fetchone()
        if row is None:
            return None
        facts = tuple(Fact(**fact) for fact in json.loads(row[0]))
        return Heard(facts, row[1], tuple(json.loads(row[2])), row[3])

    def has(self, extractor: str, clip: str) -> bool:
        """Whether it was asked, whatever came of it."""
        with self._file.opened() as connection:
            found = connection.execute(
                "SELECT 1 FROM heard WHERE extractor = ? AND clip = ?", (extractor, clip)
            ).fetchone()
        return found is not None

    def put(self, extractor: str, clip: str, heard: Heard) -> None:
        """Keep an answer; it is on disk when this returns."""
        facts = json.dumps([asdict(fact) for fact in heard.facts], ensure_ascii=False, allow_nan=False)
        warnings = json.dumps(heard.warnings, ensure_ascii=False)
        row = (extractor, clip, facts, heard.error, warnings, heard.seconds)
        with self._file.opened() as connection, connection:
            connection.execute("INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?, ?, ?)", row)

    def forget_failures(self, extractors: Sequence[str]) -> int:
        """Let what failed be tried again; returns how many answers that were."""
        marks = ", ".join("?" * len(extractors))
        with self._file.opened() as connection, connection:
            deleted = connection.execute(
                f"DELETE FROM heard WHERE error != '' AND extractor IN ({marks})", tuple(extractors)
            )
            return int(deleted.rowcount)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        self._file.close()
