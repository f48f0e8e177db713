"""Sentences lie over time where their words say."""

from __future__ import annotations

from linernotes.longform.sentences import moments, sentences


def test_moments_follow_one_another_from_start_to_end() -> None:
    text = "It lasts 2:00. At 0:30 drums enter. They stay. At 1:00, as at 0:30, it grows. The end is at 2:00."
    found = moments(text, 120.0)
    assert [(moment.start_s, moment.end_s) for moment in found] == [(0, 30), (30, 60), (60, 120)]
    assert found[1].text == "At 0:30 drums enter. They stay."
    assert found[2].text == "At 1:00, as at 0:30, it grows. The end is at 2:00."


def test_a_look_back_does_not_turn_time_round() -> None:
    found = moments("At 1:00 drums enter. The music of 0:30 returns. At 0:10 it was calm.", 90.0)
    assert [moment.start_s for moment in found] == [0.0]
    assert "It was" not in found[0].text


def test_lines_of_a_time_line_are_moments() -> None:
    found = moments("0:00 Piano alone.\n0:20 Drums come in.\n[0:40] Silence.", 60.0)
    assert [moment.start_s for moment in found] == [0, 20, 40]


def test_the_opening_speaks_of_the_whole() -> None:
    opening, second = sentences("A calm song. At 0:20 it wakes.", 60.0)
    assert (opening.is_timed, opening.from_s, opening.to_s) == (False, 0.0, 60.0)
    assert (second.is_timed, second.from_s, second.to_s) == (True, 20.0, 60.0)


def test_figures_do_not_end_sentences() -> None:
    assert len(sentences("It runs at 88.5 BPM. Then it ends.", 60.0)) == 2
