"""A window that contradicts those around it is dropped, unless its section bears it out."""

from __future__ import annotations

import pytest
from evidence import fact

from linernotes.clip import Fact
from linernotes.longform.neighbours import contradictions

NONE: tuple[Fact, ...] = ()


def dropped(
    captions: list[str], around: tuple[Fact, ...] = NONE, whole: tuple[Fact, ...] = NONE
) -> list[int]:
    found = contradictions(captions, [around] * len(captions), whole)
    return [place for place, why in enumerate(found) if why]


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("A song in C major.", "A song in F sharp minor."),
        ("A song at 120 BPM.", "A song at 87 BPM."),
        ("A woman sings.", "A man sings."),
        ("A woman sings.", "An instrumental piece."),
        ("A waltz in 3/4 time.", "A march in 4/4 time."),
    ],
)
def test_the_odd_one_out_goes(usual: str, odd: str) -> None:
    assert dropped([usual, usual, odd, usual, usual]) == [2]


def test_neighbours_that_disagree_prove_nothing() -> None:
    assert dropped(["A song in C major.", "A song in D minor.", "A song in E major."]) == []


def test_a_change_that_stays_is_none() -> None:
    assert dropped(["It is in C major."] * 3 + ["It is in D major."] * 3) == []


def test_openings_and_endings_may_differ() -> None:
    assert dropped(["An instrumental piece."] + ["A voice sings."] * 4 + ["An instrumental piece."]) == []


def test_other_words_for_the_same_are_no_contradiction() -> None:
    assert dropped(["A fast song at 120 BPM.", "A song at 121 BPM, with piano.", "A song at 120 BPM."]) == []


def test_what_the_section_bears_out_stays() -> None:
    captions = ["A woman sings.", "An instrumental piece.", "A woman sings."]
    assert dropped(captions, (fact("s1/voice", "voice", "instrumental", 0, 10),)) == []


def test_what_a_sure_fact_rules_out_goes_with_the_reason() -> None:
    whole = (fact("gender", "singer_gender", "female", 0, 90),)
    (why,) = contradictions(["A man sings."], [()], whole)
    assert why == "it says “man”, but singer gender female was measured"
