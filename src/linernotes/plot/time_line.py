"""The long description as a picture: time runs down, what was measured stands in columns, the sentences beside it.

Of any recording it makes one page that is as tall as its sentences need: each stands next to its time, moved down
only where the one before takes the room, with a line that leads to it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from linernotes.clip import Moment, Notes
from linernotes.export import clock
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
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT_IN, TEXT_COLUMNS, TEXT_PT = 5.4, 80, 8.5
LINE_IN, BETWEEN_IN = 0.155, 0.1
LEFT_IN, GAP_IN, LEADER_IN, RIGHT_IN = 0.62, 0.13, 0.35, 0.1
LEAST_HEIGHT_IN, FOOT_IN, NAMES_IN, TITLE_LINE_IN = 4.2, 0.95, 0.95, 0.21
SMALL_PT = 7.0
ROW_IN = 0.15
SAME_TEMPO = 0.02


@dataclass(frozen=True, slots=True)
class Column:
    """One strip of the picture: its name, its width in inches and what draws it."""

    name: str
    width_in: float
    draw: Callable[[Axes], None]


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of a moment and where they stand: inches from the top of the columns."""

    moment: Moment
    lines: tuple[str, ...]
    top_in: float = 0.0

    @property
    def height_in(self) -> float:
        """How much room it takes."""
        return LINE_IN * len(self.lines) + BETWEEN_IN


def time_line_figure(notes: Notes, frames: Frames, title_columns: int = 100) -> Figure:
    """The page, ready to be saved; `notes` have a description."""
    from matplotlib.figure import Figure

    assert notes.description is not None
    blocks = [Block(moment, _lines(moment)) for moment in notes.description.moments]
    body_in = max(LEAST_HEIGHT_IN, sum(block.height_in for block in blocks))
    columns = _columns(notes, frames)
    title = textwrap.wrap(drawable(content.printable_name(notes.audio.path)), title_columns)[:2]
    head_in = 0.2 + TITLE_LINE_IN * len(title) + NAMES_IN
    height_in = head_in + body_in + FOOT_IN
    width_in = LEFT_IN + sum(one.width_in + GAP_IN for one in columns) + LEADER_IN + TEXT_IN + RIGHT_IN
    figure = Figure(figsize=(width_in, height_in), facecolor="white")
    for number, line in enumerate(title):
        down_in = 0.12 + TITLE_LINE_IN * number
        figure.text(
            0.1 / width_in, 1 - down_in / height_in, line, va="top", fontsize=12, weight="bold", color=INK
        )
    bottom, body = FOOT_IN / height_in, body_in / height_in
    left_in = LEFT_IN
    for place, column in enumerate(columns):
        axes = figure.add_axes((left_in / width_in, bottom, column.width_in / width_in, body))
        _prepare(axes, notes, column.name, is_first=place == 0)
        column.draw(axes)
        _rule(axes, notes)
        left_in += column.width_in + GAP_IN
    right = figure.add_axes((left_in / width_in, bottom, (LEADER_IN + TEXT_IN) / width_in, body))
    _write(right, stacked(blocks, body_in, notes.audio.duration_s), body_in, notes.audio.duration_s)
    return figure


def _lines(moment: Moment) -> tuple[str, ...]:
    """The moment's text, with its time before it unless it begins with that."""
    text, time = drawable(" ".join(moment.text.split())), clock(moment.start_s)
    is_named = time in text[: len(time) + len("From about ")]
    return tuple(textwrap.wrap(text if is_named else f"{time}  {text}", TEXT_COLUMNS))


def stacked(blocks: Sequence[Block], body_in: float, duration_s: float) -> list[Block]:
    """Blocks as near to their times as they can stand without lying over one another or below the end."""
    placed: list[Block] = []
    for block in blocks:
        wanted_in = body_in * block.moment.start_s / max(duration_s, 1e-9)
        above_in = placed[-1].top_in + placed[-1].height_in if placed else 0.0
        placed.append(replace(block, top_in=max(wanted_in, above_in)))
    below_in = body_in
    for place in range(len(placed) - 1, -1, -1):
        top_in = min(placed[place].top_in, below_in - placed[place].height_in)
        placed[place] = replace(placed[place], top_in=max(0.0, top_in))
        below_in = placed[place].top_in
    return placed


