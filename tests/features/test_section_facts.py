"""What a section's caption is told to tell."""

from __future__ import annotations

import numpy as np
import pytest

from linernotes.clip import Fact
from linernotes.features import section_facts as module
from linernotes.features.frames import Frames, Series
from linernotes.features.section_facts import section_facts, telling

FRAMES = Frames(0.0, 60.0, {"loudness": Series(np.zeros(600), 10.0)})
SECTION = Fact("section:2", "section", "B", "", 0.8, "novelty", 20.0, 40.0)


def fact(name: str, value: str | float) -> Fact:
    return Fact(f"{name}:{value}", name, value, "", 0.9, "test", 0.0, 60.0)


def heard(monkeypatch: pytest.MonkeyPatch, *facts: Fact) -> None:
    monkeypatch.setattr(module, "estimate_facts", lambda frames, within_music: list(facts))


def test_ids_carry_the_section(monkeypatch: pytest.MonkeyPatch) -> None:
    heard(monkeypatch, fact("key", "A minor"))
    assert [item.id for item in section_facts(FRAMES, SECTION, 2, [])] == ["s2/key:A minor"]


@pytest.mark.parametrize(("here", "expected"), [(-14.0, ["louder"]), (-26.0, ["quieter"]), (-19.5, [])])
def test_level_is_told_against_the_whole(
    monkeypatch: pytest.MonkeyPatch, here: float, expected: list[str]
) -> None:
    heard(monkeypatch, fact("loudness", here))
    facts = section_facts(FRAMES, SECTION, 1, [fact("loudness", -20.0)])
    assert [item.value for item in facts if item.name == "level"] == expected


@pytest.mark.parametrize(
    ("here", "expected"), [(220.0, 110.0), (55.0, 55.0 * 2), (110.0, 110.0), (150.0, 150.0)]
)
def test_tempo_stands_at_the_level_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, here: float, expected: float
) -> None:
    heard(monkeypatch, fact("tempo", here))
    (tempo,) = section_facts(FRAMES, SECTION, 1, [fact("tempo", 110.0)])
    assert tempo.value == expected


def test_what_the_whole_shares_is_not_told_again() -> None:
    whole = [fact("key", "A minor"), fact("tempo", 120.0), fact("instrument", "piano")]
    here = [
        fact("key", "A minor"),
        fact("tempo", 121.0),
        fact("instrument", "piano"),
        fact("brightness", 900.0),
    ]
    assert [item.name for item in telling(here, whole)] == ["instrument"]
    moved = [fact("key", "C major"), fact("tempo", 90.0)]
    assert [item.name for item in telling(moved, whole)] == ["key", "tempo"]


def test_a_doubtful_key_of_its_own_is_not_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    heard(monkeypatch, Fact("key", "key", "B minor", "", 0.6, "test", 0.0, 8.0))
    assert section_facts(FRAMES, SECTION, 1, [fact("key", "D major")]) == ()
    assert len(section_facts(FRAMES, SECTION, 1, [])) == 1
    heard(monkeypatch, fact("key", "B minor"))
    assert len(section_facts(FRAMES, SECTION, 1, [fact("key", "D major")])) == 1


def test_instrumental_music_has_no_choir(monkeypatch: pytest.MonkeyPatch) -> None:
    heard(monkeypatch, fact("instrument", "choir"), fact("instrument", "piano"))
    kept = section_facts(FRAMES, SECTION, 1, [fact("voice", "instrumental")])
    assert [item.value for item in kept] == ["piano"]
    assert len(section_facts(FRAMES, SECTION, 1, [fact("voice", "sung")])) == 2


def test_singing_is_told_of_every_section_but_its_absence_only_where_others_sing() -> None:
    sung, instrumental, piano = (
        fact("voice", "sung"),
        fact("voice", "instrumental"),
        fact("instrument", "piano"),
    )
    assert telling([sung, piano], [sung]) == (sung, piano)
    assert telling([instrumental, piano], [sung]) == (instrumental, piano)
    assert telling([instrumental, piano], [instrumental]) == (piano,)
