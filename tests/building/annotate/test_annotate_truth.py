"""What a manifest says already: its facts, and tags of every shape where there are no facts."""

import pytest

from linernotes.building.annotate.truth import truth_of
from linernotes.clip import Clip, Fact


def said(clip: Clip) -> set[tuple[str, object]]:
    return {(fact.name, fact.value) for fact in truth_of(clip)}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("genre:rock", {("genre", "rock")}),
        ("mood/theme---happy", {("mood", "happy")}),
        ("guitar", {("instrument", "guitar")}),
        ("ambient", {("genre", "ambient")}),
        ("voice:male", {("voice", "sung"), ("singer_gender", "male")}),
        ("voice:none", {("voice", "instrumental")}),
        ("key:A minor", {("key", "A minor")}),
        ("family:strings", set()),
        ("no vocals", set()),
        ("hammond", set()),  # by the lexicon an organ, and yet no class
    ],
)
def test_tags_become_facts(tag: str, expected: set[tuple[str, object]]) -> None:
    assert said(Clip("a", "a.wav", tags=(tag,))) == expected


def test_facts_come_before_tags() -> None:
    genre = Fact("truth:genre", "genre", "jazz", "", 1.0, "rendered", 0.0, 10.0)
    clip = Clip("a", "a.wav", tags=("genre:rock", "instrument:piano"), facts=(genre,))
    assert said(clip) == {("genre", "jazz"), ("instrument", "piano")}


def test_categories_of_a_data_set_are_read() -> None:
    clip = Clip(
        "a", "a.wav", tags=("drums",), extra={"instrument": ["drums"], "mood/theme": ["sad"], "album": ["x"]}
    )
    assert said(clip) == {("instrument", "drums"), ("mood", "sad")}
    assert len(truth_of(clip)) == 2
