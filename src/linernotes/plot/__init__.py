"""A picture of the notes: waveform, loudness, sections, tempo, key and chords, tags and voice over one time axis.

Needs matplotlib (the [plot] extra), which is imported only when something is drawn. Colours are those of Okabe and
Ito and of the map cividis, which stay apart for every kind of colour vision.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linernotes.clip import Notes
from linernotes.features.frames import Frames
from linernotes.plot import content
from linernotes.plot.paper import (
    CHORD_COLOUR,
    DARK,
    FAINT,
    INK,
    KIND,
    OKABE_ITO,
    SPOKEN,
    SUNG,
    drawable,
    families,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")
WIDTH_IN = 11.0
LEFT_IN, RIGHT_IN, GAP_IN = 1.5, 0.35, 0.14
DOTS_PER_INCH = 150
TITLE_COLUMNS, CAPTION_COLUMNS, CAPTION_LINES = 92, 138, 5
LONGEST_TITLE = 170

SIZE_PT = 8.5


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of the picture: its name, its height in inches and what draws it."""

    name: str
    height_in: float
    draw: Callable[[Axes], None]


def plot_notes(notes: Notes, frames: Frames, path_out: str | os.PathLike[str]) -> Path:
    """Draw `notes`, with the series they rest on, to a PNG or SVG file, by the suffix of `path_out`.

    Notes with a long description become a page on which time runs down, with the sentences beside it.
    """
    path = Path(path_out)
    check_suffix(path)
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError(
            "drawing needs matplotlib, which is not installed: pip install 'linernotes[plot]'"
        ) from error
    settings: Any = {
        "font.size": SIZE_PT,
        "font.family": families(),
        "svg.hashsalt": "linernotes",
        "text.parse_math": False,  # a name with two dollar signs is no formula
    }
    with matplotlib.rc_context(settings):
        if notes.description is None:
            figure = _figure(notes, _lanes(notes, frames))
        else:
            from linernotes.plot.time_line import time_line_figure

            figure = time_line_figure(notes, frames)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata=metadata)
    return path


