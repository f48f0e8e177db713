"""How long and how much memory a caption takes: whole processes, stage by stage, and against librosa.

    python benchmarks/speed.py --out speed.json

A piece is rendered, laid end to end to 10 s, 3 min and 60 min and coded as MP3. Each is captioned by the installed
command `linernotes caption FILE --json` in a fresh process, whose wall clock, processor time and peak memory are
those of that child. "Start" is the same process on `--version`, and the 10 s input shows what a first caption
costs. The alternative, in the same run and also in a fresh process, is librosa's tempo, chroma and MFCC of the
same file (facts only: no tags, chords, voice, sections or words). Stages are core-seconds of one process on one
thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import linernotes.cli  # noqa: F401  (keeps BLAS to one thread here as in the command; before numpy)

if TYPE_CHECKING:
    import numpy as np

INPUTS_S = {"10 s": 10.0, "3 min": 180.0, "60 min": 3600.0}
SAMPLE_RATE = 44_100
PIECE_SEED = 100_007
LIBROSA = """
import sys, numpy, librosa
waveform, rate = librosa.load(sys.argv[1])
tempo, beats = librosa.beat.beat_track(y=waveform, sr=rate)
chroma = librosa.feature.chroma_cqt(y=waveform, sr=rate)
mfcc = librosa.feature.mfcc(y=waveform, sr=rate)
print(float(numpy.atleast_1d(tempo)[0]), chroma.mean(), mfcc.mean())
"""


@dataclass(frozen=True)
class Run:
    """One process from its start to its end."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    ok: bool


@dataclass(frozen=True)
class Row:
    """One input: the best of several runs of linernotes, and librosa's run if it was asked for."""

    name: str
    seconds: float
    linernotes: Run
    librosa: Run | None

    @property
    def times_real_time(self) -> float:
        return self.seconds / self.linernotes.wall_s


def measure(command: Sequence[str], threads: int | None = None) -> Run:
    """Run a command to its end; peak memory is that of the largest of its processes."""
    environment = dict(os.environ)
    if threads is not None:
        limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment |= {name: str(threads) for name in limits}
    started = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, text=True
    )
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        print(f"{command[0]} failed with {child.returncode}: {said.strip()[-500:]}", file=sys.stderr)
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode == 0)


def best_of(command: Sequence[str], times: int, threads: int | None = None) -> Run:
    """The run with the shortest wall clock: others on the machine only ever make it longer."""
    return min((measure(command, threads) for _ in range(times)), key=lambda run: run.wall_s)


def make_input(path: Path, seconds: float, piece: np.ndarray) -> None:
    """Write `seconds` of a piece, (samples, 2), laid end to end, as MP3."""
    import soundfile

    wanted, block = int(seconds * SAMPLE_RATE), 10 * SAMPLE_RATE
    partial = path.with_name(f".{path.name}")
    with soundfile.SoundFile(partial, "w", SAMPLE_RATE, 2, format="MP3") as file:
        for start in range(0, wanted, block):
            place = start % (len(piece) // block * block)
            file.write(piece[place : place + min(block, wanted - start)])
    partial.replace(path)


def rendered_piece() -> np.ndarray:
    """One minute of a rendered piece in stereo, (samples, 2)."""
    from linernotes.datasets.rendered import plan_piece, render_piece

    stereo = render_piece(plan_piece(PIECE_SEED, duration_s=60.0))
    if stereo.sample_rate != SAMPLE_RATE:
        raise SystemExit(f"the renderer gave {stereo.sample_rate} Hz, expected {SAMPLE_RATE}")
    return stereo.waveform


class Stages:
    """Processor time by stage; a stage within another is counted in the inner one only."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        self._inner.append(0.0)
        started = time.process_time()
        try:
            yield
        finally:
            took = time.process_time() - started
            self.seconds[name] += took - self._inner.pop()
            if self._inner:
                self._inner[-1] += took

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            with self.timed(name):
                return function(*args, **options)

        return call


def stage_times(path: Path) -> tuple[dict[str, float], float]:
    """Core-seconds of every stage of one caption on one thread, models loaded first; and of the whole."""
    from linernotes import audio, captioner
    from linernotes.features import estimate

    stages = Stages()
    captioner.load_captioner(threads=1)(path)  # models are loaded and caches filled
    decode, all_listeners = audio.stream, captioner.make_listeners

    def stream(*args: Any, **options: Any) -> Iterator[Mapping[int, Any]]:
        blocks = iter(decode(*args, **options))
        while True:
            with stages.timed("decode and resample"):
                block = next(blocks, None)
            if block is None:
                return
            yield block

    def make_listeners() -> list[Any]:
        listeners = all_listeners()
        for listener in listeners:
            name = f"listen: {type(listener).__name__.removesuffix('Listener').lower()}"
            listener.push = stages.wrapped(name, listener.push)
            listener.finish = stages.wrapped(name, listener.finish)
        return listeners

    def named(function: Callable[..., Any]) -> Callable[..., Any]:
        return stages.wrapped(f"estimate: {function.__name__.removeprefix('estimate_')}", function)

    replaced: list[tuple[Any, str, Any]] = [
        (audio, "stream", stream),
        (captioner, "make_listeners", make_listeners),
        (captioner, "estimate_sections", named(captioner.estimate_sections)),
        (captioner, "section_facts", named(captioner.section_facts)),
        (estimate, "MUSICAL", tuple(named(each) for each in estimate.MUSICAL)),
        (estimate, "GENERAL", tuple(named(each) for each in estimate.GENERAL)),
    ]
    kept = [(module, name, getattr(module, name)) for module, name, _ in replaced]
    try:
        for module, name, timed in replaced:
            setattr(module, name, timed)
        started = time.process_time()
        with stages.timed("words and the rest"):
            captioner.load_captioner(threads=1)(path)
        total_s = time.process_time() - started
    finally:
        for module, name, function in kept:
            setattr(module, name, function)
    return dict(sorted(stages.seconds.items(), key=lambda item: -item[1])), total_s


def machine() -> dict[str, Any]:
    """What the numbers were taken on."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), model)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else -1.0
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load_1min": round(load, 1),
        "python": platform.python_version(),
    }


