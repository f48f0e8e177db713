"""How each metric's values are spread over the clips, beside those of the same captions shuffled."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linernotes.evaluation import ClipValues, Report
from linernotes.plot import DOTS_PER_INCH, SIZE_PT, SUFFIXES
from linernotes.plot.paper import FAINT, INK, OKABE_ITO
from linernotes.registry import need_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
BINS = 30
PANEL_IN = (3.4, 2.1)
TOP_PERCENTILE = 99.5
"""Where an axis ends: single clips of a high score would push all others together."""


def plot_distributions(report: Report, path_out: str | os.PathLike[str]) -> Path:
    """Draw a histogram for every metric that has values per clip, to a PNG or SVG file.

    Raises:
        ValueError: another suffix, or no metric has values per clip.
        MissingExtraError: matplotlib is not installed.
    """
    path = Path(path_out)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{str(path)!r}: a picture can be {' or '.join(SUFFIXES)}")
    if not report.per_clip:
        raise ValueError("no metric of this report has values per clip to draw")
    matplotlib = need_extra("matplotlib", "plot")
    need_extra("matplotlib.figure", "plot")
    settings: dict[str, Any] = {"font.size": SIZE_PT, "svg.hashsalt": "linernotes"}
    with matplotlib.rc_context(settings):
        rows = math.ceil(len(report.per_clip) / COLUMNS)
        size = (PANEL_IN[0] * COLUMNS, PANEL_IN[1] * rows + 0.5)
        figure = matplotlib.figure.Figure(figsize=size, facecolor="white", layout="constrained")
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        labels = {result.metric.key: result.metric.label for result in report.results}
        for panel, (key, values) in zip(panels, report.per_clip.items(), strict=False):
            _draw(panel, labels[key], values)
        for panel in panels[len(report.per_clip) :]:
            panel.set_axis_off()
        panels[0].legend(frameon=False)
        figure.suptitle(f"n = {report.n}, profile {report.profile.name}", color=INK)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata=metadata)
    return path


def _draw(axes: Axes, label: str, values: ClipValues) -> None:
    sides = [("predicted", values.predicted, OKABE_ITO[0])]
    if values.shuffled is not None:
        sides.append(("shuffled", values.shuffled, OKABE_ITO[1]))
    together = np.concatenate([side[np.isfinite(side)] for _, side, _ in sides])
    top = float(np.percentile(together, TOP_PERCENTILE)) if together.size else 0.0
    edges = np.linspace(0.0, top or 1.0, BINS + 1).tolist()
    for name, side, colour in sides:
        axes.hist(
            np.minimum(side[np.isfinite(side)], edges[-1]), bins=edges, color=colour, alpha=0.6, label=name
        )
        if np.isfinite(side).any():
            axes.axvline(float(np.nanmean(side)), color=colour, linewidth=1.2)
    axes.set_title(f"{label}; lines: mean clip", fontsize=SIZE_PT, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, length=2)
    axes.grid(axis="x", color=FAINT, linewidth=0.3)
