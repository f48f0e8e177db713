"""Pictures come out for any notes, with nothing written over anything else."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from linernotes.clip import AudioInfo, Caption, Fact, Notes, Producer, Section
from linernotes.features.frames import Frames, Series
from linernotes.plot import content, plot_notes

matplotlib = pytest.importorskip("matplotlib", reason="drawing needs the [plot] extra")


def fact(name: str, value: str | float, start_s: float, end_s: float) -> Fact:
    return Fact(f"{name}:{start_s:g}", name, value, "", 0.8, "test", start_s, end_s)


def frames_of(duration_s: float) -> Frames:
    rng = np.random.default_rng(0)
    count, windows = int(duration_s * 10), max(1, int(duration_s / 3))
    return Frames(
        0.0,
        duration_s,
        {
            "loudness": Series(rng.uniform(-40, -10, count), 10.0, 0.2),
            "tags_mtt": Series(rng.uniform(0, 0.6, (windows, 50)), 1 / 3, 1.5),
            "tags_msd": Series(rng.uniform(0, 0.6, (windows, 50)), 1 / 3, 1.5),
            "voice_events": Series(rng.uniform(0, 1, (count, 3)), 10.0),
        },
    )


def notes_of(
    duration_s: float, name: str = "song.mp3", sections: int = 6, text: str = "A calm song. " * 30
) -> Notes:
    edges = np.linspace(0, duration_s, sections + 1)
    spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    parts = tuple(
        Section(a, b, Caption(""), (fact("tempo", 90.0 + 20 * (i % 3), a, b), fact("key", "F# minor", a, b)))
        for i, (a, b) in enumerate(spans)
    )
    chords = ["A:min", "F:maj", "C:maj/3", "G:7", "B:hdim7", "N", "Eb:min7"]
    facts = [fact("section", "ABACDEFGHIJ"[i % 11], a, b) for i, (a, b) in enumerate(spans)]
    facts += [fact("chord", chords[i % 7], 2.0 * i, 2.0 * i + 2) for i in range(int(duration_s / 2))]
    facts += [fact("key", "A minor", 0, duration_s), fact("tempo", 96.4, 0, duration_s)]
    info = AudioInfo(f"/music/{name}", duration_s, 44_100, "0" * 64)
    return Notes(info, Caption(text), parts, tuple(facts), (), Producer("0", (), {}))


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".PNG", b"\x89PNG")]
)
def test_the_suffix_decides_the_format(tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = tmp_path / f"out{suffix}"
    assert plot_notes(notes_of(30.0), frames_of(30.0), path) == path
    assert path.read_bytes().startswith(magic)


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"out\.gif.*\.png or \.svg"):
        plot_notes(notes_of(30.0), frames_of(30.0), tmp_path / "out.gif")


def test_without_matplotlib_the_error_gives_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'linernotes\[plot\]'"):
        plot_notes(notes_of(30.0), frames_of(30.0), tmp_path / "out.png")


def test_the_same_notes_give_the_same_file(tmp_path: Path) -> None:
    one = plot_notes(notes_of(30.0), frames_of(30.0), tmp_path / "one.svg").read_bytes()
    assert one == plot_notes(notes_of(30.0), frames_of(30.0), tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize(
    "name", ["$5 and $10_{x}^.mp3", "音楽 ünï.flac", "new\nline\udce9.wav", "x" * 600, "🎵"]
)
def test_odd_names_survive(tmp_path: Path, name: str) -> None:
    plot_notes(notes_of(20.0, name), frames_of(20.0), tmp_path / "out.png")


def test_nothing_to_draw_is_no_error(tmp_path: Path) -> None:
    empty = Notes(AudioInfo("a.wav", 5.0, 8000, ""), Caption(""), (), (), (), Producer("0", (), {}))
    plot_notes(empty, Frames(0.0, 5.0, {}), tmp_path / "out.png")


@pytest.mark.parametrize(("duration_s", "sections"), [(10.0, 1), (200.0, 8), (600.0, 40), (36_000.0, 40)])
def test_no_label_lies_over_another(
    duration_s: float, sections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    few = min(duration_s, 900.0)
    plot_notes(notes_of(duration_s, sections=sections), frames_of(few), "out.png")
    (figure,) = drawn
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    texts = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    shown = [(text, box) for text, box in boxes if box.width]
    for (one, first), (other, second) in combinations(shown, 2):
        shared_width = min(first.x1, second.x1) - max(first.x0, second.x0)
        shared_height = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert min(shared_width, shared_height) < 1.5, f"{one!r} lies over {other!r}"
    for text, box in shown:
        assert box.x0 >= 0, text
        assert box.x1 <= figure.bbox.width, text


def test_chords_are_written_as_on_a_lead_sheet() -> None:
    found = content.chords(notes_of(14.0))
    assert [chord.name for chord in found] == ["Am", "F", "C", "G7", "Bm7♭5", "E♭m7"]
    assert [chord.third for chord in found] == ["minor", "major", "major", "major", "none", "minor"]
    assert content.roots_by_fifths(found) == ["E♭", "F", "C", "G", "A", "B"]


def test_keys_of_sections_that_agree_become_one_span() -> None:
    assert content.keys(notes_of(60.0)) == [content.Span(0.0, 60.0, "F♯ minor", "F♯m")]


def test_words_for_one_thing_share_a_row() -> None:
    tags = content.top_tags(frames_of(60.0))
    assert tags is not None
    assert len(tags.names) == len(set(tags.names)) == content.MOST_TAGS
    assert not {"vocal", "woman", "female vocalists", "Mellow"} & set(tags.names)


@pytest.mark.parametrize("duration_s", [0.5, 9.9, 61.0, 599.0, 3600.0, 36_000.0, 400_000.0])
def test_time_ticks_are_few(duration_s: float) -> None:
    assert 1 <= len(content.time_ticks(duration_s)) <= 13


def test_tags_are_for_music_only() -> None:
    notes = notes_of(30.0)
    assert content.may_be_music(notes)
    spoken = replace(notes, facts=(*notes.facts, fact("content", "speech", 0.0, 30.0)))
    assert not content.may_be_music(spoken)


def test_times_are_written_as_on_a_player() -> None:
    assert [content.clock(seconds) for seconds in (0, 65, 3661)] == ["0:00", "1:05", "1:01:01"]