def _write(axes: Axes, blocks: Sequence[Block], body_in: float, duration_s: float) -> None:
    """The sentences, each led to from its time."""
    axes.set_xlim(0, LEADER_IN + TEXT_IN)
    axes.set_ylim(body_in, 0)
    axes.set_axis_off()
    for block in blocks:
        time_in = body_in * block.moment.start_s / max(duration_s, 1e-9)
        at_in = block.top_in + 0.6 * LINE_IN
        knots = [-0.1, 0.04, LEADER_IN - 0.1, LEADER_IN - 0.04]
        axes.plot(knots, [time_in, time_in, at_in, at_in], color=FAINT, linewidth=0.8, clip_on=False)
        for number, line in enumerate(block.lines):
            axes.text(LEADER_IN, block.top_in + LINE_IN * (number + 0.6), line, fontsize=TEXT_PT, color=INK,
                      va="center", ha="left")  # fmt: skip


def _columns(notes: Notes, frames: Frames) -> list[Column]:
    """The strips for which there is something to show, from left to right."""
    columns: list[Column] = []
    if len(envelope := content.envelope(frames)):
        columns.append(Column("loudness\n(LUFS)", 0.6, lambda axes: _draw_loudness(axes, envelope)))
    if sections := content.sections(notes):
        columns.append(Column("section", 0.36, lambda axes: _draw_sections(axes, sections)))
    if tempos := _joined(content.tempos(notes)):
        columns.append(Column("tempo\n(BPM)", 0.75, lambda axes: _draw_tempo(axes, tempos)))
    if keys := content.keys(notes):
        columns.append(Column("key", 0.3, lambda axes: _draw_keys(axes, keys)))
    if chords := content.chords(notes):
        roots = content.roots_by_fifths(chords)
        width_in = ROW_IN * len(roots) + 0.06
        columns.append(Column("chords", max(0.6, width_in), lambda axes: _draw_chords(axes, chords, roots)))
    if content.may_be_music(notes) and (tags := content.top_tags(frames)):
        width_in = ROW_IN * len(tags.names)
        columns.append(Column("tags", max(0.3, width_in), lambda axes: _draw_tags(axes, tags)))
    if len(voice := content.voice(frames)):
        columns.append(Column("voice", 0.55, lambda axes: _draw_voice(axes, voice)))
    return columns


def _prepare(axes: Axes, notes: Notes, name: str, *, is_first: bool) -> None:
    duration_s = notes.audio.duration_s
    axes.set_ylim(duration_s, 0.0)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(FAINT)
    axes.tick_params(
        axis="both", length=2, color=FAINT, labelcolor=INK, labelleft=is_first, labelsize=SMALL_PT
    )
    axes.set_yticks(content.time_ticks(duration_s))
    axes.yaxis.set_major_formatter(lambda seconds, _: content.clock(seconds))
    axes.set_xticks([])
    _below(axes, 0, name, weight="bold", fontsize=SMALL_PT + 0.5)


def _below(axes: Axes, row: int, text: str, **style: Any) -> None:
    """Write under a column."""
    style = {"color": INK, "fontsize": SMALL_PT - 0.5, **style}
    down = -(0.3 + 0.13 * row) / _height_in(axes)
    axes.text(0.5, down, text, transform=axes.transAxes, va="top", ha="center", **style)


def _height_in(axes: Axes) -> float:
    figure = axes.figure
    return float(axes.get_position().height * figure.get_size_inches()[1])  # type: ignore[union-attr]


def _rule(axes: Axes, notes: Notes) -> None:
    """A faint line across the column at every moment that the text tells of."""
    assert notes.description is not None
    for moment in notes.description.moments[1:]:
        axes.axhline(moment.start_s, color=INK, linewidth=0.4, alpha=0.35)


def _names_on_top(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=SMALL_PT)
    axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, length=0, pad=2)


def _draw_loudness(axes: Axes, points: np.ndarray) -> None:
    floor = content.QUIETEST_LUFS
    axes.fill_betweenx(points[:, 0], floor, points[:, 1], color="#0072B2", alpha=0.75, linewidth=0)
    axes.set_xlim(floor, max(-5.0, float(points[:, 1].max()) + 2))
    axes.set_xticks([-40, -20], ["-40", "-20"])
    axes.tick_params(axis="x", top=False, bottom=True, labelbottom=True, pad=1)


def _draw_sections(axes: Axes, spans: Sequence[content.Span]) -> None:
    labels = list(dict.fromkeys(span.text for span in spans))
    for span in spans:
        lap, colour = divmod(labels.index(span.text), len(OKABE_ITO))
        paint = OKABE_ITO[colour]
        axes.bar(0, span.end_s - span.start_s, bottom=span.start_s, width=1, color=paint, edgecolor="white",
                 linewidth=1, hatch=("", "///", "...", "xxx")[lap % 4])  # fmt: skip
        behind = {"facecolor": paint, "edgecolor": "none", "pad": 1.0} if lap else None
        _inside(axes, 0, span, color="white" if paint in DARK else INK, weight="bold", bbox=behind)
    axes.set_xlim(-0.5, 0.5)


