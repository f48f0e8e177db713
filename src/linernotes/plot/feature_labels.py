"""How often each class is present and absent in an annotated data set, and how much is unknown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linernotes.building.annotate.report import Report
from linernotes.plot import DOTS_PER_INCH, SIZE_PT, check_suffix
from linernotes.plot.paper import INK, OKABE_ITO
from linernotes.registry import need_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_IN = (13.0, 5.6)
MOST_CLASSES = 24
"""The most frequent classes of a head that are drawn."""


def plot_labels(report: Report, path_out: str | os.PathLike[str]) -> Path:
    """Draw a panel a head to a PNG or SVG file.

    Raises:
        ValueError: another suffix.
        MissingExtraError: matplotlib is not installed.
    """
    path = Path(path_out)
    check_suffix(path)
    matplotlib = need_extra("matplotlib", "plot")
    need_extra("matplotlib.figure", "plot")
    settings: dict[str, Any] = {
        "font.size": SIZE_PT,
        "svg.hashsalt": "linernotes",
        "text.parse_math": False,
    }
    with matplotlib.rc_context(settings):
        figure = matplotlib.figure.Figure(figsize=SIZE_IN, facecolor="white", layout="constrained")
        panels = figure.subplots(1, len(report.classes))
        for axes, head in zip(panels, report.classes, strict=True):
            _draw_head(axes, report, head)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False)
        figure.suptitle(f"{report.source}: labels of {report.annotated:,} clips", color=INK)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata=metadata)
    return path


def _draw_head(axes: Axes, report: Report, head: str) -> None:
    told = {name: count for name, count in report.classes[head].items() if count.present or count.absent}
    names = sorted(told, key=lambda name: (told[name].present, told[name].absent))[-MOST_CLASSES:]
    present = [told[name].present for name in names]
    axes.barh(names, present, color=OKABE_ITO[0], label="present")
    axes.barh(names, [-told[name].absent for name in names], color=OKABE_ITO[1], label="absent (to the left)")
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    left_out = len(told) - len(names)
    axes.set_title(f"{head}{f', {left_out} more' if left_out else ''}", fontsize=SIZE_PT, color=INK)
    axes.set_xlabel("clips")
