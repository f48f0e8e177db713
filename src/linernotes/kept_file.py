"""An SQLite file that keeps results one by one, so that nothing is done or paid for twice after `kill -9`."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_S = 60.0
"""How long one process waits for another that writes."""


class KeptFile:
    """One file with tables of ours, for any number of threads and processes; opened when it is first used.

    `version` is the file's `user_version`, which keeps us from writing into somebody else's database, and `tables`
    are CREATE statements that do nothing where a table stands already.
    """

    def __init__(self, path: Path, version: int, tables: tuple[str, ...], purpose: str) -> None:
        self.path, self.version, self.tables, self.purpose = path, version, tables, purpose
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time; `with connection` makes a transaction of what follows.

        Raises:
            ValueError: the file is none of ours, or can't be read or written.
        """
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                yield self._connection
            except sqlite3.Error as error:
                raise ValueError(f"{self.path} can't be used {self.purpose}: {error}") from error

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_S, check_same_thread=False)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if version != self.version and (version or tables):
                raise sqlite3.DatabaseError("it is another program's database")
            with connection:
                for table in self.tables:
                    connection.execute(table)
                connection.execute(f"PRAGMA user_version = {self.version}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection
