"""Facts about what aspects license."""

from __future__ import annotations

import pytest

from linernotes.writers.small.wording import (
    cased,
    drop_plural_articles,
    fix_articles,
    fold,
    licences_of,
    stem,
    without_padding,
)


@pytest.mark.parametrize(
    ("aspect", "word"),
    [
        ("female vocal", "singer"),
        ("female vocal", "sings"),
        ("electric guitars", "guitar"),
        ("e-guitar", "electric"),
        ("no voices", "instrumental"),
        ("relaxing", "relaxed"),
        ("hi hats", "hi-hats"),
        ("uptempo", "fast"),
        ("jazzy", "jazz"),
    ],
)
def test_a_word_licenses_its_family(aspect: str, word: str) -> None:
    assert licences_of([aspect]).permits(word)


@pytest.mark.parametrize(
    ("aspect", "word"),
    [
        ("acoustic guitar", "electric"),
        ("piano", "guitar"),
        ("sad", "happy"),
        ("male vocal", "female"),
        ("", "drums"),
    ],
)
def test_nothing_else_is_licensed(aspect: str, word: str) -> None:
    assert not licences_of([aspect]).permits(word)


def test_a_denied_word_may_only_be_denied() -> None:
    licences = licences_of(["no percussion", "piano"])
    assert licences.permits("percussion", ["there", "is", "no"])
    assert not licences.permits("percussion", ["with"])
    assert licences.mentions("percussion")


def test_what_is_stated_elsewhere_is_not_only_denied() -> None:
    assert licences_of(["no other instruments", "instruments"]).permits("instruments", ["the"])


def test_stems_join_inflections() -> None:
    assert stem("emotionally") == stem("emotional")
    assert stem("strumming") == stem("strummed")
    assert stem("bass") == "bass"


def test_fold_mends_quotes_and_spaces() -> None:
    assert fold("it’s  vibrant,untiring , loud") == "it's vibrant, untiring, loud"


def test_articles_and_capitals_are_set_at_the_end() -> None:
    assert fix_articles("a electric guitar and an piano, a ukulele, an r&b song") == (
        "an electric guitar and a piano, a ukulele, an r&b song"
    )
    assert cased("this is an r&b song. it is loud.", {"r&b": "R&B"}) == "This is an R&B song. It is loud."


def test_plurals_lose_their_article() -> None:
    words = {"line", "drum", "string", "bell"}
    assert drop_plural_articles(
        "with a groovy bass lines, an acoustic drums playing a string bass", words
    ) == ("with groovy bass lines, acoustic drums playing a string bass")
    assert drop_plural_articles("a strings section and a series of bells.", words) == (
        "a strings section and a series of bells."
    )


def test_sentences_that_say_nothing_new_are_padding() -> None:
    free = frozenset("this is a the song there are no in features playing".split())
    text = "this song features a sad piano. there are no vocals. there are no voices. the piano is playing."
    assert without_padding(text, free) == "this song features a sad piano. there are no vocals."
    assert without_padding("this is a song.", free) == ""
