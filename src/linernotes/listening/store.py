"""A listening test on disk: what is asked, who was asked what, and every answer as it came, in one SQLite file.

An answer is on disk when `save_answer` returns. Answers are only ever added; of several to one question the last
counts.
"""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linernotes.listening import LONGEST_NAME, Choice, Outcome, Settings, Side, outcome
from linernotes.listening.assignment import Heard, Pair, human_side, next_pair
from linernotes.listening.schema import AUDIO_FOLDER, FILE_NAME, folded, open_file

PENDING_FOR = timedelta(hours=1)
"""How long a question that was given out but not answered counts as one that will be."""

_PAIRS = """
SELECT question, clip, method, count(rated.task) FROM questions LEFT JOIN (
    SELECT task, question FROM tasks WHERE given > ? OR task IN (SELECT task FROM answers)
) AS rated USING (question) GROUP BY question
"""

_VERDICTS = """
SELECT rater, raters.shown, clip_id, method, aspect, choice, human_side, place, listened_s, at
FROM answers JOIN tasks USING (task) JOIN questions USING (question) JOIN clips USING (clip)
JOIN raters USING (rater)
WHERE answer IN (SELECT max(answer) FROM answers GROUP BY task, aspect) ORDER BY answer
"""


@dataclass(frozen=True, slots=True)
class Task:
    """What a rater is given: two texts in their places, and what was answered so far (aspect -> choice)."""

    task: str
    place: int
    is_last: bool
    """Of those given out so far."""
    a: str
    b: str
    duration_s: float
    answers: Mapping[str, Choice]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rater's answer to one question about one pair."""

    rater: int
    rater_name: str
    clip_id: str
    method: str
    aspect: str
    choice: Choice
    human_side: Side
    place: int
    listened_s: float
    at: str

    @property
    def outcome(self) -> Outcome:
        """What it means for the method."""
        return outcome(self.choice, self.human_side)


class BadNameError(ValueError):
    """A name under which nobody can be known."""


