"""Aspects as facts, the baselines, and how aspects are sorted."""

from __future__ import annotations

import pytest

from linernotes.words.lexicon import load_lexicon
from linernotes.writers.composer.aspects import role_of, sort_aspects
from linernotes.writers.composer.manners import MANNERS, choose_manner, manner_of_caption
from linernotes.writers.given import given_aspects
from linernotes.writers.template import tag_concat, template


def test_a_line_and_a_list_give_the_same_facts() -> None:
    assert given_aspects("sad, female  vocal,, piano") == given_aspects(["sad", "female vocal", " ", "piano"])
    assert [fact.id for fact in given_aspects("a, b")] == ["given:1", "given:2"]
    assert given_aspects("sad")[0].source == "given"


def test_baselines() -> None:
    facts = given_aspects("sad, female vocal, piano")
    assert tag_concat(facts).text == "sad, female vocal, piano"
    assert template(facts).text == "The music is characterized by sad, female vocal and piano."
    assert len(template(facts).claims) == 3


@pytest.mark.parametrize(
    ("phrase", "role"),
    [("low quality", "low"), ("noisy", "trait"), ("live performance", "take"), ("folk music", "genre"),
     ("passionate male vocal", "voice"), ("electric guitar melody", "instrument"), ("punchy kick", "drums"),
     ("emotional", "mood"), ("happy mood", "mood"), ("dance vibe", "feel"), ("medium to uptempo", "tempo"),
     ("92 BPM", "tempo"), ("F# minor", "key"), ("no voices", "instrumental"), ("no percussion", "negation"),
     ("instrumental", "instrumental"), ("birds chirping", "sound"), ("minor key", "pitch"), ("🎹", "other"),
     ("foreign language", "language"), ("conductor", "feature"), ("grim", "mood"), ("Indian", "genre")],
)  # fmt: skip
def test_roles(phrase: str, role: str) -> None:
    found = role_of(phrase, load_lexicon())
    assert found == ("negation" if phrase == "no voices" else role)


def test_what_another_aspect_says_is_folded_into_it() -> None:
    aspects = sort_aspects(given_aspects("bass, groovy bass, bass drum, instrumental, string instrument"))
    assert [aspect.text for aspect in aspects] == [
        "groovy bass",
        "bass drum",
        "instrumental",
        "string instrument",
    ]
    assert aspects[0].fact_ids == ("given:2", "given:1")


def test_manners_are_read_off_openings_and_chosen_by_wording() -> None:
    assert manner_of_caption("The low quality recording features a song.") == "recording"
    assert manner_of_caption("Weird noises.") == "plain"
    assert choose_manner(["low quality", "punchy snare", "noisy", "mono", "passionate"]) == "recording"
    assert choose_manner(["sad", "piano"]) == "plain"
    assert set(MANNERS) >= {"piece", "sings"}
