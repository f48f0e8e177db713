"""Do one thing to many items: in input order, in several processes, one failure costing one item."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")

CRASHED = "the process that worked on it died (out of memory, or a crash in a decoder); try it alone"


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item, Value]):
    """What became of one item: a value, or the one-line reason why there is none."""

    item: Item
    value: Value | None
    error: str | None


def map_in_order(
    work: Callable[[Item], Value], items: Sequence[Item], *, jobs: int = 1
) -> Iterator[Outcome[Item, Value]]:
    """Yield the outcome of `work` for every item, in the order of `items`.

    With `jobs` above 1 the work is done in that many fresh processes (so `work` must be picklable). Errors of
    the user's making (`ValueError`, `OSError`, `ImportError`, `MemoryError`) become outcomes; a process that
    dies takes down only the item that killed it.
    """
    if jobs <= 1 or len(items) <= 1:
        for item in items:
            yield _attempt(work, item)
        return
    waiting = list(items)
    while waiting:
        done = 0
        for outcome in _one_pool(work, waiting, jobs):
            done += 1
            yield outcome
        waiting = waiting[done:]
        if waiting:  # the pool broke: the next item in line may be the culprit, so it runs alone
            yield from _alone(work, waiting[0])
            waiting = waiting[1:]


def _attempt(work: Callable[[Item], Value], item: Item) -> Outcome[Item, Value]:
    try:
        return Outcome(item, work(item), None)
    except (ValueError, OSError, ImportError, MemoryError) as error:
        return Outcome(item, None, " ".join(str(error).split()) or type(error).__name__)


def _pool(jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_follow_parent, initargs=(os.getpid(),))


def _follow_parent(parent: int) -> None:
    """Leave Ctrl-C to the parent, and die with it: a killed parent can't tell its workers to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _stop_now(pool: ProcessPoolExecutor) -> None:
    """End the workers in the middle of their work; what they were writing is written whole or not at all."""
    for process in multiprocessing.active_children():
        process.terminate()
    pool.shutdown(wait=False, cancel_futures=True)


def _one_pool(
    work: Callable[[Item], Value], items: Sequence[Item], jobs: int
) -> Iterator[Outcome[Item, Value]]:
    """Outcomes in order until the items or the pool give out; at most a few results wait in memory."""
    with _pool(min(jobs, len(items))) as pool:
        ahead: list[Future[Outcome[Item, Value]]] = []
        position = 0
        try:
            while position < len(items) or ahead:
                while position < len(items) and len(ahead) < 4 * jobs:
                    ahead.append(pool.submit(_attempt, work, items[position]))
                    position += 1
                yield ahead[0].result()
                ahead.pop(0)
        except BrokenProcessPool:
            return
        except (KeyboardInterrupt, GeneratorExit):
            _stop_now(pool)
            raise


def _alone(work: Callable[[Item], Value], item: Item) -> Iterator[Outcome[Item, Value]]:
    with _pool(1) as pool:
        try:
            yield pool.submit(_attempt, work, item).result()
        except BrokenProcessPool:
            yield Outcome(item, None, CRASHED)