class TestStore:
    """An open test, for any number of threads; several processes may have the same one open."""

    __test__ = False  # pytest would collect it by its name

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._connection = open_file(folder)
        with self._opened() as connection:
            row = connection.execute("SELECT json FROM settings").fetchone()
            self._clips = int(connection.execute("SELECT count(*) FROM clips").fetchone()[0])
        data = json.loads(row[0])
        self.settings = Settings(**{**data, "methods": tuple(data["methods"])})

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def join(self, name: str) -> str | None:
        """Let somebody in by name or code: the token of a new session, or None where the code is unknown.

        Raises:
            BadNameError: the name is empty or too long.
        """
        shown = " ".join(name.split())
        if not folded(shown) or len(shown) > LONGEST_NAME or not shown.isprintable():
            raise BadNameError(f"A name has 1 to {LONGEST_NAME} characters.")
        token = secrets.token_urlsafe(24)
        with self._writing() as connection:
            if not self.settings.closed:
                connection.execute(
                    "INSERT OR IGNORE INTO raters (name, shown) VALUES (?, ?)", (folded(shown), shown)
                )
            row = connection.execute("SELECT rater FROM raters WHERE name = ?", (folded(shown),)).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE raters SET joined = coalesce(joined, ?) WHERE rater = ?", (_now(), *row)
            )
            connection.execute("INSERT INTO sessions VALUES (?, ?)", (token, *row))
        return token

    def is_known(self, name: str) -> bool:
        """Whether somebody has come under this name before."""
        with self._opened() as connection:
            found = connection.execute(
                "SELECT 1 FROM raters WHERE name = ? AND joined IS NOT NULL", (folded(name),)
            ).fetchone()
        return found is not None

    def rater_of(self, token: str) -> int | None:
        """Whose session it is."""
        with self._opened() as connection:
            row = connection.execute("SELECT rater FROM sessions WHERE token = ?", (token,)).fetchone()
        return None if row is None else int(row[0])

    def name_of(self, rater: int) -> str:
        """As it was typed when the rater first came."""
        with self._opened() as connection:
            return str(connection.execute("SELECT shown FROM raters WHERE rater = ?", (rater,)).fetchone()[0])

    def end_session(self, token: str) -> None:
        """Forget a session; the rater's answers stay."""
        with self._writing() as connection:
            connection.execute("DELETE FROM sessions WHERE token = ?", (token,))

    @property
    def asked(self) -> int:
        """How many questions every rater is asked in all."""
        return min(self.settings.per_rater, self._clips)

    def task_at(self, rater: int, place: int) -> Task | None:
        """What the rater was given at a place (from 1)."""
        with self._opened() as connection:
            return _task(connection, rater, place)

    def current_task(self, rater: int, aspects: int) -> Task | None:
        """The first task without answers to all `aspects`, given out now if there is none; None at the end."""
        with self._writing() as connection:
            row = connection.execute(
                "SELECT min(place) FROM tasks WHERE rater = ? AND (SELECT count(DISTINCT aspect) FROM answers"
                " WHERE answers.task = tasks.task) < ?",
                (rater, aspects),
            ).fetchone()
            place = row[0] if row[0] is not None else self._give(connection, rater)
            return None if place is None else _task(connection, rater, place)

    def _give(self, connection: sqlite3.Connection, rater: int) -> int | None:
        """Give the rater a new task; returns its place."""
        rows = connection.execute(
            "SELECT clip, method, human_side FROM tasks JOIN questions USING (question) WHERE rater = ?"
            " ORDER BY place",
            (rater,),
        ).fetchall()
        heard = [Heard(*row) for row in rows]
        place = len(heard) + 1
        rng = random.Random(f"{self.settings.seed} {rater} {place}")
        since = (datetime.now(UTC) - PENDING_FOR).isoformat(timespec="seconds")
        pairs = [Pair(*row) for row in connection.execute(_PAIRS, (since,))]
        rng.shuffle(pairs)
        pair = next_pair(
            pairs, heard, per_rater=self.settings.per_rater, ratings=self.settings.ratings, rng=rng
        )
        if pair is None:
            return None
        lead = connection.execute(
            "SELECT coalesce(sum(CASE human_side WHEN 'a' THEN 1 ELSE -1 END), 0) FROM tasks"
            " JOIN questions USING (question) WHERE method = ?",
            (pair.method,),
        ).fetchone()[0]
        row = (secrets.token_urlsafe(12), rater, place, pair.question, human_side(heard, lead, rng), _now())
        connection.execute("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?)", row)
        return place

    def save_answer(self, rater: int, task: str, aspect: str, choice: Choice, listened_s: float) -> bool:
        """Keep an answer; False where the task isn't one of this rater's."""
        with self._writing() as connection:
            mine = connection.execute(
                "SELECT 1 FROM tasks WHERE task = ? AND rater = ?", (task, rater)
            ).fetchone()
            if mine is None:
                return False
            row = (task, aspect, choice, listened_s, _now())
            connection.execute(
                "INSERT INTO answers (task, aspect, choice, listened_s, at) VALUES (?, ?, ?, ?, ?)", row
            )
        return True

    def audio_of(self, rater: int, task: str) -> Path | None:
        """The sound file of one of the rater's tasks."""
        with self._opened() as connection:
            row = connection.execute(
                "SELECT audio FROM tasks JOIN questions USING (question) JOIN clips USING (clip)"
                " WHERE task = ? AND rater = ?",
                (task, rater),
            ).fetchone()
        return None if row is None else self.folder / AUDIO_FOLDER / row[0]

    def verdicts(self) -> list[Verdict]:
        """The answers that count, in the order in which they came."""
        with self._opened() as connection:
            return [Verdict(*row) for row in connection.execute(_VERDICTS)]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time.

        Raises:
            ValueError: the file is damaged, or can't be read or written.
        """
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise ValueError(f"{self.folder / FILE_NAME} can't be used: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock first, so that what it read still holds when it writes."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection


def _task(connection: sqlite3.Connection, rater: int, place: int) -> Task | None:
    row = connection.execute(
        "SELECT task, place = (SELECT max(place) FROM tasks WHERE rater = ?), human_side, human, caption,"
        " duration_s FROM tasks JOIN questions USING (question) JOIN clips USING (clip)"
        " WHERE rater = ? AND place = ?",
        (rater, rater, place),
    ).fetchone()
    if row is None:
        return None
    task, is_last, side, human, caption, duration_s = row
    a, b = (human, caption) if side == "a" else (caption, human)
    answers = connection.execute("SELECT aspect, choice FROM answers WHERE task = ? ORDER BY answer", (task,))
    return Task(task, place, bool(is_last), a, b, duration_s, dict(answers))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
