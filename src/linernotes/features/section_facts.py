"""What is worth knowing about one section beside the whole recording it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from linernotes.clip import Fact
from linernotes.features.estimate import estimate_facts, without_contradictions
from linernotes.features.frames import Frames

ALWAYS_TOLD = frozenset({"instrument", "mood", "level", "dynamics"})
"""Facts that a section's caption may tell even when they hold for the whole recording."""

NEVER_TOLD = frozenset({"loudness", "loudness_range", "brightness", "tuning", "era", "chord"})
"""Facts that say little of a section: they stay in its list of facts."""

LEVEL_LU = 2.5
"""A section this much louder or quieter than the recording is called so."""

SAME_TEMPO = 0.06

SURE_OF_A_KEY = 0.8
"""A key other than the whole recording's is stated from this confidence on: a section holds few chords."""


def section_facts(frames: Frames, section: Fact, number: int, whole: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts of the stretch that `section` spans; their ids begin with `s<number>/`."""
    part = frames.between(section.start_s, section.end_s)
    facts = [_in_octave(fact, whole) for fact in estimate_facts(part, within_music=True)]
    facts = [fact for fact in facts if not _is_doubtful_key(fact, whole)]
    facts += _level(facts, whole, section)
    kept = without_contradictions(facts, whole)
    return tuple(replace(fact, id=f"s{number}/{fact.id}") for fact in kept)


def telling(facts: Sequence[Fact], whole: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts of a section that its caption should choose from: what it does not share with all the rest."""
    return tuple(
        fact
        for fact in facts
        if fact.name not in NEVER_TOLD
        and (fact.name in ALWAYS_TOLD or fact.value == "sung" or not _is_shared(fact, whole))
    )


def _is_doubtful_key(fact: Fact, whole: Sequence[Fact]) -> bool:
    keys = {other.value for other in whole if other.name == "key"}
    return fact.name == "key" and bool(keys - {fact.value}) and fact.confidence < SURE_OF_A_KEY


def _is_shared(fact: Fact, whole: Sequence[Fact]) -> bool:
    same_name = [other for other in whole if other.name == fact.name]
    if fact.name == "tempo":
        return any(abs(float(other.value) / float(fact.value) - 1) < SAME_TEMPO for other in same_name)
    return any(other.value == fact.value for other in same_name)


def _in_octave(fact: Fact, whole: Sequence[Fact]) -> Fact:
    """A section's tempo at the metrical level of the whole, where more evidence chose it."""
    tempo = next((other for other in whole if other.name == "tempo"), None)
    if fact.name != "tempo" or tempo is None:
        return fact
    for factor in (0.5, 2.0):
        if abs(float(fact.value) * factor / float(tempo.value) - 1) < SAME_TEMPO:
            return replace(fact, value=round(float(fact.value) * factor, 1))
    return fact


def _level(facts: Sequence[Fact], whole: Sequence[Fact], section: Fact) -> list[Fact]:
    here = next((fact for fact in facts if fact.name == "loudness"), None)
    there = next((fact for fact in whole if fact.name == "loudness"), None)
    if here is None or there is None:
        return []
    difference = float(here.value) - float(there.value)
    if abs(difference) < LEVEL_LU:
        return []
    value = "louder" if difference > 0 else "quieter"
    confidence = min(here.confidence, there.confidence)
    return [Fact("level", "level", value, "", confidence, here.source, section.start_s, section.end_s)]
