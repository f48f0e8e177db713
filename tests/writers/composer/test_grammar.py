"""Facts of English."""

from __future__ import annotations

import pytest

from linernotes.writers.composer.grammar import article, capital, clock, number, plural, proper, spoken_key
from linernotes.writers.composer.phrase import fill, listed, plain, said, sentence, to_caption, with_article


@pytest.mark.parametrize(
    "text", ["acoustic guitar", "80s song", "R&B song", "EDM track", "e-bass", "hour", "808", "11-bar tune", "oud",
             "upbeat song", "uplifting tune", "MTV hit", "urban beat", "unusual mood", "18 bar blues"],
)  # fmt: skip
def test_an(text: str) -> None:
    assert article(text) == "an"


@pytest.mark.parametrize(
    "text", ["guitar", "unique song", "ukulele", "DJ", "1980s song", "European song", "K-pop song", "one-man band",
             "Ukrainian song", "UK garage beat", "unison line", "LOUD song", "ROCK song"],
)  # fmt: skip
def test_a(text: str) -> None:
    assert article(text) == "a"


@pytest.mark.parametrize(
    ("key", "spoken"),
    [("F# minor", "F sharp minor"), ("Bb major", "B flat major"), ("C", "C major"), ("A:min", "A minor")],
)
def test_keys_as_people_say_them(key: str, spoken: str) -> None:
    assert spoken_key(key) == spoken


def test_small_matters() -> None:
    assert clock(65.2) == "1:05"
    assert number(3) == "three"
    assert number(13) == "13"
    assert plural("melody") == "melodies"
    assert plural("bass") == "basses"
    assert capital("“hush” she sings") == "“Hush” she sings"
    assert capital("80s rock") == "80s rock"
    assert proper("indian r&b dj") == "Indian R&B DJ"


def test_lists() -> None:
    assert listed([plain("a")]).text == "a"
    assert listed([plain("a"), plain("b")]).text == "a and b"
    assert listed([plain("a"), plain("b"), plain("c")]).text == "a, b and c"
    assert listed([plain("kick and snare"), plain("bass")]).text == "kick and snare, and bass"


def test_claims_are_laid_down_while_the_text_is_built() -> None:
    phrase = sentence(
        fill("this is {a genre} song with {player}", genre=said("indie", ["g"]), player=said("oud", ["i"]))
    )
    caption = to_caption(phrase)
    assert caption.text == "This is an indie song with oud."
    assert [(caption.text[c.start : c.end], c.fact_ids) for c in caption.claims] == [
        ("indie", ("g",)),
        ("oud", ("i",)),
    ]
    assert with_article(said("harp", ["h"])).text == "a harp"
