"""One more chance for a model whose answer was not the JSON that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from linernotes.llm import BadAnswerError, Completion, LanguageModel, Message, Schema

LONGEST_ANSWER_SHOWN = 4000


class Repairing:
    """`model`, shown its own answer and what is wrong with it, once."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

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
        """The first answer that fits, of two."""
        try:
            return self._model.complete(
                messages, schema=schema, temperature=temperature, max_tokens=max_tokens
            )
        except BadAnswerError as error:
            said = error.answer[:LONGEST_ANSWER_SHOWN] or "(nothing)"
            fault = f"{error}. Answer the same question again, with nothing but JSON that fits."
            again = [*messages, Message("assistant", said), Message("user", fault)]
            answer = self._model.complete(
                again, schema=schema, temperature=temperature, max_tokens=max_tokens
            )
            return replace(
                answer,
                tokens_in=_sum(answer.tokens_in, error.tokens_in),
                tokens_out=_sum(answer.tokens_out, error.tokens_out),
                repaired=True,
            )


def _sum(tokens: int | None, before: int) -> int | None:
    return None if tokens is None else tokens + before
