"""Answers kept in one SQLite file: what was paid for once is not paid for again, also after `kill -9`."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from linernotes.kept_file import KeptFile
from linernotes.llm import (
    BadAnswerError,
    Completion,
    LanguageModel,
    LanguageModelError,
    Message,
    RefusedError,
    Schema,
    TruncatedError,
)
from linernotes.llm.json_answers import parse_answer
from linernotes.llm.metering import Usage

FORMAT = 1

_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, model TEXT NOT NULL,
    tokens_in INTEGER, tokens_out INTEGER, written TEXT NOT NULL
) WITHOUT ROWID
"""
_FAILURES = """
CREATE TABLE IF NOT EXISTS failures (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, message TEXT NOT NULL, answer TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, written TEXT NOT NULL
) WITHOUT ROWID
"""
_LASTING: Mapping[str, type[LanguageModelError]] = {
    error.__name__: error for error in (BadAnswerError, RefusedError, TruncatedError)
}
"""Failures that the same request would meet again, and for which an answer was paid."""


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that an answer depends on."""

    model: str
    messages: tuple[Message, ...]
    schema: Schema | None
    temperature: float | None
    max_tokens: int

    @property
    def key(self) -> str:
        """SHA-256 of it all; words alone are hashed as they were before messages could hold sounds."""
        told = asdict(self)
        for message in told["messages"]:
            if not message["sounds"]:
                del message["sounds"]
        text = json.dumps(told, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


class AnswerCache:
    """Answers by request key; one file, any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = KeptFile(path, FORMAT, (_TABLE, _FAILURES), "as an answer cache")

    def get(self, key: str) -> Completion | None:
        """The answer under `key`, if it was paid for before."""
        with self._file.opened() as connection:
            row = connection.execute(
                "SELECT text, model, tokens_in, tokens_out, written FROM answers WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        text, model, tokens_in, tokens_out, written = row
        return Completion(text, model, None, tokens_in, tokens_out, from_cache=True, written=written)

    def put(self, key: str, completion: Completion) -> str:
        """Keep an answer; it is on disk when this returns. Returns the time that it is kept under."""
        now = _now()
        row = (key, completion.text, completion.model, completion.tokens_in, completion.tokens_out, now)
        with self._file.opened() as connection, connection:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", row)
        return now

    def failure(self, key: str) -> LanguageModelError | None:
        """The failure kept under `key`, as it was raised."""
        with self._file.opened() as connection:
            row = connection.execute(
                "SELECT kind, message, answer, tokens_in, tokens_out FROM failures WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        kind, message, answer, tokens_in, tokens_out = row
        error = BadAnswerError(message, answer) if kind == "BadAnswerError" else _LASTING[kind](message)
        error.tokens_in, error.tokens_out = tokens_in, tokens_out
        return error

    def put_failure(self, key: str, error: LanguageModelError) -> None:
        """Keep a failure that the same request would meet again; others (a server's) are passed over."""
        kind = type(error).__name__
        if kind not in _LASTING:
            return
        answer = error.answer if isinstance(error, BadAnswerError) else ""
        row = (key, kind, str(error), answer, error.tokens_in, error.tokens_out, _now())
        with self._file.opened() as connection, connection:
            connection.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def forget_failures(self) -> int:
        """Let what failed be asked again; returns how many failures that were."""
        with self._file.opened() as connection, connection:
            return int(connection.execute("DELETE FROM failures").rowcount)

    def spent(self) -> Usage:
        """What the answers and failures in the file have cost, as far as the backend counted."""
        parts = (
            "SELECT tokens_in, tokens_out FROM answers UNION ALL SELECT tokens_in, tokens_out FROM failures"
        )
        with self._file.opened() as connection:
            row = connection.execute(
                f"SELECT count(*), total(tokens_in), total(tokens_out) FROM ({parts})"
            ).fetchone()
        return Usage(*(int(value) for value in row))

    def __len__(self) -> int:
        with self._file.opened() as connection:
            return int(connection.execute("SELECT count(*) FROM answers").fetchone()[0])

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        self._file.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class Cached:
    """`model` behind a cache.

    Errors are not kept: a later run asks again for what failed, and only for that. With `keep_failures`, those
    that were paid and would come again are kept too, and raised without a request.
    """

    def __init__(self, model: LanguageModel, cache: AnswerCache, *, keep_failures: bool = False) -> None:
        self._model = model
        self._cache = cache
        self._keeps_failures = keep_failures
        self._guard = threading.Lock()
        self._asking: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @property
    def name(self) -> str:
        """The model's own."""
        return self._model.name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = 512,
    ) -> Completion:
        """The kept answer, or the model's, then kept; two threads with the same request ask once."""
        key = Request(self.name, tuple(messages), schema, temperature, max_tokens).key
        with self._turn(key):
            kept = self._cache.get(key)
            if kept is not None:
                return kept if schema is None else replace(kept, data=parse_answer(kept.text, schema))
            if self._keeps_failures and (failure := self._cache.failure(key)) is not None:
                raise failure
            try:
                completion = self._model.complete(
                    messages, schema=schema, temperature=temperature, max_tokens=max_tokens
                )
            except LanguageModelError as error:
                if self._keeps_failures:
                    self._cache.put_failure(key, error)
                raise
            return replace(completion, written=self._cache.put(key, completion))

    @contextmanager
    def _turn(self, key: str) -> Iterator[None]:
        with self._guard:
            turn = self._asking[key]
        try:
            with turn:
                yield
        finally:
            with self._guard:
                self._asking.pop(key, None)
