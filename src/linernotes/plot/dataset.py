"""What is in a data set, drawn: words a caption, the most frequent tags, clips and hours of each split."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linernotes.building.statistics import Statistics
from linernotes.plot import DOTS_PER_INCH, SIZE_PT, SUFFIXES
from linernotes.plot.paper import INK, OKABE_ITO
from linernotes.registry import need_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_IN = (11.0, 3.6)


def plot_statistics(found: Statistics, title: str, path_out: str | os.PathLike[str]) -> Path:
    """Draw three panels to a PNG or SVG file.

    Raises:
        ValueError: another suffix.
        MissingExtraError: matplotlib is not installed.
    """
    path = Path(path_out)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{str(path)!r}: a picture can be {' or '.join(SUFFIXES)}")
    matplotlib = need_extra("matplotlib", "plot")
    need_extra("matplotlib.figure", "plot")
    settings: dict[str, Any] = {
        "font.size": SIZE_PT,
        "svg.hashsalt": "linernotes",
        "text.parse_math": False,
    }
    with matplotlib.rc_context(settings):
        figure = matplotlib.figure.Figure(figsize=SIZE_IN, facecolor="white", layout="constrained")
        words, tags, splits = figure.subplots(1, 3)
        _draw_words(words, found)
        _draw_tags(tags, found)
        _draw_splits(splits, found)
        figure.suptitle(f"{title}: {found.whole.clips:,} clips, {found.whole.hours:,.1f} h", color=INK)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata=metadata)
    return path


def _draw_words(axes: Axes, found: Statistics) -> None:
    axes.bar(
        list(found.captions_by_words), list(found.captions_by_words.values()), width=1.0, color=OKABE_ITO[0]
    )
    axes.set_xlabel("words")
    axes.set_title(f"{found.whole.captions:,} captions", fontsize=SIZE_PT, color=INK)


def _draw_tags(axes: Axes, found: Statistics) -> None:
    names = list(found.top_tags)[::-1]
    axes.barh(names, [found.top_tags[name] for name in names], color=OKABE_ITO[1])
    axes.set_title(f"most frequent of {found.tags:,} tags", fontsize=SIZE_PT, color=INK)


def _draw_splits(axes: Axes, found: Statistics) -> None:
    counts = [each.clips for each in found.splits.values()]
    bars = axes.bar(list(found.splits), counts, color=OKABE_ITO[2])
    axes.bar_label(bars, [f"{each.clips:,}\n{each.hours:,.1f} h" for each in found.splits.values()])
    axes.margins(y=0.2)
    axes.set_title("clips and hours of each split", fontsize=SIZE_PT, color=INK)
