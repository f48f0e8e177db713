"""Many requests at once: results in input order, failures beside them, no hammering of a server that is gone."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Generic, TypeVar

from linernotes.llm import LanguageModelError

Item = TypeVar("Item")
Value = TypeVar("Value")

FAILURES_IN_A_ROW = 20
GRACE_S = 10.0
AHEAD = 4
"""Requests waiting per worker: enough that a slow one holds nobody up for long, few in memory."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[Item, Value]):
    """What became of one item: a value, or the error that stood in its way."""

    item: Item
    value: Value | None
    error: LanguageModelError | None


def ask_all(
    ask: Callable[[Item], Value],
    items: Iterable[Item],
    *,
    jobs: int = 1,
    failures_in_a_row: int = FAILURES_IN_A_ROW,
) -> Iterator[Asked[Item, Value]]:
    """Yield what became of every item, in order, with `jobs` requests in flight.

    Only a `LanguageModelError` becomes a result. When the caller stops (Ctrl-C, too), nothing new is asked and
    nothing is waited for, since a server may be silent for minutes.

    Raises:
        LanguageModelError: it is hopeless (wrong key, budget spent), or the last of `failures_in_a_row` that
            usually pass (the server is gone): the rest would fare no better, and a later run can go on from
            the cache.
    """
    if jobs < 1:
        raise ValueError(f"at least one job is needed, not {jobs}")
    crew = _Crew(ask, jobs)
    source = iter(items)
    failed = 0
    try:
        for item in islice(source, AHEAD * jobs):
            crew.add(item)
        while crew.waiting:
            asked = crew.next()
            failed = failed + 1 if asked.error and asked.error.passes else 0
            if asked.error and (asked.error.hopeless or failed >= failures_in_a_row):
                crew.finish(GRACE_S)
                raise asked.error
            for item in islice(source, 1):
                crew.add(item)
            yield asked
    finally:
        crew.finish(0.0)


class _Crew(Generic[Item, Value]):
    """Threads that ask. Daemons, unlike an executor's: a program that ends need not wait for a silent server."""

    def __init__(self, ask: Callable[[Item], Value], jobs: int) -> None:
        self._ask = ask
        self._orders: SimpleQueue[tuple[Item, Future[Asked[Item, Value]]] | None] = SimpleQueue()
        self.waiting: deque[Future[Asked[Item, Value]]] = deque()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(jobs)]
        for thread in self._threads:
            thread.start()

    def add(self, item: Item) -> None:
        future: Future[Asked[Item, Value]] = Future()
        self.waiting.append(future)
        self._orders.put((item, future))

    def next(self) -> Asked[Item, Value]:
        """The oldest item's result, when it is there."""
        return self.waiting.popleft().result()

    def finish(self, grace_s: float) -> None:
        """Start nothing more; give what is in flight, and paid, `grace_s` to reach a cache."""
        while self.waiting:
            self.waiting.popleft().cancel()
        for _ in self._threads:
            self._orders.put(None)
        ends_s = time.monotonic() + grace_s
        for thread in self._threads:
            thread.join(max(0.0, ends_s - time.monotonic()))

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            item, future = order
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(_attempt(self._ask, item))
            except BaseException as error:  # ours: handed to whoever waits for the result, and raised there
                future.set_exception(error)


def _attempt(ask: Callable[[Item], Value], item: Item) -> Asked[Item, Value]:
    try:
        return Asked(item, ask(item), None)
    except LanguageModelError as error:
        return Asked(item, None, error)
