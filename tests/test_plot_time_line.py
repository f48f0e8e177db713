"""The picture of a long description: every sentence beside its time, none over another."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from test_plot import frames_of, notes_of

from linernotes.clip import Caption, Description, Moment, Notes
from linernotes.plot import plot_notes
from linernotes.plot.time_line import BETWEEN_IN, LINE_IN, Block, stacked

pytest.importorskip("matplotlib", reason="drawing needs the [plot] extra")

SENTENCE = "At the time the drums come in, the tempo rises to about 120 BPM and it moves to F sharp minor. "


def told(notes: Notes, moments: int) -> Notes:
    duration_s = notes.audio.duration_s
    edges = [duration_s * (place / moments) ** 2 for place in range(moments + 1)]
    parts = tuple(
        Moment(first, last, SENTENCE * (1 + n % 3)) for n, (first, last) in enumerate(pairwise(edges))
    )
    return replace(notes, description=Description(Caption(SENTENCE), "composer", parts))


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_long_description_becomes_a_time_line(tmp_path: Path, suffix: str) -> None:
    path = plot_notes(told(notes_of(60.0), 4), frames_of(60.0), tmp_path / f"out{suffix}")
    assert path.stat().st_size > 5000


@pytest.mark.parametrize(
    ("duration_s", "sections", "moments"), [(12.0, 1, 1), (60.0, 5, 5), (3600.0, 40, 20), (3600.0, 40, 41)]
)
def test_no_words_lie_over_others(
    duration_s: float, sections: int, moments: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    notes = told(notes_of(duration_s, name="long " * 30 + ".mp3", sections=sections), moments)
    plot_notes(notes, frames_of(min(duration_s, 600.0)), "out.png")
    (figure,) = drawn
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    texts = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    shown = [(text, box) for text, box in boxes if box.width]
    assert sum(SENTENCE[:20] in text for text, _ in shown) >= moments
    for (one, first), (other, second) in combinations(shown, 2):
        shared_width = min(first.x1, second.x1) - max(first.x0, second.x0)
        shared_height = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert min(shared_width, shared_height) < 1.5, f"{one!r} lies over {other!r}"
    for text, box in shown:
        assert box.x0 >= 0, text
        assert box.x1 <= figure.bbox.width, text
        assert box.y0 >= 0, text
        assert box.y1 <= figure.bbox.height, text


def test_blocks_stand_at_their_times_where_there_is_room() -> None:
    blocks = [Block(Moment(at_s, at_s + 1, ""), ("line",)) for at_s in (0.0, 30.0, 31.0, 59.9)]
    height_in = LINE_IN + BETWEEN_IN
    tops = [block.top_in for block in stacked(blocks, 6.0, 60.0)]
    assert tops == pytest.approx([0.0, 3.0, 3.0 + height_in, 6.0 - height_in])
