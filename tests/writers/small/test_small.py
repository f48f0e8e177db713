"""Facts about the shipped small writer."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest

from linernotes.clip import Caption, Fact
from linernotes.words.claims import check_caption
from linernotes.writers.composer import composer
from linernotes.writers.given import given_aspects
from linernotes.writers.small import SmallWriter, find_claims, load_small_writer, said_share, unsaid
from linernotes.writers.small.fact_phrases import FactPhrase, fact_phrases
from linernotes.writers.small.wording import words_of

LISTS = (
    "low quality, groovy piano melody, punchy kick, soft female vocal, emotional, passionate",
    "male singer, medium tempo, acoustic guitar accompaniment, romantic, no drums, live performance",
    "jazz, trumpet, double bass, brushed drums, instrumental, slow tempo, relaxing",
    "gamelan, meditative",
    "EDM, energetic, 808 bass, uptempo",
)


@lru_cache(maxsize=1)
def writer() -> SmallWriter:
    return load_small_writer()


@pytest.mark.parametrize("aspects", LISTS)
def test_every_caption_passes_the_claim_check_and_has_claims(aspects: str) -> None:
    facts = given_aspects(aspects)
    caption = writer()(facts)
    report = check_caption(caption.text, facts)
    assert not report.unsupported
    assert not report.invented_uses
    assert caption.claims
    ids = {fact.id for fact in facts}
    for claim in caption.claims:
        assert caption.text[claim.start : claim.end].strip()
        assert set(claim.fact_ids) <= ids


@pytest.mark.parametrize("aspects", LISTS)
def test_every_word_is_known_and_no_clause_comes_twice(aspects: str) -> None:
    text = writer().write(fact_phrases(given_aspects(aspects)))
    known = {*writer().lists.words, *words_of(aspects), "an"}
    assert set(words_of(text)) <= known
    clauses = [clause.strip().lower() for clause in re.split(r"[.,;]", text) if len(clause.split()) > 2]
    assert len(clauses) == len(set(clauses))
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".")


def test_the_same_facts_and_seed_give_the_same_caption() -> None:
    facts = given_aspects(LISTS[0])
    assert writer()(facts, seed=3) == load_small_writer()(facts, seed=3)


def test_captions_say_most_of_what_was_given() -> None:
    for aspects in LISTS:
        facts = given_aspects(aspects)
        assert said_share(writer()(facts).text, fact_phrases(facts), writer().lists.free) >= 0.75


def test_no_facts_lists_and_failed_checks_go_to_the_fallback() -> None:
    assert writer()([]).text == composer([]).text
    tempo = [Fact("tempo", "tempo", 70.0, "BPM", 0.9, "test", 0.0, 30.0)]
    assert writer()(tempo).text == composer(tempo).text
    speech = [Fact("content", "content", "speech", "", 0.6, "test", 0.0, 30.0), *given_aspects(LISTS[0])]
    assert writer()(speech).text == composer(speech).text
    facts = given_aspects(LISTS[0])
    assert writer()(facts, "tags") == composer(facts, "tags")
    for failed in ("A trombone plays.", "This could be used in a movie.", ""):
        stand_in = writer().finish(failed, facts)
        assert stand_in.text == composer(facts).text
        assert stand_in.claims == composer(facts).claims
        assert stand_in.stand_in == "the small writer's text failed the claim check"


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="no caption style 'epic'"):
        writer()(given_aspects("sad"), "epic")


def test_claims_point_at_the_facts_behind_the_words() -> None:
    phrases = [
        FactPhrase("groovy piano", ("a",)),
        FactPhrase("female vocal", ("b",)),
        FactPhrase("no drums", ("c",)),
    ]
    text = "This song features a groovy piano and a female singer. There are no drums."
    claims = find_claims(text, phrases, writer().lists.free)
    assert [(text[claim.start : claim.end], claim.fact_ids) for claim in claims] == [
        ("groovy piano", ("a",)),
        ("female singer", ("b",)),
        ("drums", ("c",)),
    ]


def test_what_was_left_out_is_found_and_added_with_its_claims() -> None:
    facts = given_aspects("groovy piano, female vocal, tambourine")
    free = writer().lists.free
    assert unsaid("This is a groovy piano.", fact_phrases(facts), free) == {"given:2", "given:3"}
    caption = writer().finish("This song features a groovy piano.", facts)
    assert caption.text.startswith("This song features a groovy piano. ")
    assert {fact_id for claim in caption.claims for fact_id in claim.fact_ids} == {fact.id for fact in facts}


def test_measured_facts_are_written_from_as_well() -> None:
    facts = [
        Fact("tempo", "tempo", 70.0, "BPM", 0.9, "test", 0.0, 30.0),
        Fact("instrument:violin", "instrument", "violin", "", 0.9, "test", 0.0, 30.0),
        Fact("mood:calm", "mood", "calm", "", 0.9, "test", 0.0, 30.0),
    ]
    caption = writer()(facts)
    assert isinstance(caption, Caption)
    assert "violin" in caption.text
    assert not check_caption(caption.text, facts).unsupported


def test_of_a_long_list_less_is_said() -> None:
    moods = "calm sad happy bright dark loud soft warm cold sharp dull heavy light deep"
    facts = given_aspects(
        [*moods.split(), *"piano drums trumpet violin cello flute harp tuba banjo oboe synth".split()]
    )
    enough = "A calm, sad, happy, bright, dark, loud, soft, warm, cold, sharp piano."
    assert writer().finish(enough, facts).text == enough
    little = "This song features a calm piano."
    assert writer().finish(little, facts).text.startswith(f"{little} ")
