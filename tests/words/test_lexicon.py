"""Facts about the lexicon and how a text is read by it."""

from __future__ import annotations

import pytest

from linernotes.words.lexicon import load_lexicon, singular, tokenise
from linernotes.words.stem import stem

LEXICON = load_lexicon()


def named(text: str) -> list[str]:
    return [mention.terms[0].name for mention in LEXICON.mentions(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("two violins and a cello", ["violin", "cello"]),
        ("a hip-hop beat", ["hip hop"]),
        ("a bass drum", ["kick drum"]),
        ("an e-guitar", ["electric guitar"]),
        ("R&B", ["r b"]),
        ("no singer", ["instrumental"]),
        ("nothing musical here", []),
        ("bass, synth", ["bass", "synthesizer"]),
        ("bass synth", ["synth bass"]),
    ],
)
def test_longest_spelling_wins_and_stops_at_commas(text: str, names: list[str]) -> None:
    assert named(text) == names


def test_every_implied_name_is_a_term() -> None:
    names = {term.name for terms in LEXICON._by_name.values() for term in terms}
    for terms in LEXICON._by_name.values():
        for term in terms:
            assert set(term.implies) <= names, term


def test_implications_are_followed_all_the_way() -> None:
    assert {"distorted guitar", "electric guitar", "guitar", "strings"} <= LEXICON.licensed(
        "distorted guitar"
    )
    assert "violin" not in LEXICON.licensed("strings")


def test_what_only_looks_like_a_claim_is_none() -> None:
    assert named("on the left side of the stereo image") == []


def test_mentions_lie_where_they_stand() -> None:
    text = "Soft piano, then two trumpets."
    assert [text[mention.start : mention.end] for mention in LEXICON.mentions(text)] == [
        "Soft",
        "piano",
        "trumpets",
    ]


@pytest.mark.parametrize(
    ("plural", "one"),
    [("cellos", "cello"), ("melodies", "melody"), ("brass", "brass"), ("bass", "bass"), ("drums", "drum")],
)
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_stems_meet_where_words_say_the_same() -> None:
    assert stem("singing") == stem("sings")
    assert stem("melodic") == stem("melodically")
    assert stem("instrumental") != stem("instrument")


def test_tokens_survive_odd_text() -> None:
    assert [token.text for token in tokenise("808's 😀 R&B\nhip-hop")] == ["808", "s", "r", "b", "hip", "hop"]
