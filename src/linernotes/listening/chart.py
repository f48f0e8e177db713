"""Stacked bars of wins, ties and losses, one panel a question, as in LP-MusicCaps' figure 2."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linernotes.listening import ASPECTS
from linernotes.listening.report import ListeningReport
from linernotes.listening.tally import Tally
from linernotes.plot import DOTS_PER_INCH, SUFFIXES
from linernotes.plot.paper import FAINT, INK, drawable, families
from linernotes.registry import need_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"win": "#0072B2", "tie": "#cfcfcf", "loss": "#E69F00"}
INKS = {"win": "white", "tie": INK, "loss": INK}
"""Okabe and Ito's blue and orange, told apart by every kind of colour vision."""
WIDTH_IN, BAR_IN, HEAD_IN = 10.0, 0.52, 1.5
NARROWEST_LABEL = 0.06
NAME_COLUMNS = 22


def check_chart(path: Path) -> None:
    """Find out before any work whether a chart can be drawn to `path`.

    Raises:
        ValueError: another suffix than .png and .svg.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{str(path)!r}: a chart can be {' or '.join(SUFFIXES)}")
    need_extra("matplotlib.figure", "plot")


def plot_report(report: ListeningReport, path: Path) -> None:
    """Draw the report's bars to a PNG or SVG file.

    Raises:
        ValueError: nobody has answered yet, or another suffix.
        MissingExtraError: matplotlib is not installed.
    """
    check_chart(path)
    if not report.tallies:
        raise ValueError("nobody has answered yet: there is nothing to draw")
    matplotlib = need_extra("matplotlib", "plot")
    figures = need_extra("matplotlib.figure", "plot")
    settings: dict[str, Any] = {
        "font.size": 10,
        "font.family": families(),
        "svg.hashsalt": "linernotes",
        "text.parse_math": False,
    }
    rows = max(sum(tally.aspect == aspect.key for tally in report.tallies) for aspect in ASPECTS)
    with matplotlib.rc_context(settings):
        figure = figures.Figure(
            figsize=(WIDTH_IN, HEAD_IN + BAR_IN * rows), facecolor="white", layout="constrained"
        )
        panels = figure.subplots(1, len(ASPECTS), sharey=True)
        for panel, aspect in zip(panels, ASPECTS, strict=True):
            panel.set_title(aspect.label, color=INK, fontsize=11, weight="bold", loc="left")
            _draw(panel, [tally for tally in report.tallies if tally.aspect == aspect.key])
        handles, _ = panels[0].get_legend_handles_labels()
        labels = ["method wins", "tie", "person wins (lines: 95 % intervals of win, and of win + tie)"]
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata=metadata)


def _draw(axes: Axes, tallies: Sequence[Tally]) -> None:
    for row, tally in enumerate(tallies):
        left = 0.0
        for outcome, share in (("win", tally.win), ("tie", tally.tie), ("loss", tally.loss)):
            label = outcome if row == 0 else None
            axes.barh(row, share.value, left=left, height=0.62, color=COLOURS[outcome], label=label)
            if share.value >= NARROWEST_LABEL:
                axes.text(left + share.value / 2, row, f"{100 * share.value:.0f}", ha="center", va="center",
                          color=INKS[outcome], fontsize=9)  # fmt: skip
            left += share.value
        for share, down in ((tally.win, 0.36), (tally.win_or_tie, 0.42)):
            if share.ci95 is not None:
                error = [[share.value - share.ci95.low], [share.ci95.high - share.value]]
                axes.errorbar(share.value, row + down, xerr=error, color=INK, capsize=2, linewidth=1)
    names = [
        f"{textwrap.shorten(drawable(tally.method), NAME_COLUMNS, placeholder='…')}\nn = {tally.answers}"
        for tally in tallies
    ]
    axes.set_yticks(range(len(tallies)), names)
    axes.set_ylim(len(tallies) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axes.axvline(0.5, color=INK, linewidth=0.8, linestyle=":")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(length=0, colors=INK)
