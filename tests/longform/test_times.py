"""Times in a text are read as people mean them."""

from __future__ import annotations

import pytest

from linernotes.longform.times import read_times


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("At 1:05 drums enter.", [65]),
        ("At 01:05, and at 1:02:03.", [65, 3723]),
        ("From 0:10–0:20 it is calm.", [10, 20]),
        ("at 95 seconds", [95]),
        ("the 30-second mark", [30]),
        ("after two minutes and five seconds", [125]),
        ("about 2 min 30 s in", [150]),
        ("twenty to thirty seconds in", [30]),
        ("half a minute later", [30]),
        ("an hour and a minute", [3660]),
        ("at 0:00", [0]),
    ],
)
def test_times_are_read(text: str, seconds: list[float]) -> None:
    assert [mention.seconds for mention in read_times(text)] == seconds


@pytest.mark.parametrize(
    "text",
    [
        "It runs at 120 beats per minute in 4/4 time.",
        "92 beats a minute",
        "A song of the 80s with 2 guitars.",
        "It is in A minor, an hourglass of a song, and a minaret of one",
        "ratio 16:9:3:1, in 2024-01-02",
        "A second voice and a minute detail",
    ],
)
def test_what_is_no_time_is_not_read(text: str) -> None:
    assert [mention.seconds for mention in read_times(text) if mention.seconds != 60] == []


def test_what_stands_on_no_clock_is_told() -> None:
    (mention,) = read_times("At 1:75 it ends.")
    assert not mention.is_possible


def test_places_are_those_of_the_text() -> None:
    text = "Quiet until 0:30, then loud after two minutes."
    assert [text[m.start : m.end].strip() for m in read_times(text)] == ["0:30", "two minutes"]
