"""The file of a listening test: its tables, how it is made and how it is opened."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from linernotes.listening import Settings

FILE_NAME = "test.sqlite"
AUDIO_FOLDER = "audio"
FORMAT = 1
APPLICATION = 0x4C4E4C54
"""SQLite's application_id of our files, so that nothing is written into somebody else's database."""
BUSY_S = 60.0
"""How long one process waits for another that writes."""

_TABLES = (
    "CREATE TABLE settings (json TEXT NOT NULL)",
    "CREATE TABLE clips (clip INTEGER PRIMARY KEY, clip_id TEXT NOT NULL UNIQUE, audio TEXT NOT NULL,"
    " duration_s REAL NOT NULL, human TEXT NOT NULL)",
    "CREATE TABLE questions (question INTEGER PRIMARY KEY, clip INTEGER NOT NULL REFERENCES clips,"
    " method TEXT NOT NULL, caption TEXT NOT NULL, UNIQUE (clip, method))",
    "CREATE TABLE raters (rater INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, shown TEXT NOT NULL, joined TEXT)",
    "CREATE TABLE sessions (token TEXT PRIMARY KEY, rater INTEGER NOT NULL REFERENCES raters) WITHOUT ROWID",
    "CREATE TABLE tasks (task TEXT PRIMARY KEY, rater INTEGER NOT NULL REFERENCES raters, place INTEGER NOT NULL,"
    " question INTEGER NOT NULL REFERENCES questions, human_side TEXT NOT NULL CHECK (human_side IN ('a', 'b')),"
    " given TEXT NOT NULL, UNIQUE (rater, place), UNIQUE (rater, question))",
    "CREATE TABLE answers (answer INTEGER PRIMARY KEY, task TEXT NOT NULL REFERENCES tasks, aspect TEXT NOT NULL,"
    " choice TEXT NOT NULL CHECK (choice IN ('a', 'b', 'tie')), listened_s REAL NOT NULL, at TEXT NOT NULL)",
    "CREATE INDEX answers_of_tasks ON answers (task, aspect)",
)


@dataclass(frozen=True, slots=True)
class ClipToHear:
    """A clip of the test: its file in the audio folder and the person's caption."""

    clip_id: str
    audio: str
    duration_s: float
    human: str
    captions: Mapping[str, str]
    """Method -> its caption; a method whose caption is the person's is left out."""


def folded(name: str) -> str:
    """The form of a name or code by which a rater is known again: case and spaces don't matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def create_store(path: Path, settings: Settings, clips: Iterable[ClipToHear], codes: Iterable[str]) -> None:
    """Write a new test to `path`, which must not exist."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            for table in _TABLES:
                connection.execute(table)
            connection.execute("INSERT INTO settings VALUES (?)", (json.dumps(asdict(settings)),))
            for number, clip in enumerate(clips, 1):
                row = (number, clip.clip_id, clip.audio, clip.duration_s, clip.human)
                connection.execute("INSERT INTO clips VALUES (?, ?, ?, ?, ?)", row)
                connection.executemany(
                    "INSERT INTO questions (clip, method, caption) VALUES (?, ?, ?)",
                    [(number, method, caption) for method, caption in clip.captions.items()],
                )
            connection.executemany(
                "INSERT INTO raters (name, shown) VALUES (?, ?)", [(folded(code), code) for code in codes]
            )
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
    finally:
        connection.close()


def open_file(folder: Path) -> sqlite3.Connection:
    """The connection to the test in `folder`.

    Raises:
        ValueError: there is none, or the file is something else.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise ValueError(f"{folder} holds no listening test; `linernotes listening-test new` makes one")
    connection = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False, isolation_level=None)
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise ValueError(f"{path} is no listening test of linernotes")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != FORMAT:
            raise ValueError(f"{path} is of format {version}; this linernotes reads format {FORMAT}")
        connection.execute(
            "PRAGMA synchronous = FULL"
        )  # an answer that was acknowledged survives a power cut
    except sqlite3.Error as error:
        connection.close()
        raise ValueError(f"{path} is no listening test of linernotes: {error}") from error
    except ValueError:
        connection.close()
        raise
    return connection
