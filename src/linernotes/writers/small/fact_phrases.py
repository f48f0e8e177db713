"""Facts as the phrases that an annotator would list, for writers that were trained on such lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from linernotes.clip import Fact
from linernotes.writers.composer.content import (
    DEFAULT_THRESHOLDS,
    FAST_ABOVE_BPM,
    SLOW_BELOW_BPM,
    split_sections,
)

LEAST_CONFIDENCE = DEFAULT_THRESHOLDS.sure
"""A fact below this is not given to the writer, which cannot hedge."""
_VOICES = {"sung": "vocals", "instrumental": "instrumental", "spoken": "speech"}
_SINGERS = {"male": "male vocal", "female": "female vocal", "mixed": "male and female vocals"}


@dataclass(frozen=True)
class FactPhrase:
    """A phrase and the ids of the facts that it says."""

    text: str
    fact_ids: tuple[str, ...]


def fact_phrases(facts: Sequence[Fact]) -> list[FactPhrase]:
    """One phrase a fact, in the order given; facts that no annotator would list (keys, chords) have none.

    Facts of sections are left out, unless there are only those of one.
    """
    whole, sections = split_sections(facts)
    if not whole and len(sections) == 1:
        whole = next(iter(sections.values()))
    phrases = [(_phrase(fact), fact.id) for fact in whole if fact.confidence >= LEAST_CONFIDENCE]
    merged: dict[str, tuple[str, ...]] = {}
    for text, fact_id in phrases:
        if text:
            merged[text] = (*merged.get(text, ()), fact_id)
    return [FactPhrase(text, ids) for text, ids in merged.items()]


def _phrase(fact: Fact) -> str:
    say = _PHRASES.get(fact.name)
    return say(fact) if say else ""


def _as_it_is(fact: Fact) -> str:
    return str(fact.value).strip()


def _tempo(fact: Fact) -> str:
    bpm = float(fact.value)
    return "slow tempo" if bpm < SLOW_BELOW_BPM else "fast tempo" if bpm > FAST_ABOVE_BPM else "medium tempo"


_PHRASES: Mapping[str, Callable[[Fact], str]] = {
    "aspect": _as_it_is,
    "instrument": _as_it_is,
    "genre": _as_it_is,
    "mood": _as_it_is,
    "era": _as_it_is,
    "tempo": _tempo,
    "voice": lambda fact: _VOICES.get(str(fact.value), ""),
    "singer_gender": lambda fact: _SINGERS.get(str(fact.value), ""),
}
