"""Many requests at once: results in input order, failures beside them, no hammering of a server that is gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from linernotes.llm import LanguageModelError

Item = TypeVar("Item")
Value = TypeVar("Value")

FAILURES_IN_A_ROW = 20
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

    Only a `LanguageModelError` becomes a result. When the caller stops (Ctrl-C, too), nothing new is asked;
    what is in flight is waited for, since it is paid and may still reach a cache.

    Raises:
        LanguageModelError: it is hopeless (wrong key, budget spent), or the last of `failures_in_a_row` that
            usually pass (the server is gone): the rest would fare no better, and a later run can go on from
            the cache.
    """
    if jobs < 1:
        raise ValueError(f"at least one job is needed, not {jobs}")
    waiting: deque[Future[Asked[Item, Value]]] = deque()
    source = iter(items)
    failed = 0
    with ThreadPoolExecutor(jobs, thread_name_prefix="ask") as pool:
        try:
            waiting.extend(pool.submit(_attempt, ask, item) for item in islice(source, AHEAD * jobs))
            while waiting:
                asked = waiting.popleft().result()
                failed = failed + 1 if asked.error and asked.error.passes else 0
                if asked.error and (asked.error.hopeless or failed >= failures_in_a_row):
                    raise asked.error
                waiting.extend(pool.submit(_attempt, ask, item) for item in islice(source, 1))
                yield asked
        finally:
            for future in waiting:
                future.cancel()


def _attempt(ask: Callable[[Item], Value], item: Item) -> Asked[Item, Value]:
    try:
        return Asked(item, ask(item), None)
    except LanguageModelError as error:
        return Asked(item, None, error)