def print_head(start: Run) -> None:
    print(json.dumps(machine()))
    print(f"start (--version): {start.wall_s:.2f} s, {start.cpu_s:.2f} core-s, {start.peak_mb:.0f} MB")
    ours_columns = ("input", "wall s", "core-s", "x real time", "peak MB")
    columns = (*ours_columns, "librosa: wall s", "core-s", "peak MB", "ours / librosa: wall", "core-s")
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|", flush=True)


def print_row(row: Row) -> None:
    ours, other = row.linernotes, row.librosa
    beside = " – |" * 5
    if other is not None and other.ok:
        beside = (
            f" {other.wall_s:.2f} | {other.cpu_s:.2f} | {other.peak_mb:.0f} |"
            f" {ours.wall_s / other.wall_s:.2f} | {ours.cpu_s / other.cpu_s:.2f} |"
        )
    print(
        f"| {row.name}{'' if ours.ok else ' (failed)'} | {ours.wall_s:.2f} | {ours.cpu_s:.2f} |"
        f" {row.times_real_time:.0f} | {ours.peak_mb:.0f} |{beside}",
        flush=True,
    )


def print_stages(stages: Mapping[str, float], total_s: float) -> None:
    print(f"stages of the 3 min input, one thread, models loaded: {total_s:.2f} core-seconds")
    print("| stage | core-s | share |\n|---|---|---|")
    for name, seconds in stages.items():
        print(f"| {name} | {seconds:.2f} | {100 * seconds / total_s:.0f} % |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", nargs="+", choices=list(INPUTS_S), default=list(INPUTS_S))
    parser.add_argument("--repeat", type=int, default=2, help="runs of all but the longest; the best counts")
    parser.add_argument("--no-librosa", action="store_true")
    parser.add_argument("--python", default=sys.executable, help="whose `linernotes` command is measured")
    parser.add_argument("--work", type=Path, help="keep the inputs here for the next run")
    parser.add_argument("--out", type=Path, help="write everything as JSON too")
    options = parser.parse_args()
    command = shutil.which("linernotes", path=str(Path(options.python).parent))
    if command is None:
        raise SystemExit(f"no linernotes command beside {options.python}: pip install . there first")

    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        paths = {name: work / f"{name.replace(' ', '')}.mp3" for name in {*options.inputs, "3 min"}}
        missing = [name for name, path in paths.items() if not path.is_file()]
        piece = rendered_piece() if missing else None
        for name in missing:
            assert piece is not None
            make_input(paths[name], INPUTS_S[name], piece)

        start = best_of([command, "--version"], 3)
        print_head(start)
        rows = []
        for name in options.inputs:
            times = options.repeat if INPUTS_S[name] < 600 else 1
            ours = best_of([command, "caption", str(paths[name]), "--json"], times)
            librosa = None
            if not options.no_librosa:
                librosa = best_of([sys.executable, "-c", LIBROSA, str(paths[name])], times)
            rows.append(Row(name, INPUTS_S[name], ours, librosa))
            print_row(rows[-1])
        stages, total_s = stage_times(paths["3 min"])
        print_stages(stages, total_s)

    if options.out:
        report = {
            "machine": machine(),
            "start": asdict(start),
            "rows": [asdict(row) for row in rows],
            "stages_s": stages,
            "stages_total_s": total_s,
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
