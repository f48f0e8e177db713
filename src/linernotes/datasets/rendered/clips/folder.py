"""A rendered set on disk: settings, one record a finished piece, and at the end the manifest and a report.

`settings.json` says what the folder holds. A piece is done when its record stands in `pieces/`, which is written
after the piece's audio; so a run may be killed at any moment and the next one makes exactly what is missing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from linernotes.clip import Clip
from linernotes.datasets.rendered.clips.making import make_clips, write_clip
from linernotes.datasets.rendered.clips.report import SetReport, report_markdown, report_of
from linernotes.datasets.rendered.clips.settings import PieceOrder, RenderSettings, plan_orders
from linernotes.manifest import clip_from_record, clip_to_record, whole_file, write_manifest

MANIFEST, SETTINGS, RECORDS = "manifest.jsonl", "settings.json", "pieces"
FREE_SHARE = 0.98
"""How much of the free disk a set may take."""

Work = Callable[[PieceOrder], int]
Run = Callable[[Work, Sequence[PieceOrder]], Iterator[int]]
"""Applies the work to all orders, in any processes, and yields how many clips each made."""


@dataclass(frozen=True, slots=True)
class RenderedSet:
    """What a run left behind: the manifest, how many clips it holds, how many of them this run made."""

    manifest: Path
    clips: int
    made: int
    report: SetReport


def render_clip_set(
    settings: RenderSettings,
    folder: Path,
    *,
    soundfont: Path,
    run: Run = map,
    force: bool = False,
    progress: Callable[[int], None] = lambda clips: None,
) -> RenderedSet:
    """Make what is missing of a set in `folder`, then its manifest and report.

    Args:
        settings: what the set is; complete, with the versions of what is used.
        folder: made if need be. One that holds a set with other settings is refused, or emptied with `force`.
        soundfont: the file whose hash the settings carry.
        run: how to go through the pieces; the built-in `map` does them here, one by one.
        force: discard clips that other settings made.
        progress: told how many clips are there, after each piece.

    Raises:
        ValueError: the folder holds another set, or something else; or another run is at work in it.
        OSError: the disk is too small for what is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        _claim(folder, settings, force)
        orders = plan_orders(settings)
        waiting = [order for order in orders if not is_done(folder, order)]
        there = settings.clips - sum(len(order.clips) for order in waiting)
        _check_disk(folder, settings, settings.clips - there)
        made = 0
        progress(there)
        work = partial(render_order, settings=settings, folder=folder, soundfont=str(soundfont))
        for count in run(work, waiting):
            made += count
            progress(there + made)
        manifest = folder / MANIFEST
        written = write_manifest(manifest, _clips(folder, orders))
        report = report_of(_clips(folder, orders), settings)
        _write(folder / "report.json", json.dumps(asdict(report), indent=2) + "\n")
        _write(folder / "README.md", report_markdown(report, settings))
    return RenderedSet(manifest, written, made, report)


def render_order(order: PieceOrder, *, settings: RenderSettings, folder: Path, soundfont: str) -> int:
    """Make the clips of one piece and, once they lie there whole, its record; returns how many."""
    clips = make_clips(order, settings, soundfont)
    sizes = [write_clip(clip, folder, settings) for clip in clips]
    record = {
        "piece": order.number,
        "bytes": sizes,
        "clips": [clip_to_record(made.clip) for made in clips],
    }
    _write(_record_path(folder, order), json.dumps(record, ensure_ascii=False) + "\n")
    return len(clips)


def is_done(folder: Path, order: PieceOrder) -> bool:
    """Whether a piece has its record and all its audio in full."""
    try:
        record = _read_record(folder, order)
    except (OSError, ValueError):
        return False
    files = [folder / clip["audio_path"] for clip in record["clips"]]
    sizes = [file.stat().st_size if file.is_file() else -1 for file in files]
    return len(files) == len(order.clips) and sizes == record["bytes"]


def _record_path(folder: Path, order: PieceOrder) -> Path:
    return folder / RECORDS / f"{order.number // 1000:03d}" / f"{order.number:06d}.json"


def _read_record(folder: Path, order: PieceOrder) -> dict[str, Any]:
    record = json.loads(_record_path(folder, order).read_text("utf-8"))
    if not isinstance(record, dict) or not {"clips", "bytes"} <= record.keys():
        raise ValueError("not a record of a piece")
    return record


def _clips(folder: Path, orders: Sequence[PieceOrder]) -> Iterator[Clip]:
    for order in orders:
        for record in _read_record(folder, order)["clips"]:
            yield clip_from_record(record)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode())


def _claim(folder: Path, settings: RenderSettings, force: bool) -> None:
    """Make sure that the folder is ours and says what it holds; leftovers of killed runs go."""
    path = folder / SETTINGS
    wanted = json.loads(json.dumps(asdict(settings)))
    if path.is_file():
        found = json.loads(path.read_text("utf-8"))
        if found != wanted:
            if not force:
                raise ValueError(_differences(folder, found, wanted))
            for name in ("audio", RECORDS):
                shutil.rmtree(folder / name, ignore_errors=True)
            (folder / MANIFEST).unlink(missing_ok=True)
    elif any(child.name != LOCK for child in folder.iterdir()):
        raise ValueError(f"{folder} is not empty and holds no rendered set: give a new folder to --out")
    for leftover in folder.rglob(".*.part"):
        leftover.unlink(missing_ok=True)
    _write(path, json.dumps(wanted, indent=2) + "\n")


def _differences(folder: Path, found: Any, wanted: dict[str, Any]) -> str:
    known = found if isinstance(found, dict) else {}
    names = [name for name in wanted if known.get(name) != wanted[name]]
    told = ", ".join(f"{name} {known.get(name)!r} there, {wanted[name]!r} asked for" for name in names)
    return (
        f"{folder} holds a set made with other settings ({told}): give another --out, the same settings, or "
        "--force to discard what is there"
    )


def _check_disk(folder: Path, settings: RenderSettings, missing: int) -> None:
    needed = settings.bytes_needed * missing // settings.clips
    free = shutil.disk_usage(folder).free
    if needed > FREE_SHARE * free:
        raise OSError(
            f"{folder}: {missing} clips need about {needed / 1e6:.0f} MB and {free / 1e6:.0f} MB are free: make "
            "room, give another --out, or ask for fewer clips or --format ogg"
        )


LOCK = ".lock"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else renders into the folder meanwhile; the lock goes with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows: two runs would do the same work twice, and agree
        yield
        return
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            raise ValueError(f"another run is rendering into {folder}: wait for it, or stop it") from busy
        yield
