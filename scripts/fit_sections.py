"""Weigh the settings of `features/sections.py` against one another, on rendered pieces and on medleys.

    python scripts/fit_sections.py CACHE_FOLDER [--pieces 12] [--recordings FOLDER]

Rendered pieces of two minutes have known forms; their seeds are tuning seeds (the published accuracy is that of
other, frozen ones). Their sections differ in loudness more reliably than those of recordings, so settings are held
against medleys too: stretches of real recordings, brought to one loudness and put end to end, where the seams are
the truth (and every true section border inside a stretch counts as a mistake, so precision is a lower bound).

Printed for every setting: precision, recall and F of the boundaries within 3 s, F within 1 s, pairwise F of the
labels, sections a piece (and true sections). At the end, the logistic curve of confidence: the probability that a
boundary lies within 3 s of a true one, given its contrast, over all boundaries of a much lower price.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from linernotes import audio
from linernotes.datasets.rendered import FIRST_TUNING_SEED, RenderedPiece, render_set
from linernotes.encoders.musicnn_onnx import MusicnnListener
from linernotes.features.frames import Frames, Listener, Series
from linernotes.features.harmony.chroma import ChromaListener
from linernotes.features.listen import listen
from linernotes.features.sections import ASPECTS, FITTED, Settings, contrast, grid_of, spans_of
from linernotes.features.sound.brightness import BrightnessListener
from linernotes.features.sound.loudness import LoudnessListener

FIRST_SEED = FIRST_TUNING_SEED + 50_000
PIECE_S = 120.0
HIT_S = 3.0


@dataclass(frozen=True)
class Heard:
    """What was heard of a piece and how it is really built."""

    frames: Frames
    starts_s: tuple[float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Boundary:
    """One estimated boundary: its contrast, and whether a true one lies near it."""

    contrast: float
    is_true: bool


def hear(path: Path, cache: Path) -> Frames:
    """The series that sections rest on, from the cache where they are there."""
    stored = cache / f"{path.stem}.npz"
    names = [aspect.series for aspect in ASPECTS]
    if not stored.is_file():
        listeners: list[Listener] = [
            MusicnnListener(),
            ChromaListener(),
            LoudnessListener(),
            BrightnessListener(),
        ]
        blocks = audio.stream(path, sorted({listener.sample_rate for listener in listeners}), 20.0)
        frames = listen(blocks, listeners)
        arrays: dict[str, Any] = {f"{name}_values": frames[name].values for name in names}
        arrays |= {f"{name}_clock": np.array([frames[name].rate_hz, frames[name].start_s]) for name in names}
        np.savez(stored, end_s=frames.end_s, **arrays)
    with np.load(stored) as file:
        series = {name: Series(file[f"{name}_values"], *file[f"{name}_clock"].tolist()) for name in names}
        return Frames(0.0, float(file["end_s"]), series)


def hits(estimated: Sequence[float], true: Sequence[float], within_s: float) -> int:
    """True boundaries with an estimated one near, each of which serves once."""
    left, found = list(estimated), 0
    for moment in true:
        near = [other for other in left if abs(other - moment) <= within_s]
        if near:
            left.remove(min(near, key=lambda other: abs(other - moment)))
            found += 1
    return found


def f_score(found: int, estimated: int, true: int) -> float:
    return 2 * found / max(1, estimated + true)


def pairwise_f(estimated: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    """F of the pairs of moments that are said to sound alike (Levy and Sandler, 2008)."""
    alike, really = (labels[:, None] == labels for labels in (estimated, true))
    return f_score(int((alike & really).sum()), int(alike.sum()), int(really.sum()))


def labels_at(
    moments: NDArray[np.float64], starts: Sequence[float], labels: Sequence[object]
) -> NDArray[np.int64]:
    names = list(dict.fromkeys(labels))
    places = np.clip(np.searchsorted(starts, moments, side="right") - 1, 0, None)
    return np.array([names.index(labels[place]) for place in places])


def measure(pieces: Sequence[Heard], settings: Settings) -> tuple[str, list[Boundary]]:
    """One line of the table, and every estimated boundary."""
    found = found_1s = estimated = true = 0
    pairwise: list[float] = []
    boundaries: list[Boundary] = []
    for piece in pieces:
        grid = grid_of(piece.frames, settings.aspects)
        spans = spans_of(grid, settings)
        starts = [span.first * grid.step_s for span in spans]
        true_starts = piece.starts_s
        found += hits(starts[1:], true_starts[1:], HIT_S)
        found_1s += hits(starts[1:], true_starts[1:], 1.0)
        estimated, true = estimated + len(spans) - 1, true + len(piece.labels) - 1
        moments = np.arange(0.25, piece.frames.end_s, 0.5)
        mine = labels_at(moments, starts, [span.label for span in spans])
        pairwise.append(pairwise_f(mine, labels_at(moments, true_starts, piece.labels)))
        for place in range(1, len(spans)):
            near = min(abs(starts[place] - moment) for moment in true_starts[1:])
            boundaries.append(Boundary(contrast(grid, spans, place), near <= HIT_S))
    precision, recall = found / max(1, estimated), found / max(1, true)
    line = (
        f"P {precision:.3f}  R {recall:.3f}  F {f_score(found, estimated, true):.3f}  "
        f"F(1 s) {f_score(found_1s, estimated, true):.3f}  labels {np.mean(pairwise):.3f}  "
        f"sections {estimated / len(pieces) + 1:.1f} ({true / len(pieces) + 1:.1f})"
    )
    return line, boundaries


def logistic(boundaries: Sequence[Boundary]) -> tuple[float, float]:
    """Slope and middle of the confidence curve, by maximum likelihood with a weak pull towards a flat one."""
    contrasts = np.array([boundary.contrast for boundary in boundaries])
    signs = np.array([1.0 if boundary.is_true else -1.0 for boundary in boundaries])

    def loss(parameters: NDArray[np.float64]) -> float:
        slope, middle = parameters
        return float(np.logaddexp(0, -signs * slope * (contrasts - middle)).sum() + 0.5 * slope**2)

    slope, middle = minimize(loss, np.array([1.0, 1.0]), method="Nelder-Mead").x
    return float(slope), float(middle)


def variants() -> dict[str, Settings]:
    """The shipped settings and those beside them."""
    rows = {"shipped": FITTED}
    rows |= {f"cut_price {price}": replace(FITTED, cut_price=price) for price in (5.0, 7.0, 14.0)}
    rows |= {f"same_label_below {way}": replace(FITTED, same_label_below=way) for way in (0.7, 1.4, 1.8)}
    for left_out in ASPECTS:
        kept = tuple(aspect for aspect in ASPECTS if aspect is not left_out)
        rows[f"without {left_out.series}"] = replace(FITTED, aspects=kept)
    for unit in (1.0, 2.0, 3.0, 6.0):
        changed = [replace(one, clear_change=unit) if one.series == "loudness" else one for one in ASPECTS]
        rows[f"loudness in {unit:g} dB"] = replace(FITTED, aspects=tuple(changed))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cache", type=Path)
    parser.add_argument("--pieces", type=int, default=12)
    parser.add_argument("--recordings", type=Path)
    arguments = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.pieces)
    rendered = render_set(seeds, arguments.cache, duration_s=PIECE_S)
    print_table("rendered", pieces := [of_piece(item, arguments.cache) for item in rendered])
    if arguments.recordings:
        paths = sorted(
            path for path in arguments.recordings.rglob("*") if path.suffix in (".mp3", ".ogg", ".flac")
        )
        print_table("medleys", medleys([hear(path, arguments.cache) for path in paths]))
    _, candidates = measure(pieces, replace(FITTED, cut_price=1.0, same_label_below=0.3))
    slope, middle = logistic(candidates)
    print(
        f"confidence: slope {slope:.2f}, middle {middle:.2f}, from {len(candidates)} boundaries at a low price"
    )
    for low, high in ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 99.0)):
        inside = [boundary.is_true for boundary in candidates if low <= boundary.contrast < high]
        print(f"  contrast {low}-{high}: {sum(inside)} of {len(inside)} are true")


def of_piece(item: RenderedPiece, cache: Path) -> Heard:
    sections = item.piece.sections
    starts = (0.0, *(section.start_s for section in sections[1:]))
    return Heard(hear(item.audio_path, cache), starts, tuple(section.label for section in sections))


def print_table(title: str, pieces: Sequence[Heard]) -> None:
    for name, settings in variants().items():
        print(f"{title:9s} {name:22s} {measure(pieces, settings)[0]}", flush=True)


def medleys(recordings: Sequence[Frames], count: int = 30) -> list[Heard]:
    """Medleys of three to five recordings; in every second one the first comes back."""
    rng = np.random.default_rng(0)
    long_enough = [frames for frames in recordings if frames.duration_s > 35.0]
    made: list[Heard] = []
    for number in range(count):
        order = rng.choice(len(long_enough), rng.integers(3, 6), replace=False).tolist()
        order += order[:1] if number % 2 else []
        stretches = [stretch(long_enough[place], rng) for place in order]
        edges = np.cumsum([0.0, *(part.duration_s for part in stretches)])
        series = {name: joined([part[name] for part in stretches]) for name in stretches[0].series}
        starts = tuple(float(edge) for edge in edges[:-1])
        made.append(Heard(Frames(0.0, float(edges[-1]), series), starts, tuple(map(str, order))))
    return made


def joined(parts: Sequence[Series]) -> Series:
    return Series(np.concatenate([part.values for part in parts]), parts[0].rate_hz, parts[0].start_s)


def stretch(frames: Frames, rng: np.random.Generator) -> Frames:
    """15 to 30 s of a recording, each series in full, brought to -18 LUFS on average."""
    length_s = 3.0 * min(int(rng.integers(5, 11)), int(frames.duration_s - 5) // 3)
    start_s = float(rng.uniform(2.0, frames.duration_s - length_s - 2.0))
    series: dict[str, Series] = {}
    for aspect in ASPECTS:
        one = frames[aspect.series]
        count = round(length_s * one.rate_hz)
        first = min(max(0, round((start_s - one.start_s) * one.rate_hz)), len(one.values) - count)
        values = np.asarray(one.values[first : first + count], np.float64)
        if aspect.series == "loudness":
            values = np.maximum(values, -60.0)
            values = values - values.mean() - 18.0
        series[aspect.series] = Series(values, one.rate_hz, 0.5 / one.rate_hz)
    return Frames(0.0, length_s, series)


if __name__ == "__main__":
    main()
