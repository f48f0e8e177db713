"""Ask no more once asking is of no use: the key was refused, or the server is gone."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from linernotes.llm import Completion, LanguageModel, LanguageModelError, Message, Schema

NOT_ASKED = "it was not asked any more"
"""How the message of every `NotAskedError` begins."""
FAILURES_IN_A_ROW = 2
"""Each after all its attempts: one may be the fault of its question, with two the server is taken for gone."""


class NotAskedError(LanguageModelError):
    """An earlier question showed that no other will be answered."""

    hopeless = True


class GivingUp:
    """`model`, until a hopeless error or `failures_in_a_row` that usually pass; then every question fails at once.

    It belongs above the retries, where an error means that all attempts failed, and below a cache, whose answers
    are of use whatever became of the server.
    """

    def __init__(self, model: LanguageModel, failures_in_a_row: int = FAILURES_IN_A_ROW) -> None:
        if failures_in_a_row < 1:
            raise ValueError(f"at least one failure is needed to give up, not {failures_in_a_row}")
        self._model = model
        self._most = failures_in_a_row
        self._failed = 0
        self._why = ""
        self._lock = threading.Lock()

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
        """The model's answer.

        Raises:
            NotAskedError: it has been given up; the message says why.
        """
        if self._why:
            raise NotAskedError(f"{NOT_ASKED}: {self._why}")
        try:
            answer = self._model.complete(
                messages, schema=schema, temperature=temperature, max_tokens=max_tokens
            )
        except LanguageModelError as error:
            self._note(error)
            raise
        self._note(None)
        return answer

    def _note(self, error: LanguageModelError | None) -> None:
        with self._lock:
            self._failed = self._failed + 1 if error is not None and error.passes else 0
            if error is not None and (error.hopeless or self._failed >= self._most):
                self._why = str(error)
