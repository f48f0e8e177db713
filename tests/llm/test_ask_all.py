"""Many at once: in order, failures beside results, and no end of asking where nobody answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from linernotes.llm import (
    BadAnswerError,
    BudgetSpentError,
    LanguageModelError,
    RefusedError,
    ServerError,
    UnauthorisedError,
)
from linernotes.llm.concurrent import ask_all


def test_results_come_in_order_whoever_is_first() -> None:
    gate = threading.Event()

    def ask(number: int) -> int:
        if number == 0:
            gate.wait(10)
        if number == 5:
            gate.set()
        return number * number

    got = [asked.value for asked in ask_all(ask, range(40), jobs=4)]
    assert got == [number * number for number in range(40)]


def test_as_many_are_in_flight_as_allowed() -> None:
    meeting = threading.Barrier(4, timeout=10)
    list(ask_all(lambda _: meeting.wait(), range(8), jobs=4))


def test_a_failure_costs_one_item() -> None:
    def ask(number: int) -> int:
        if number % 3 == 1:
            raise RefusedError(f"not {number}")
        return number

    got = list(ask_all(ask, range(6), jobs=2))
    assert [asked.value for asked in got] == [0, None, 2, 3, None, 5]
    assert [str(asked.error) for asked in got if asked.error] == ["not 1", "not 4"]


def raising(error: LanguageModelError, calls: list[int]) -> object:
    def ask(number: int) -> int:
        calls.append(number)
        raise error

    return ask


def test_a_wrong_key_ends_it_at_once() -> None:
    calls: list[int] = []
    with pytest.raises(UnauthorisedError):
        list(ask_all(raising(UnauthorisedError("key"), calls), range(1000), jobs=2))  # type: ignore[arg-type]
    assert len(calls) <= 8


def test_a_server_that_is_gone_ends_it_soon() -> None:
    calls: list[int] = []
    ask = raising(ServerError("gone"), calls)
    with pytest.raises(ServerError):
        list(ask_all(ask, range(1000), failures_in_a_row=5))  # type: ignore[arg-type]
    assert len(calls) < 20


def test_bad_answers_do_not_end_it() -> None:
    asked = list(ask_all(raising(BadAnswerError("x", "y"), []), range(50)))  # type: ignore[arg-type]
    assert len(asked) == 50


def test_items_are_read_as_they_are_needed() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(10_000):
            read.append(number)
            yield number

    stream = ask_all(lambda number: number, source(), jobs=2)
    next(stream)
    assert len(read) < 20
    stream.close()  # type: ignore[attr-defined]


def test_errors_of_our_own_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ask_all(lambda number: 1 // number, [0]))


def test_who_stops_does_not_wait_for_a_silent_server() -> None:
    silent = threading.Event()
    stream = ask_all(lambda number: number or silent.wait(60), [1, 0, 0, 0, 0, 0], jobs=2)
    assert next(stream).value == 1
    stream.close()  # type: ignore[attr-defined]
    assert not silent.is_set()
    silent.set()


def test_what_is_in_flight_when_the_budget_ends_is_still_kept() -> None:
    asked, ended = threading.Event(), threading.Event()
    kept: list[int] = []

    def ask(number: int) -> None:
        if number == 0:
            asked.wait(10)
            ended.set()
            raise BudgetSpentError("spent")
        asked.set()
        ended.wait(10)
        kept.append(number)

    with pytest.raises(BudgetSpentError):
        list(ask_all(ask, range(2), jobs=2))
    assert kept == [1]
