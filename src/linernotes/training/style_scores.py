"""Style F1 and CIDEr-D of the rows of a grid, with intervals over clips, and what one row has over another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from linernotes.metrics.cider import cider_d
from linernotes.metrics.score import Score, derange, paired_differences
from linernotes.metrics.singing_style import style_f1, style_in_text
from linernotes.training.ablation import Found, Grid, Row


@dataclass(frozen=True, slots=True)
class Gain:
    """How much more a row reaches than another: the difference and its 95 % interval, paired over clips."""

    metric: str
    value: float
    low: float
    high: float


def speaks_of_singing(grid: Grid) -> bool:
    """Whether the captions of all rows are known, and their references say how somebody sings."""
    if not all(found.captions for row in grid.rows for found in row.found):
        return False
    return any(style_in_text(text) for texts in grid.references.values() for text in texts)


def style_of(found: Found, grid: Grid) -> Score:
    """Singing style F1 of what one run wrote."""
    return style_f1(found.captions, grid.references)


def shuffled_style(grid: Grid) -> float:
    """The best that any row's captions reach on clips that are not theirs."""
    runs = [found for row in grid.rows for found in row.found]
    return max(style_f1(derange(found.captions), grid.references).corpus for found in runs)


def constant_style(grid: Grid) -> float:
    """What the constant caption of the grid reaches."""
    return style_f1(dict.fromkeys(grid.references, grid.constant.caption), grid.references).corpus


def gains(row: Row, over: Row, grid: Grid) -> list[Gain]:
    """What `row` has over another with the first seed of both: CIDEr-D and style F1."""
    ours, theirs = row.found[0].captions, over.found[0].captions
    metrics: Mapping[str, tuple[Score, Score]] = {
        "CIDEr-D": (cider_d(ours, grid.references), cider_d(theirs, grid.references)),
        "style F1": (style_f1(ours, grid.references), style_f1(theirs, grid.references)),
    }
    found = []
    for name, (one, two) in metrics.items():
        told = paired_differences([one], [two])[0]
        found.append(Gain(name, told.value, told.low, told.high))
    return found
