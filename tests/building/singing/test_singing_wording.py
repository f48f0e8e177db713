"""Sentences: all six attributes in, no name, numbers in words."""

from __future__ import annotations

import itertools

import pytest

from linernotes.building.pseudo_captions.names import Names
from linernotes.building.singing import Attribute
from linernotes.building.singing.polishing import Polish
from linernotes.building.singing.wording import ModelWriter, Templates, faults_of
from linernotes.llm import Completion

VALUES = {
    "singer_gender": "female",
    "pitch": "high",
    "tempo": "slow",
    "volume": "low",
    "mood": "energetic",
    "timbre": "clear",
}
ATTRIBUTES = {name: Attribute(name, value, 0.9, "test") for name, value in VALUES.items()}


@pytest.mark.parametrize("seed", [str(number) for number in range(12)])
def test_every_template_says_all_six(seed: str) -> None:
    for pitch, volume, tempo in itertools.product(
        ("low", "medium", "high"), ("low", "medium", "high"), ("slow", "moderate", "fast")
    ):
        values = {**VALUES, "pitch": pitch, "volume": volume, "tempo": tempo}
        attributes = {name: Attribute(name, value, 0.9, "test") for name, value in values.items()}
        text = Polish()(Templates()(attributes, seed).text).text
        assert faults_of(text, attributes, Names()) == ()


def test_what_is_unknown_is_not_said() -> None:
    known = {name: one for name, one in ATTRIBUTES.items() if name in ("singer_gender", "tempo")}
    rest = {name: Attribute(name, "unsure", 1.0, "") for name in VALUES if name not in known}
    assert Templates()({**known, **rest}, "x").text == "A female vocalist sings with a slow tempo."


def test_faults_are_found() -> None:
    good = "A female vocalist with a clear timbre sings softly at a high pitch, energetic yet slow."
    assert faults_of(good, ATTRIBUTES, Names()) == ()
    assert faults_of(good.replace("slow", "late"), ATTRIBUTES, Names()) == ("does not say tempo slow",)
    named = good.replace("A female", "Nina Simone, a female")
    assert faults_of(named, ATTRIBUTES, Names(("Nina Simone",))) == ("names 'Nina Simone'",)
    assert "is not one sentence" in faults_of(good + " It is nice.", ATTRIBUTES, Names())


def test_a_model_is_told_no_name() -> None:
    class Spy:
        name = "spy"
        told = ""

        def complete(self, messages, **options):  # type: ignore[no-untyped-def]
            del options
            self.told = " ".join(message.content for message in messages)
            return Completion("  A\nsentence. ", "spy-1")

    spy = Spy()
    given = {**ATTRIBUTES, "name": Attribute("name", "Nina Simone", 1.0, "given")}
    written = ModelWriter(spy)(given, "x")
    assert written.text == "A sentence."
    assert written.made_by.startswith("spy-1")
    assert "Nina" not in spy.told
    assert all(value in spy.told for value in VALUES.values())