def check_suffix(path: Path) -> None:
    """Raise `ValueError` unless `path` names a kind of picture that can be written."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"{str(path)!r}: a picture can be {' or '.join(SUFFIXES)}; give it one of these suffixes"
        )


def _lanes(notes: Notes, frames: Frames) -> list[Lane]:
    """The rows for which there is something to show, from top to bottom."""
    lanes: list[Lane] = []
    if len(outline := content.outline(frames)):
        lanes.append(Lane("waveform", 0.7, lambda axes: _draw_outline(axes, outline)))
    if len(envelope := content.envelope(frames)):
        lanes.append(Lane("loudness\n(LUFS)", 0.6, lambda axes: _draw_loudness(axes, envelope)))
    if sections := content.sections(notes):
        lanes.append(Lane("sections", 0.3, lambda axes: _draw_sections(axes, sections)))
    if tempos := content.tempos(notes):
        lanes.append(Lane("tempo\n(BPM)", 0.6, lambda axes: _draw_tempo(axes, tempos)))
    if keys := content.keys(notes):
        lanes.append(Lane("key", 0.26, lambda axes: _draw_keys(axes, keys)))
    if chords := content.chords(notes):
        rows = content.roots_by_fifths(chords)
        height = 0.14 * len(rows) + 0.1
        lanes.append(Lane("chords", height, lambda axes: _draw_chords(axes, chords, rows)))
    if content.may_be_music(notes) and (tags := content.top_tags(frames)):
        height = 0.15 * len(tags.names) + 0.05
        lanes.append(Lane("tags", height, lambda axes: _draw_tags(axes, tags)))
    if len(voice := content.voice(frames)):
        lanes.append(Lane("voice", 0.5, lambda axes: _draw_voice(axes, voice)))
    return lanes


def _figure(notes: Notes, lanes: list[Lane]) -> Figure:
    from matplotlib.figure import Figure

    name = content.shortened(drawable(content.printable_name(notes.audio.path)), LONGEST_TITLE)
    title = textwrap.wrap(name, TITLE_COLUMNS)
    caption = textwrap.wrap(drawable(notes.caption.text), CAPTION_COLUMNS)
    if len(caption) > CAPTION_LINES:
        caption = [*caption[: CAPTION_LINES - 1], caption[CAPTION_LINES - 1][: CAPTION_COLUMNS - 2] + " …"]
    head_in = 0.3 + 0.21 * len(title) + 0.165 * len(caption)
    height_in = head_in + sum(lane.height_in + GAP_IN for lane in lanes) + 0.45
    figure = Figure(figsize=(WIDTH_IN, height_in), facecolor="white")
    top_in = height_in - 0.16
    for number, line in enumerate([*title, *caption]):
        style: Any = {"fontsize": 12, "weight": "bold"} if number < len(title) else {"fontsize": 9}
        figure.text(0.1 / WIDTH_IN, top_in / height_in, line, va="top", color=INK, **style)
        top_in -= 0.21 if number < len(title) else 0.165
    _stack(figure, lanes, notes.audio.duration_s, (height_in - head_in) / height_in)
    return figure


def _stack(figure: Figure, lanes: list[Lane], duration_s: float, top: float) -> None:
    """Place the lanes below one another with one time axis, and let each draw itself."""
    width_in, height_in = figure.get_size_inches()
    bottom_in = top * height_in
    left, width = LEFT_IN / width_in, (width_in - LEFT_IN - RIGHT_IN) / width_in
    for place, lane in enumerate(lanes):
        bottom_in -= lane.height_in
        axes = figure.add_axes((left, bottom_in / height_in, width, lane.height_in / height_in))
        bottom_in -= GAP_IN
        axes.set_xlim(0.0, duration_s)
        _plain(axes, is_last=place == len(lanes) - 1)
        axes.set_xticks(content.time_ticks(duration_s), minor=False)
        lane.draw(axes)
        axes.set_xlim(0.0, duration_s)
        figure.text(0.1 / width_in, axes.get_position().y0 + lane.height_in / height_in / 2, lane.name,
                    va="center", ha="left", weight="bold", color=INK)  # fmt: skip


def _plain(axes: Axes, *, is_last: bool) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(axis="both", length=2, color=FAINT, labelcolor=INK, labelbottom=is_last)
    axes.xaxis.set_major_formatter(lambda seconds, _: content.clock(seconds))
    if is_last:
        axes.set_xlabel("time", color=INK)


def _draw_outline(axes: Axes, outline: np.ndarray) -> None:
    times, low, high = outline.T
    axes.fill_between(times, low, high, color="#444444", linewidth=0)
    reach = max(0.05, float(np.abs(outline[:, 1:]).max()))
    axes.set_ylim(-reach, reach)
    axes.set_yticks([])


def _draw_loudness(axes: Axes, points: np.ndarray) -> None:
    floor = content.QUIETEST_LUFS
    axes.fill_between(points[:, 0], floor, points[:, 1], color="#0072B2", alpha=0.75, linewidth=0)
    axes.set_ylim(floor, max(-5.0, float(points[:, 1].max()) + 2))
    axes.set_yticks([-50, -30, -10])


def _draw_sections(axes: Axes, spans: list[content.Span]) -> None:
    labels = list(dict.fromkeys(span.text for span in spans))
    for span in spans:
        lap, colour = divmod(labels.index(span.text), len(OKABE_ITO))
        axes.barh(0, span.end_s - span.start_s, left=span.start_s, height=1, color=OKABE_ITO[colour],
                  edgecolor="white", linewidth=1, hatch=("", "///", "...", "xxx")[lap % 4])  # fmt: skip
        ink = "white" if OKABE_ITO[colour] in DARK else INK
        behind = {"facecolor": OKABE_ITO[colour], "edgecolor": "none", "pad": 1.5} if lap else None
        _label(axes, span, 0.0, weight="bold", color=ink, bbox=behind)
    axes.set_ylim(-0.5, 0.5)
    axes.set_yticks([])


def _draw_tempo(axes: Axes, tempos: list[content.Level]) -> None:
    values = [level.value for level in tempos]
    middle, half = (max(values) + min(values)) / 2, max(12.0, 0.65 * (max(values) - min(values)))
    for level in tempos:
        axes.hlines(level.value, level.start_s, level.end_s, color="#009E73", linewidth=2)
        text = content.Span(level.start_s, level.end_s, f"{level.value:.0f}")
        _label(axes, text, level.value + 0.06 * half, va="bottom", fontsize=7)
    for one, other in pairwise(tempos):
        if abs(one.end_s - other.start_s) < 1.0:
            axes.plot([other.start_s] * 2, [one.value, other.value], color="#009E73", linewidth=0.7)
    axes.set_ylim(middle - half, middle + 1.6 * half)  # room for numbers above the highest line
    ticks = content.round_ticks(middle - half, middle + half)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.grid(axis="y", color=FAINT, linewidth=0.4)


def _draw_keys(axes: Axes, spans: list[content.Span]) -> None:
    for number, span in enumerate(spans):
        axes.barh(0, span.end_s - span.start_s, left=span.start_s, height=1, edgecolor="white", linewidth=1,
                  color=("#dddddd", "#c4c4c4")[number % 2])  # fmt: skip
        _label(axes, span, 0.0)
    axes.set_ylim(-0.5, 0.5)
    axes.set_yticks([])


def _draw_chords(axes: Axes, chords: list[content.Chord], rows: list[str]) -> None:
    # One artist for all chords of a row and colour: ten hours hold tens of thousands of chords.
    for row, third in {(rows.index(chord.root), chord.third): None for chord in chords}:
        alike = [chord for chord in chords if rows.index(chord.root) == row and chord.third == third]
        spans = [(chord.start_s, chord.end_s - chord.start_s) for chord in alike]
        axes.broken_barh(spans, (row - 0.41, 0.82), facecolor=CHORD_COLOUR[third], linewidth=0)
        for chord in alike:
            label = content.Span(chord.start_s, chord.end_s, chord.name)
            _label(axes, label, row, fontsize=7, color="white" if third == "minor" else INK)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(axis="y", color=FAINT, linewidth=0.3)
    axes.set_axisbelow(True)
    present = {chord.third for chord in chords}
    _legend(axes, {KIND[third]: colour for third, colour in CHORD_COLOUR.items() if third in present})


def _draw_tags(axes: Axes, tags: content.Tags) -> None:
    rows = len(tags.names)
    image: Any = axes.imshow(tags.probabilities.T, aspect="auto", origin="upper", cmap="cividis", vmin=0.0,
                             vmax=max(0.4, float(tags.probabilities.max())), interpolation="nearest",
                             extent=(tags.start_s, tags.end_s, rows - 0.5, -0.5))  # fmt: skip
    axes.set_yticks(range(rows), [drawable(name) for name in tags.names])
    low, high = image.get_clim()
    axes.text(1.003, 1.0, f"{high:.1f}", transform=axes.transAxes, va="top", fontsize=7)
    axes.text(1.003, 0.0, f"{low:.1f}", transform=axes.transAxes, va="bottom", fontsize=7)
    scale = axes.inset_axes((1.006, 0.22, 0.008, 0.56))
    scale.imshow(np.linspace(1, 0, 64)[:, None], aspect="auto", cmap="cividis")
    scale.set_axis_off()


def _draw_voice(axes: Axes, voice: np.ndarray) -> None:
    times, sung, spoken = voice.T
    axes.fill_between(times, 0, sung, color=SUNG, linewidth=0, step="mid")
    axes.fill_between(times, 0, -spoken, color=SPOKEN, linewidth=0, step="mid")
    axes.axhline(0, color=FAINT, linewidth=0.6)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-0.5, 0.5], ["spoken", "sung"])


def _label(axes: Axes, span: content.Span, y: float, **style: Any) -> None:
    """Write the text of a span into it, or its short form, if that fits there."""
    inches_a_second = (WIDTH_IN - LEFT_IN - RIGHT_IN) / (axes.get_xlim()[1] - axes.get_xlim()[0])
    size_pt = float(style.setdefault("fontsize", SIZE_PT))
    style = {"color": INK, "va": "center_baseline", **style}
    room_in = (span.end_s - span.start_s) * inches_a_second - 0.06
    fitting = [
        text for text in (span.text, span.short) if text and content.text_width_in(text, size_pt) < room_in
    ]
    if fitting:
        middle = (span.start_s + span.end_s) / 2
        axes.text(middle, y, fitting[0], ha="center", clip_on=True, **style)


def _legend(axes: Axes, colours: dict[str, str]) -> None:
    """Coloured words at the upper right, outside the data."""
    for place, (name, colour) in enumerate(colours.items()):
        axes.text(-0.142, 0.24 - 0.14 * place, name, color=colour, transform=axes.transAxes, fontsize=7)
