"""What the claim check finds, and what it leaves alone."""

from __future__ import annotations

import pytest

from linernotes.clip import Fact
from linernotes.words.claims import check_caption, coverage
from linernotes.writers.given import given_aspects


def unsupported(text: str, aspects: str) -> list[str]:
    return [span.text for span in check_caption(text, given_aspects(aspects)).unsupported]


def fact(name: str, value: str | float, confidence: float = 0.9) -> Fact:
    return Fact(name, name, value, "", confidence, "test", 0.0, 10.0)


@pytest.mark.parametrize(
    ("text", "aspects", "found"),
    [
        ("A sad song with piano.", "sad, piano", []),
        ("A happy song with piano.", "sad, piano", ["happy"]),
        ("It has vocals.", "female singer", []),
        ("A female vocalist sings.", "vocals", ["female vocalist"]),
        ("There are strings.", "violin", []),
        ("There is a violin.", "strings", ["violin"]),
        ("There are no drums.", "no percussion", []),
        ("There is percussion.", "no percussion", ["percussion"]),
        ("There are no voices.", "instrumental", []),
        ("It is instrumental.", "no voices", []),
        ("A male voice sings.", "instrumental", ["male voice", "sings"]),
        ("A bass plays.", "bass drum", ["bass"]),
        ("The acoustic guitar plays.", "acoustic rhythm guitar", []),
        ("An e-guitar plays.", "electric guitars", []),
        ("It is cheerful.", "happy mood", []),
        ("A low quality recording.", "poor audio quality", []),
        ("This is jazz.", "blues", ["jazz"]),
    ],
)
def test_words_the_aspects_do_not_carry(text: str, aspects: str, found: list[str]) -> None:
    assert unsupported(text, aspects) == found


@pytest.mark.parametrize(
    ("text", "facts", "found"),
    [
        ("around 92 BPM", [fact("tempo", 92.4)], []),
        ("around 110 BPM", [fact("tempo", 92.4)], ["110 BPM"]),
        ("a slow song", [fact("tempo", 70.0)], []),
        ("a fast song", [fact("tempo", 70.0)], ["fast"]),
        ("in F sharp minor", [fact("key", "F# minor")], []),
        ("in G flat minor", [fact("key", "F# minor")], []),
        ("in A major", [fact("key", "F# minor")], ["A major"]),
        ("in 3/4 time", [fact("metre", "4/4")], ["3/4"]),
        ("an 80s song", [fact("era", "1980s")], []),
        ("a man sings", [fact("voice", "sung"), fact("singer_gender", "male")], []),
        ("a woman sings", [fact("voice", "sung"), fact("singer_gender", "male")], ["woman"]),
        ("perhaps a flute", [fact("instrument", "flute", 0.2)], ["flute"]),
        ("the chords Am-F-C-G", [fact("chord_loop", "Am-F-C-G")], []),
        ("it grows louder", [fact("dynamics", "fading")], ["grows louder"]),
    ],
)
def test_measured_facts_license_words_and_figures(text: str, facts: list[Fact], found: list[str]) -> None:
    assert [span.text for span in check_caption(text, facts).unsupported] == found


@pytest.mark.parametrize(
    "text",
    ["It could be used in a horror movie.", "It is suitable for a party.", "This would fit well in a western.",
     "Something you would hear in a bar.", "This song may be playing at a wedding."],
)  # fmt: skip
def test_invented_uses_are_found_and_their_words_not_counted_twice(text: str) -> None:
    report = check_caption(text, given_aspects("piano"))
    assert len(report.invented_uses) == 1
    assert not report.unsupported


def test_what_can_be_heard_is_no_use() -> None:
    assert not check_caption("In the background you can hear a piano.", given_aspects("piano")).invented_uses


def test_a_given_use_is_not_invented() -> None:
    assert not check_caption("It could be used in a movie.", given_aspects("used in a movie")).invented_uses


def test_spans_are_exact() -> None:
    text = "A jolly tune for 3 trumpets."
    report = check_caption(text, [])
    assert [text[span.start : span.end] for span in report.unsupported] == ["jolly", "trumpets"]
    assert report.claims == 2
    assert report.unsupported_share == 1.0


def test_the_aspects_themselves_are_always_licensed() -> None:
    aspects = "no voices, bass, synth, female singer, 808's, R&B, low quality, slow tempo, instrumental"
    assert unsupported(aspects, aspects) == []


def test_coverage_counts_words_and_their_other_spellings() -> None:
    assert coverage("A sad piano.", ["sad", "piano", "female vocal"]) == pytest.approx(0.5)
    assert coverage("This is instrumental.", ["no singer"]) == 1.0
    assert coverage("anything", []) == 1.0
