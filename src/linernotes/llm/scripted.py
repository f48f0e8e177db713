"""A language model that says what it was told to: for tests, and for trying a command without a model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linernotes.llm import Completion, LanguageModelError, Message, RefusedError, Schema
from linernotes.llm.json_answers import parse_answer

Answer = str | LanguageModelError
"""What a script says next; an error is raised."""


class Scripted:
    """Answers from a list, each once and in order, or from a function of the messages."""

    def __init__(
        self, answers: Iterable[Answer] | Callable[[Sequence[Message]], Answer], name: str = "scripted"
    ) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._answer = answers if callable(answers) else _in_turn(iter(answers))

    @property
    def name(self) -> str:
        """`scripted`, or what the script was called."""
        return self._name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = 512,
    ) -> Completion:
        """The script's next answer, checked like any other."""
        with self._lock:
            answer = self._answer(messages)
        if isinstance(answer, LanguageModelError):
            raise answer
        data = None if schema is None else parse_answer(answer, schema)
        return Completion(answer, self._name, data)


def _in_turn(answers: Iterator[Answer]) -> Callable[[Sequence[Message]], Answer]:
    return lambda _: next(answers, RefusedError("the script has no more answers"))


@dataclass(frozen=True, slots=True)
class _Rule:
    when: str
    answer: str


def load_scripted(path: Path) -> Scripted:
    """Read a script: JSON Lines of `{"when": "...", "answer": ...}`.

    The first line whose `when` stands in what the user says answers, however often; a line without `when` answers
    everything that comes to it. An `answer` that is no string is given as JSON.

    Raises:
        ValueError: a line is something else.
    """
    lines = path.read_text("utf-8").split("\n")
    rules = [_rule(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rules:
        raise ValueError(f"{path} holds no answers")

    def answer(messages: Sequence[Message]) -> Answer:
        asked = "\n".join(message.content for message in messages if message.role == "user")
        found = (rule.answer for rule in rules if rule.when in asked)
        return next(found, RefusedError(f"no line of the script {path} answers this"))

    return Scripted(answer, name=f"scripted:{path}")


def _rule(path: Path, number: int, line: str) -> _Rule:
    try:
        data: Any = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{path} line {number}: not JSON: {error}") from error
    if not isinstance(data, dict) or "answer" not in data or set(data) - {"when", "answer"}:
        raise ValueError(f'{path} line {number}: needs {{"when": "...", "answer": ...}}')
    answer = data["answer"]
    return _Rule(str(data.get("when", "")), answer if isinstance(answer, str) else json.dumps(answer))
