"""Sections: where the sound of a recording changes for good, and which stretches sound alike.

What is heard over time (tags, pitch classes, loudness, brightness) is put on one coarse grid, each aspect in units
of a difference that counts as a change. The recording is then cut so that every section is as even in itself as
possible, at a price for each cut (optimal partitioning: Jackson et al., "An algorithm for optimal partitioning of
data on an interval", 2005). Between two neighbours this weighs what Foote's checkerboard novelty weighs under a
linear kernel ("Automatic audio segmentation using a measure of audio novelty", 2000), over whole sections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames, Series

SOURCE = "novelty"

SHORTEST_FILE_S = 20.0
"""Anything shorter is one section."""
SHORTEST_SECTION_S = 8.0
MOST_SECTIONS = 40
"""Longer recordings get longer sections, rather than more of them."""
GRID_S = 0.5
CELLS_IN_SHORTEST = 16
"""The grid has this many cells in the shortest section, so that its size is bounded for any duration."""

CONTRAST_REACH_S = 12.0
"""Confidence: a logistic curve over the contrast of these seconds to either side (`scripts/fit_sections.py`)."""
CONFIDENCE_SLOPE = 1.8
CONFIDENCE_MIDDLE = 1.55
MOST_CONFIDENCE = 0.95
ONE_SECTION_CONFIDENCE = 0.5
"""That nothing changes clearly is seen at every price; how often it is right was not measured."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something heard over time; `clear_change` is the Euclidean distance of `view`ed values that is one unit."""

    series: str
    clear_change: float
    view: Callable[[Doubles], Doubles]


def _root(values: Doubles) -> Doubles:
    return np.sqrt(np.maximum(values, 0.0))


def _shares(values: Doubles) -> Doubles:
    shares: Doubles = values / (np.linalg.norm(values, axis=1, keepdims=True) + 1e-3)
    return shares


def _decibels(values: Doubles) -> Doubles:
    """Level within 20 dB of the loud parts; anything below counts alike, so that a fade is no row of sections."""
    finite = np.nan_to_num(values, nan=-70.0, neginf=-70.0, posinf=0.0)
    loud = np.percentile(finite, 90)
    return np.clip(finite, loud - 20.0, loud)


def _octaves(values: Doubles) -> Doubles:
    return np.log2(np.clip(values, 100.0, 10_000.0))


