"""Sets of rendered pieces on disk: made in parallel, resumable, whole files only, with the exact truth."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from linernotes.datasets.rendered.composition import DEFAULT_SECONDS, GENERATOR_VERSION, plan_piece
from linernotes.datasets.rendered.piece import Piece
from linernotes.datasets.rendered.render import find_soundfont, soundfont_sha256, write_piece

FROZEN_TEST_SEEDS = range(240)
"""Seeds that accuracy is published on; nothing is ever tuned on them."""
FIRST_TUNING_SEED = 100_000
"""Thresholds are fitted on seeds from here on."""


@dataclass(frozen=True, slots=True)
class RenderedPiece:
    """A piece with the file that holds its recording."""

    audio_path: Path
    piece: Piece


def render_set(
    seeds: Iterable[int],
    out_dir: str | Path,
    *,
    jobs: int = 1,
    duration_s: float = DEFAULT_SECONDS,
    soundfont: str | Path | None = None,
    rendered: Callable[[int], None] = lambda count: None,
) -> list[RenderedPiece]:
    """Render what is missing of the pieces of `seeds` into `out_dir` and write `manifest.jsonl` beside them.

    Files carry the generator's version, the soundfont and the length in their folder's name, so a cache never
    serves another set. `rendered` is told after each piece how many are there.
    """
    wanted = list(seeds)
    font = find_soundfont(soundfont)
    folder = set_folder(out_dir, font, duration_s)
    folder.mkdir(parents=True, exist_ok=True)
    make = partial(_render_one, folder=folder, duration_s=duration_s, soundfont=font)
    pieces: list[RenderedPiece] = []
    for piece in _mapped(make, wanted, jobs):
        pieces.append(piece)
        rendered(len(pieces))
    _write_manifest(folder, pieces, font)
    return pieces


def set_folder(out_dir: str | Path, soundfont: Path, duration_s: float) -> Path:
    """Where `render_set` keeps the pieces of this generator, soundfont and length."""
    return Path(out_dir) / f"v{GENERATOR_VERSION}-{soundfont_sha256(soundfont)[:8]}-{duration_s:g}s"


def _mapped(make: Callable[[int], RenderedPiece], seeds: Sequence[int], jobs: int) -> Iterator[RenderedPiece]:
    if jobs <= 1:
        yield from map(make, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(make, seeds)


def _render_one(seed: int, *, folder: Path, duration_s: float, soundfont: Path) -> RenderedPiece:
    piece = plan_piece(seed, duration_s=duration_s)
    path = folder / f"{seed:06d}.mp3"
    if not path.is_file():
        write_piece(piece, path, soundfont=soundfont)
    return RenderedPiece(path, piece)


def _write_manifest(folder: Path, pieces: Sequence[RenderedPiece], soundfont: Path) -> None:
    """One line a piece, by seed; lines of pieces rendered earlier are kept."""
    path = folder / "manifest.jsonl"
    lines: dict[int, str] = {}
    if path.is_file():
        for line in path.read_text("utf-8").splitlines():
            lines[json.loads(line)["piece"]["seed"]] = line
    digest = soundfont_sha256(soundfont)
    for item in pieces:
        lines[item.piece.seed] = json.dumps(manifest_row(item, digest), sort_keys=True)
    partial_path = folder / f".manifest.{os.getpid()}"
    partial_path.write_text("".join(lines[seed] + "\n" for seed in sorted(lines)), "utf-8")
    os.replace(partial_path, path)


def manifest_row(item: RenderedPiece, soundfont_digest: str) -> dict[str, Any]:
    """What the manifest says of one piece: file, soundfont and the whole plan."""
    return {
        "audio": item.audio_path.name,
        "soundfont_sha256": soundfont_digest,
        "instruments": list(item.piece.instruments),
        "piece": asdict(item.piece),
    }