def _joined(levels: Sequence[content.Level]) -> list[content.Level]:
    """Neighbours of nearly one tempo as one stretch, with the tempo of the longest."""
    joined: list[content.Level] = []
    for level in levels:
        last = joined[-1] if joined else None
        if last and level.start_s - last.end_s < 1.0 and abs(level.value / last.value - 1) < SAME_TEMPO:
            longest = max(last, level, key=lambda one: one.end_s - one.start_s)
            joined[-1] = content.Level(last.start_s, level.end_s, longest.value)
        else:
            joined.append(level)
    return joined


def _draw_tempo(axes: Axes, tempos: Sequence[content.Level]) -> None:
    values = [level.value for level in tempos]
    middle, half = (max(values) + min(values)) / 2, max(12.0, 0.75 * (max(values) - min(values)))
    axes.set_xlim(middle - half, middle + 2.2 * half)  # room for numbers to the right of every line
    for level in tempos:
        axes.vlines(level.value, level.start_s, level.end_s, color="#009E73", linewidth=2)
        span = content.Span(level.start_s, level.end_s, f"{level.value:.0f}")
        _inside(axes, level.value + 0.12 * half, span, ha="left", fontsize=SMALL_PT, rotation=0)


def _draw_keys(axes: Axes, spans: Sequence[content.Span]) -> None:
    for number, span in enumerate(spans):
        axes.bar(0, span.end_s - span.start_s, bottom=span.start_s, width=1, edgecolor="white", linewidth=1,
                 color=("#dddddd", "#c4c4c4")[number % 2])  # fmt: skip
        _inside(axes, 0, span, rotation=90, fontsize=SMALL_PT + 0.5)
    axes.set_xlim(-0.5, 0.5)


def _draw_chords(axes: Axes, chords: Sequence[content.Chord], roots: Sequence[str]) -> None:
    points = 72 * axes.get_position().width * axes.figure.get_size_inches()[0] / (len(roots) + 0.2)  # type: ignore[union-attr]
    for third, colour in CHORD_COLOUR.items():
        alike = [chord for chord in chords if chord.third == third]
        lines: Any = axes.vlines([roots.index(one.root) for one in alike], [one.start_s for one in alike],
                                 [one.end_s for one in alike], color=colour, linewidth=0.8 * points)  # fmt: skip
        lines.set_capstyle("butt")
    axes.set_xlim(-0.6, len(roots) - 0.4)
    _names_on_top(axes, list(roots))
    for tick in axes.get_xticklabels():
        tick.set_rotation(0)
    present = [third for third in CHORD_COLOUR if any(chord.third == third for chord in chords)]
    for place, third in enumerate(present):
        _below(axes, 1 + place, KIND[third], color=CHORD_COLOUR[third])


def _draw_tags(axes: Axes, tags: content.Tags) -> None:
    most, count, limits = max(0.4, float(tags.probabilities.max())), len(tags.names), axes.get_ylim()
    axes.imshow(tags.probabilities, aspect="auto", origin="upper", cmap="cividis", vmin=0.0, vmax=most,
                interpolation="nearest", extent=(-0.5, count - 0.5, tags.end_s, tags.start_s))  # fmt: skip
    axes.set_ylim(limits)
    _names_on_top(axes, [drawable(name) for name in tags.names])
    _below(axes, 1, f"dark 0, light {most:.1f}")


def _draw_voice(axes: Axes, voice: np.ndarray) -> None:
    times, sung, spoken = voice.T
    axes.fill_betweenx(times, 0, sung, color=SUNG, linewidth=0, step="mid")
    axes.fill_betweenx(times, 0, -spoken, color=SPOKEN, linewidth=0, step="mid")
    axes.axvline(0, color=FAINT, linewidth=0.6)
    axes.set_xlim(-1, 1)
    _names_on_top(axes, [])
    axes.set_xticks([-0.5, 0.5], ["spoken", "sung"], rotation=90, fontsize=SMALL_PT)


def _inside(axes: Axes, x: float, span: content.Span, **style: Any) -> None:
    """Write the text of a span in its middle, or its short form, if there is room."""
    inches_a_second = _height_in(axes) / abs(axes.get_ylim()[0] - axes.get_ylim()[1])
    style = {"ha": "center", "va": "center", "fontsize": TEXT_PT, "rotation": 0, "color": INK, **style}
    room_in = (span.end_s - span.start_s) * inches_a_second - 0.05
    for text in (span.text, span.short):
        upright = style["fontsize"] / 72
        needed_in = content.text_width_in(text, style["fontsize"]) if style["rotation"] else upright
        if text and needed_in < room_in:
            axes.text(x, (span.start_s + span.end_s) / 2, text, clip_on=True, **style)
            return
