"""One failure costs one item, whatever kind of failure it is."""

from __future__ import annotations

import os
import time

import pytest

from linernotes.batch import CRASHED, map_in_order


def slow_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0.0)
    return number * 10


def fails_on_two(number: int) -> int:
    if number == 2:
        raise ValueError("two is\nbad")
    return number


def dies_on_two(number: int) -> int:
    if number == 2:
        os._exit(9)
    return number


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_input_order(jobs: int) -> None:
    outcomes = list(map_in_order(slow_first, range(4), jobs=jobs))
    assert [(item.item, item.value) for item in outcomes] == [(0, 0), (1, 10), (2, 20), (3, 30)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_costs_one_item_and_is_one_line(jobs: int) -> None:
    outcomes = list(map_in_order(fails_on_two, range(4), jobs=jobs))
    assert [item.value for item in outcomes] == [0, 1, None, 3]
    assert outcomes[2].error == "two is bad"


def test_a_crash_costs_one_item() -> None:
    outcomes = list(map_in_order(dies_on_two, range(5), jobs=2))
    assert [item.value for item in outcomes] == [0, 1, None, 3, 4]
    assert outcomes[2].error == CRASHED


def test_errors_of_our_own_making_are_not_hidden() -> None:
    def broken(number: int) -> int:
        raise KeyError(number)

    with pytest.raises(KeyError):
        list(map_in_order(broken, [1]))
