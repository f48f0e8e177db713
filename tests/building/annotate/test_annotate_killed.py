"""`kill -9` in the middle: what was heard stays heard, and the same command finishes the set."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tone_set import EXTRACTOR

from linernotes.manifest import read_manifest

COMMAND = "from linernotes.cli.app import main; main()"


def start(manifest: Path, out: Path, jobs: int, listened: Path, slow_s: float) -> subprocess.Popen[bytes]:
    arguments = ["annotate", str(manifest), "--out", str(out), "--extractor", EXTRACTOR, "--jobs", str(jobs)]
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parent),
        "LISTENED": str(listened),
        "SLOW_S": str(slow_s),
    }
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_run_loses_nothing_and_repeats_nothing(tones: Path, tmp_path: Path, listened: Path) -> None:
    out, jobs = tmp_path / "out", 2
    process = start(tones, out, jobs, listened, 1.0)
    deadline = time.monotonic() + 120
    while lines(listened) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 3 <= lines(listened) < 6
    assert not (out / "annotated.jsonl").exists()
    time.sleep(1.0)  # orphaned workers end within half a second
    again = start(tones, out, jobs, listened, 0.0)
    printed, errors = again.communicate(timeout=120)
    assert again.returncode == 1, errors  # the five bad clips
    assert b"6 of 11 annotated, 5 failed" in printed
    assert len(list(read_manifest(out / "annotated.jsonl"))) == 6
    heard_twice = lines(listened) - 6
    assert 0 <= heard_twice <= jobs  # only what was being heard at that moment
    assert not list(out.glob(".*.part"))
