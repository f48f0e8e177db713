"""What an hour costs `linernotes caption --long`, and whether its times are true.

    python benchmarks/long_recording.py RENDERED/manifest.jsonl --minutes 6 60

Rendered clips (`linernotes dataset render`) are laid end to end, each repeated for two and a half minutes, so that
a recording of any length with known borders arises. The installed command describes it in a fresh process, whose
wall clock, processor time and peak memory are printed, with how many of the borders a section begins near (5 s) or
a key (12 s: keys are found in windows of 20 s), and how many of the moments that are told lie near a border.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from linernotes.longform.times import read_times
from linernotes.manifest import read_manifest

REPEATS = 15
NEAR_S, NEAR_KEY_S = 5.0, 12.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one recording cost, and the JSON that came of it."""

    wall_s: float
    processor_s: float
    peak_mib: float
    notes: dict[str, Any]


def lay_end_to_end(manifest: Path, minutes: float, out: Path) -> list[float]:
    """Write the recording; returns where one clip gives way to the next, in seconds."""
    clips = [clip for clip in read_manifest(manifest) if clip.audio_path]
    step = max(1, len(clips) // 64)
    borders, at_s = [], 0.0
    sample_rate = soundfile.info(manifest.parent / clips[0].audio_path).samplerate
    with soundfile.SoundFile(out, "w", sample_rate, 1) as file:
        for clip in (clips * 100)[::step]:
            waveform, rate = soundfile.read(
                manifest.parent / clip.audio_path, dtype="float32", always_2d=True
            )
            assert rate == sample_rate, "clips of one rendering have one rate"
            mono = waveform.mean(axis=1)
            for _ in range(REPEATS):
                file.write(mono)
            at_s += REPEATS * len(mono) / rate
            if at_s >= 60 * minutes:
                return borders
            borders.append(at_s)
    return borders


def describe(recording: Path, more: Sequence[str]) -> Run:
    """Run the command on it in a process of its own."""
    command = [sys.executable, "-c", "from linernotes.cli.app import main; main()"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "caption", str(recording), "--long", "--json", *more], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    if status:
        raise SystemExit(f"the command failed with status {status}")
    return Run(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, json.loads(out))


def near(times_s: Sequence[float], others_s: Sequence[float], within_s: float) -> int:
    """How many of `times_s` have one of `others_s` within reach."""
    others = np.asarray(others_s, float)
    return sum(bool(len(others)) and float(np.abs(others - time_s).min()) <= within_s for time_s in times_s)


def report(minutes: float, borders_s: Sequence[float], run: Run) -> None:
    """Print what was measured."""
    told = run.notes["description"]
    begins = [part["start_s"] for part in run.notes["sections"]]
    keys = [fact["start_s"] for fact in run.notes["facts"] if fact["id"].startswith("key:")]
    moments = [moment["start_s"] for moment in told["moments"][1:]]
    times = [mention.seconds for mention in read_times(told["caption"])]
    cost = f"{run.wall_s:.0f} s, {run.processor_s:.0f} s of processor, {run.peak_mib:.0f} MiB at most"
    print(f"{minutes:g} minutes: {cost}")
    print(f"  borders: {len(borders_s)}; a section begins near {near(borders_s, begins, NEAR_S)}, "
          f"a key near {near(borders_s, keys, NEAR_KEY_S)}")  # fmt: skip
    print(f"  moments told: {len(moments)}; near a border: {near(moments, borders_s, NEAR_KEY_S)}")
    print(
        f"  times named: {len(times)}; after the end: {sum(t > run.notes['audio']['duration_s'] for t in times)}"
    )
    print(f"  {told['caption']}")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[6.0, 60.0])
    parser.add_argument("--plot", type=Path, help="Also have the time line of the last recording drawn.")
    asked = parser.parse_args()
    for number, minutes in enumerate(asked.minutes, 1):
        with tempfile.TemporaryDirectory() as folder:
            recording = Path(folder) / f"{minutes:g} minutes.flac"
            borders_s = lay_end_to_end(asked.manifest, minutes, recording)
            draws = ["--plot", str(asked.plot)] if asked.plot and number == len(asked.minutes) else []
            report(minutes, borders_s, describe(recording, draws))


if __name__ == "__main__":
    main()