ASPECTS = (
    Aspect("tags_mtt", 0.5, _root),
    Aspect("tags_msd", 0.5, _root),
    Aspect("chroma", 0.5, _shares),
    Aspect("loudness", 1.5, _decibels),
    Aspect("brightness", 0.5, _octaves),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `scripts/fit_sections.py` weighs against one another on rendered pieces, whose form is known."""

    aspects: tuple[Aspect, ...] = ASPECTS
    cut_price: float = 10.0
    """Squared contrast times seconds that a long section has to save; the shortest has to save twice that."""
    same_label_below: float = 1.1
    """Contrast up to which two stretches sound alike."""


FITTED = Settings()


@dataclass(frozen=True, slots=True)
class Grid:
    """All aspects side by side in cells of `step_s` seconds."""

    values: Doubles  # (cells, dimensions)
    start_s: float
    step_s: float


def estimate_sections(frames: Frames, settings: Settings = FITTED) -> list[Fact]:
    """Facts "section" that cover the recording without gaps; equal values ("A", "B", ...) sound alike."""
    grid = grid_of(frames, settings.aspects)
    spans = spans_of(grid, settings)
    return [
        Fact(
            id=f"section:{number}",
            name="section",
            value=_letter(span.label),
            unit="",
            confidence=round(_confidence(grid, spans, number - 1), 3),
            source=SOURCE,
            start_s=_time_s(frames, grid, span.first),
            end_s=_time_s(frames, grid, span.last),
        )
        for number, span in enumerate(spans, 1)
    ]


def spans_of(grid: Grid, settings: Settings = FITTED) -> list[Span]:
    """Stretches of the grid between changes, with the numbers of their labels."""
    is_short = len(grid.values) * grid.step_s < SHORTEST_FILE_S
    cuts = [0, len(grid.values)] if is_short else cuts_of(grid, settings.cut_price)
    return merged(cuts, labels_of(grid, cuts, settings.same_label_below))


def shortest_section_s(duration_s: float) -> float:
    """Seconds below which no section of a recording goes."""
    return max(SHORTEST_SECTION_S, duration_s / MOST_SECTIONS)


def grid_of(frames: Frames, aspects: Sequence[Aspect] = ASPECTS) -> Grid:
    """All aspects that `frames` have, on the grid that suits their duration."""
    step_s = max(GRID_S, shortest_section_s(frames.duration_s) / CELLS_IN_SHORTEST)
    cells = max(1, round(frames.duration_s / step_s))
    columns = [
        _cells(frames[aspect.series], aspect, frames.start_s, step_s, cells)
        for aspect in aspects
        if aspect.series in frames.series and len(frames[aspect.series].values)
    ]
    values = np.hstack(columns) if columns else np.zeros((cells, 1))
    return Grid(values, frames.start_s, step_s)


def _cells(series: Series, aspect: Aspect, start_s: float, step_s: float, cells: int) -> Doubles:
    """Mean of an aspect in each cell, in units of its clear change, shape (cells, dimensions)."""
    values = np.asarray(series.values, np.float64)
    viewed = aspect.view(values if values.ndim == 2 else values[:, None]) / aspect.clear_change
    # The running integral, read at the edges of the cells, gives their means at any rate.
    edges_s = start_s + step_s * np.arange(cells + 1)
    at = np.clip((edges_s - series.start_s) * series.rate_hz + 0.5, 0.0, len(viewed))
    integral = np.vstack([np.zeros(viewed.shape[1]), np.cumsum(viewed, axis=0)])
    whole = np.minimum(at.astype(int), len(viewed) - 1)
    upto = integral[whole] + (at - whole)[:, None] * viewed[whole]
    width = np.diff(at)
    means = np.diff(upto, axis=0) / np.maximum(width, 1e-9)[:, None]
    cells_of_series: Doubles = np.where(width[:, None] > 1e-6, means, viewed[whole[:-1]])
    return cells_of_series


def cuts_of(grid: Grid, cut_price: float) -> list[int]:
    """Cells at which sections begin, with 0 and the number of cells at the ends."""
    cells = len(grid.values)
    shortest_s = shortest_section_s(cells * grid.step_s)
    shortest = max(1, round(shortest_s / grid.step_s))
    price = cut_price * shortest_s / SHORTEST_SECTION_S / grid.step_s
    sums = np.vstack([np.zeros(grid.values.shape[1]), np.cumsum(grid.values, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((grid.values**2).sum(axis=1))])
    best = np.full(cells + 1, np.inf)
    best[0], came_from = -price, np.zeros(cells + 1, int)
    for end in range(shortest, cells + 1):
        starts = np.arange(0, end - shortest + 1)
        lengths = end - starts
        inside = squares[end] - squares[starts] - ((sums[end] - sums[starts]) ** 2).sum(axis=1) / lengths
        total = best[starts] + inside + price * (1 + shortest / lengths)
        came_from[end] = int(total.argmin())
        best[end] = total[came_from[end]]
    cuts = [cells]
    while cuts[-1] > 0:
        cuts.append(int(came_from[cuts[-1]]))
    return cuts[::-1]


def labels_of(grid: Grid, cuts: list[int], same_below: float) -> list[int]:
    """A number for each stretch between cuts: the nearest two groups join until none are alike any more."""
    lengths = np.diff(cuts).astype(float)
    means = np.array([grid.values[first:last].mean(axis=0) for first, last in pairwise(cuts)])
    groups = [[number] for number in range(len(means))]
    while len(groups) > 1:
        centres = np.array([np.average(means[group], axis=0, weights=lengths[group]) for group in groups])
        distances = np.linalg.norm(centres[:, None] - centres[None], axis=2)
        np.fill_diagonal(distances, np.inf)
        first, second = divmod(int(distances.argmin()), len(groups))
        if distances[first, second] > same_below:
            break
        groups[min(first, second)] += groups.pop(max(first, second))
    order = sorted(groups, key=min)
    return [next(i for i, group in enumerate(order) if number in group) for number in range(len(means))]


@dataclass(frozen=True, slots=True)
class Span:
    """Cells `first` to `last` (not included) with the number of their label."""

    first: int
    last: int
    label: int


def merged(cuts: list[int], labels: list[int]) -> list[Span]:
    """Spans between cuts; neighbours with one label become one."""
    spans: list[Span] = []
    for (first, last), label in zip(pairwise(cuts), labels, strict=True):
        if spans and spans[-1].label == label:
            spans[-1] = Span(spans[-1].first, last, label)
        else:
            spans.append(Span(first, last, label))
    return spans


def contrast(grid: Grid, spans: list[Span], place: int) -> float:
    """Clear changes between what lies just before and just after the start of span `place`."""
    reach = max(1, round(CONTRAST_REACH_S / grid.step_s))
    before, after = spans[place - 1], spans[place]
    left = grid.values[max(before.first, before.last - reach) : before.last]
    right = grid.values[after.first : min(after.last, after.first + reach)]
    return float(np.linalg.norm(left.mean(axis=0) - right.mean(axis=0)))


def _confidence(grid: Grid, spans: list[Span], place: int) -> float:
    """Mean probability of the cuts at the ends of a span; that of a single section is the convention's own."""
    ends = [end for end in (place, place + 1) if 0 < end < len(spans)]
    if not ends:
        return ONE_SECTION_CONFIDENCE
    odds = [CONFIDENCE_SLOPE * (contrast(grid, spans, end) - CONFIDENCE_MIDDLE) for end in ends]
    return min(MOST_CONFIDENCE, float(np.mean(1.0 / (1.0 + np.exp(-np.array(odds))))))


def _time_s(frames: Frames, grid: Grid, cell: int) -> float:
    """Seconds at the edge of a cell; the last edge is the end of the recording."""
    return round(frames.end_s if cell >= len(grid.values) else grid.start_s + cell * grid.step_s, 3)


def _letter(label: int) -> str:
    """A, B, ... Z, A2, B2, ..."""
    lap, letter = divmod(label, 26)
    return chr(ord("A") + letter) + (str(lap + 1) if lap else "")
