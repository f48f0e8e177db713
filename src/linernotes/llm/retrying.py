"""Try again when trying again can help, and never faster than allowed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from linernotes.llm import Completion, LanguageModel, LanguageModelError, Message, RateLimitedError, Schema


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently.

    Waits double from `first_wait_s` up to `longest_wait_s`; each is drawn from its upper half at random, so that
    clients that failed together do not come back together. A server's own Retry-After is kept to when it is
    longer, unless it is over `longest_retry_after_s`: then the error is the answer.
    """

    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    longest_retry_after_s: float = 300.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"at least one attempt is needed, not {self.attempts}")

    def wait_s(self, attempt: int, error: LanguageModelError, drawn: float) -> float | None:
        """Seconds to wait after failed attempt number `attempt` (from 1); None to give up.

        `drawn` is uniform in 0..1.
        """
        if not error.passes or attempt >= self.attempts:
            return None
        backoff_s = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (attempt - 1)) * (0.5 + drawn / 2)
        asked_s = error.retry_after_s if isinstance(error, RateLimitedError) else None
        if asked_s is None:
            return backoff_s
        return None if asked_s > self.longest_retry_after_s else max(asked_s, backoff_s)


class Pace:
    """A gate that callers pass one by one, `calls_per_minute` apart; a rate limit closes it for all of them."""

    def __init__(
        self,
        calls_per_minute: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if calls_per_minute is not None and not calls_per_minute > 0:
            raise ValueError(f"calls per minute must be above 0, not {calls_per_minute}")
        self._between_s = 60.0 / calls_per_minute if calls_per_minute else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_s = clock()

    def wait(self) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now_s = self._clock()
            turn_s = max(now_s, self._next_s)
            self._next_s = turn_s + self._between_s
        if turn_s > now_s:
            self._sleep(turn_s - now_s)

    def hold(self, seconds: float) -> None:
        """Let nobody else pass for so long."""
        with self._lock:
            self._next_s = max(self._next_s, self._clock() + seconds)


class Retrying:
    """`model`, asked again by `policy` after errors that pass, at the pace of `pace`."""

    def __init__(
        self,
        model: LanguageModel,
        policy: RetryPolicy | None = None,
        *,
        pace: Pace | None = None,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._model = model
        self._policy = policy or RetryPolicy()
        self._pace = pace or Pace(sleep=sleep)
        self._sleep = sleep
        self._draw = draw

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
        """The first answer that comes, or the last attempt's error."""
        attempt = 1
        while True:
            self._pace.wait()
            try:
                return self._model.complete(
                    messages, schema=schema, temperature=temperature, max_tokens=max_tokens
                )
            except LanguageModelError as error:
                wait_s = self._policy.wait_s(attempt, error, self._draw())
                if wait_s is None:
                    raise
                if isinstance(error, RateLimitedError):
                    self._pace.hold(wait_s)
            self._sleep(wait_s)
            attempt += 1
