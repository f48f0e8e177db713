"""What a text says about music: free text in, facts with their place, polarity and confidence out.

`read_facts` reads by the lexicon (`data/*.tsv`), its additions for free text (`data/reading/*.tsv`) and a small
grammar of negation, hedges and contexts (`data/reading/grammar.tsv`); `docs/music-facts.md` describes both.
It reads what is written, not what may be meant: a use ("could be used in a horror movie") states nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from linernotes.words.passage import Passage, make_passage
from linernotes.words.spans import Spans
from linernotes.words.text_chords import find_chords
from linernotes.words.text_finding import Finding
from linernotes.words.text_keys import find_keys
from linernotes.words.text_tempo import find_tempi
from linernotes.words.text_terms import find_terms

ATTRIBUTES = (
    "key",
    "tempo",
    "metre",
    "instrument",
    "genre",
    "mood",
    "voice",
    "singer_gender",
    "chord",
    "chord_loop",
)
"""What is read, by the names of `linernotes.clip.FACT_NAMES`."""

HEDGE_FACTOR = 0.55
"""A hedged statement ("possibly a violin") counts for this share of a plain one's confidence."""


@dataclass(frozen=True, slots=True)
class TextFact:
    """Characters `start` to `end` of a text state, or deny, that `attribute` has `value`.

    Values: key "F# minor", "A" (tonic alone) or "minor" (mode alone); tempo "120 BPM", "110-120 BPM" or a class
    ("slow", "medium", "fast", "slow to medium", "medium to fast"); metre "3/4"; instrument, genre and mood a
    term of the lexicon; voice "sung" or "spoken"; singer_gender "male" or "female"; chord in Harte's syntax,
    "A:min7"; chord_loop as "C-G-Am-F". `confidence` is how plainly the text says it, 0..1. `negation` is where
    the words stand that turn the statement over, if they are not within it: the "without" of "without drums".
    """

    attribute: str
    value: str
    start: int
    end: int
    is_denied: bool
    confidence: float
    negation: tuple[int, int] | None = None

    def quote(self, text: str) -> str:
        """The statement in the words of its `text`, with those that deny it and what stands between."""
        first, last = self.negation or (self.start, self.end)
        return text[min(first, self.start) : max(last, self.end)]

    @property
    def polarity(self) -> str:
        """`stated` or `denied`."""
        return "denied" if self.is_denied else "stated"


@dataclass(frozen=True, slots=True)
class TextFacts:
    """A text and the facts read out of it, in the order of their places; no statement stands twice."""

    text: str
    facts: tuple[TextFact, ...]

    def of(self, attribute: str) -> tuple[TextFact, ...]:
        """The facts about one attribute."""
        return tuple(fact for fact in self.facts if fact.attribute == attribute)


@lru_cache(maxsize=16384)
def read_facts(text: str) -> TextFacts:
    """Everything a text says about music; an empty text says nothing."""
    passage = make_passage(text)
    found = (fact for finding in _findings(passage) for fact in _facts(finding, passage))
    return TextFacts(text, tuple(_once(sorted(found, key=lambda fact: (fact.start, fact.attribute)))))


def _findings(passage: Passage) -> Iterator[Finding]:
    """Chords take their letters before keys are looked for: the "A minor" of "an A minor chord" is no key."""
    chords = list(find_chords(passage))
    yield from chords
    taken = Spans((finding.start, finding.end) for finding in chords)
    yield from find_keys(passage, taken)
    yield from find_tempi(passage)
    yield from find_terms(passage)


def _facts(finding: Finding, passage: Passage) -> Iterator[TextFact]:
    """A finding as a fact, with the negations, hedges and uses around it."""
    if passage.is_use(finding.start):
        return
    confidence = finding.confidence * (HEDGE_FACTOR if passage.is_hedged(finding.start, finding.end) else 1.0)
    negation = passage.denial(finding.start, finding.end) if finding.can_be_denied else None
    is_denied = finding.is_denied != (negation is not None)
    for said in finding.said(is_denied):
        yield TextFact(
            said.attribute,
            said.value,
            finding.start,
            finding.end,
            said.is_denied,
            round(confidence, 3),
            negation,
        )


def _once(facts: Iterable[TextFact]) -> list[TextFact]:
    """Each statement once: at its first place, with the confidence of its plainest."""
    kept: dict[tuple[str, str, bool], TextFact] = {}
    for fact in facts:
        name = (fact.attribute, fact.value, fact.is_denied)
        known = kept.get(name)
        if known is None:
            kept[name] = fact
        elif fact.confidence > known.confidence:
            kept[name] = replace(known, confidence=fact.confidence)
    return list(kept.values())
