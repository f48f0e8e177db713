"""One failure costs one item, whatever kind of failure it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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


BATCH = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background is run with it ignored
sys.path.insert(0, {folder!r})
from test_batch import report_and_sleep
from linernotes.batch import map_in_order
if __name__ == "__main__":
    list(map_in_order(report_and_sleep, [sys.argv[1]] * 4, jobs=2))
"""


def report_and_sleep(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_a_batch_that_is_killed_or_stopped(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "batch.py").write_text(BATCH.format(folder=str(Path(__file__).parent)))
    (tmp_path / "pids").mkdir()
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "batch.py", tmp_path / "pids"], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "pids").iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    workers = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    parent.send_signal(how)
    parent.wait(30)
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(workers) == 2
    assert not any(map(is_alive, workers))
