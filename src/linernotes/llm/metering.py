"""Count what is asked of a model, and stop before it costs more than allowed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from linernotes.llm import BudgetSpentError, Completion, LanguageModel, LanguageModelError, Message, Schema


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests sent, failed ones included, and the tokens that the backend counted."""

    calls: int
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in whatever currency a limit is in."""

    per_million_in: float = 0.0
    per_million_out: float = 0.0

    def of(self, usage: Usage) -> float:
        """What `usage` cost."""
        return (usage.tokens_in * self.per_million_in + usage.tokens_out * self.per_million_out) / 1e6


NOTHING = Usage(0, 0, 0)


class Meter:
    """Counts over any number of models and threads, with limits on calls, tokens (both ways together) and cost.

    Calls are counted before they are made, so that limit is exact. Tokens are known after the answer: calls in
    flight when the limit is reached are still paid. `spent` before, by a run that was cut off, counts toward the
    limits on tokens and cost, and is not in `usage`.
    """

    def __init__(
        self,
        max_calls: int | None = None,
        max_tokens: int | None = None,
        *,
        price: Price | None = None,
        max_cost: float | None = None,
        spent: Usage = NOTHING,
    ) -> None:
        self._max_calls = max_calls
        self._max_tokens = max_tokens
        self._price = price or Price()
        self._max_cost = max_cost
        self._spent = spent
        self._lock = threading.Lock()
        self._usage = NOTHING

    @property
    def usage(self) -> Usage:
        """So far."""
        return self._usage

    def begin(self) -> None:
        """Count a call.

        Raises:
            BudgetSpentError: it may not be made.
        """
        with self._lock:
            used = self._usage
            if self._max_calls is not None and used.calls >= self._max_calls:
                raise BudgetSpentError(f"the limit of {self._max_calls} calls is reached")
            paid = Usage(0, used.tokens_in + self._spent.tokens_in, used.tokens_out + self._spent.tokens_out)
            if self._max_tokens is not None and paid.tokens_in + paid.tokens_out >= self._max_tokens:
                raise BudgetSpentError(f"the limit of {self._max_tokens} tokens is reached")
            if self._max_cost is not None and self._price.of(paid) >= self._max_cost:
                raise BudgetSpentError(f"the limit of {self._max_cost:g} on the cost is reached")
            self._usage = Usage(used.calls + 1, used.tokens_in, used.tokens_out)

    def end(self, paid: Completion | LanguageModelError) -> None:
        """Count the tokens of an answer, or of one that could not be used."""
        with self._lock:
            used = self._usage
            self._usage = Usage(
                used.calls,
                used.tokens_in + (paid.tokens_in or 0),
                used.tokens_out + (paid.tokens_out or 0),
            )


class Metered:
    """`model`, every call counted by `meter`; stands beneath retries and cache, where calls are paid."""

    def __init__(self, model: LanguageModel, meter: Meter) -> None:
        self._model = model
        self._meter = meter

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
        """The model's answer, while the budget lasts."""
        self._meter.begin()
        try:
            completion = self._model.complete(
                messages, schema=schema, temperature=temperature, max_tokens=max_tokens
            )
        except LanguageModelError as error:
            self._meter.end(error)
            raise
        self._meter.end(completion)
        return completion
