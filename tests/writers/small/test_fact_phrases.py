"""Facts as an annotator would list them."""

from __future__ import annotations

from dataclasses import replace

from linernotes.clip import Fact
from linernotes.writers.small.fact_phrases import FactPhrase, fact_phrases


def fact(name: str, value: str | float, confidence: float = 0.9) -> Fact:
    return Fact(f"{name}:{value}", name, value, "", confidence, "test", 0.0, 10.0)


def test_measured_facts_become_phrases_and_weak_ones_do_not() -> None:
    facts = [
        fact("tempo", 70.0), fact("instrument", "violin"), fact("genre", "folk"), fact("voice", "instrumental"),
        fact("mood", "sad", 0.3), fact("key", "A minor"), fact("singer_gender", "unsure"),
    ]  # fmt: skip
    assert [phrase.text for phrase in fact_phrases(facts)] == ["slow tempo", "violin", "folk", "instrumental"]


def test_facts_of_sections_are_left_out_unless_alone() -> None:
    whole, part = fact("genre", "folk"), replace(fact("genre", "rock"), id="s1/genre:rock")
    assert [phrase.text for phrase in fact_phrases([whole, part])] == ["folk"]
    assert [phrase.text for phrase in fact_phrases([part])] == ["rock"]


def test_equal_phrases_share_their_facts() -> None:
    assert fact_phrases([fact("aspect", "calm"), fact("mood", "calm")]) == [
        FactPhrase("calm", ("aspect:calm", "mood:calm"))
    ]
