"""What facts license a text to say: names of terms, names it may deny, and figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from linernotes.clip import Fact
from linernotes.words.lexicon import Lexicon, Mention, Term, tokenise
from linernotes.words.stem import stem

SUPPORT_FROM = 0.4
"""A fact that is less probable than this supports nothing, however it is hedged."""

_NEGATIONS = frozenset(
    "no not without lacks lack lacking absence never neither nor isn doesn don aren devoid".split()
)
_CLAUSE_ENDS = frozenset("and but with while whereas although though which that where as".split())
_REACH = 3
_VOICE_TERMS: Mapping[str, tuple[str, ...]] = {
    "sung": ("voice",),
    "spoken": ("speech", "voice"),
    "instrumental": ("instrumental",),
    "male": ("male voice",),
    "female": ("female voice",),
    "mixed": ("male voice", "female voice"),
}
_CHANGE_TERMS: Mapping[tuple[str, str], str] = {
    ("tempo_change", "steady"): "steady tempo",
    ("tempo_change", "slowing"): "slowing down",
    ("tempo_change", "quickening"): "speeding up",
    ("tempo_change", "varying"): "varying tempo",
    ("dynamics", "building"): "growing louder",
    ("dynamics", "fading"): "growing quieter",
    ("dynamics", "varied"): "varied dynamics",
    ("dynamics", "steady"): "even dynamics",
    ("level", "louder"): "louder",
    ("level", "quieter"): "quieter",
    ("content", "speech"): "speech",
}


TEMPO_WORDS_BPM: Mapping[str, tuple[float, float]] = {
    "slow": (-math.inf, 95.0),
    "medium tempo": (math.nextafter(70.0, 0.0), math.nextafter(140.0, math.inf)),
    "uptempo": (105.0, math.inf),
    "fast": (115.0, math.inf),
}
"""Above and below how many BPM a tempo may be called so; the ranges overlap, as people's do."""


def tempo_words(bpm: float) -> frozenset[str]:
    """The words a tempo may be called by."""
    return frozenset(word for word, (low, high) in TEMPO_WORDS_BPM.items() if low < bpm < high)


@dataclass(frozen=True, slots=True)
class Reading:
    """A mention and whether the text denies it (`no drums`)."""

    mention: Mention
    is_denied: bool


@dataclass(slots=True)
class Licence:
    """Term names a text may state and deny, stems of aspects (for free wording), and figures by fact name."""

    stated: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    stems: list[frozenset[str]] = field(default_factory=list)
    loose_stems: set[str] = field(default_factory=set)
    figures: dict[str, list[str | float]] = field(default_factory=dict)


def read(text: str, lexicon: Lexicon) -> Iterator[Reading]:
    """The mentions of a text with their negation, clause by clause."""
    tokens = tokenise(text)
    for mention in lexicon.mentions(text):
        first = mention.first_token
        is_denied = False
        for back in range(first - 1, max(-1, first - 1 - _REACH), -1):
            gap = text[tokens[back].end : tokens[back + 1].start]
            word = tokens[back].text
            if any(mark in gap for mark in ".;:,!?") or word in _CLAUSE_ENDS:
                break
            if word in _NEGATIONS:
                is_denied = True
                break
        yield Reading(mention, is_denied and mention.terms[0].name != "instrumental")


def make_licence(facts: Iterable[Fact], lexicon: Lexicon) -> Licence:
    """Everything that facts of at least `SUPPORT_FROM` confidence license."""
    licence = Licence()
    for fact in facts:
        if not fact.confidence >= SUPPORT_FROM:
            continue
        value = str(fact.value)
        if fact.name == "aspect":
            _license_aspect(licence, value, lexicon)
        elif fact.name in ("instrument", "genre", "mood"):
            _license_phrase(licence, value, lexicon)
        elif fact.name in ("voice", "singer_gender"):
            for name in _VOICE_TERMS.get(value, ()):
                _state(licence, name, lexicon)
        else:
            _license_measure(licence, fact, lexicon)
    return licence


def supports(licence: Licence, reading: Reading, lexicon: Lexicon) -> bool:
    """Whether the licence carries what a reading states or denies, in any sense of its words."""
    mention = reading.mention
    if reading.is_denied:
        return any(_may_deny(licence, term, lexicon) for term in mention.terms)
    if any(term.name in licence.stated for term in mention.terms):
        return True
    stems = frozenset(stem(word) for word in mention.tokens)
    if len(stems) == 1:
        return not stems.isdisjoint(licence.loose_stems)
    return any(stems <= aspect for aspect in licence.stems)


def _may_deny(licence: Licence, term: Term, lexicon: Lexicon) -> bool:
    """`no percussion` licenses `no drums`, since drums are percussion; `instrumental` licenses `no voice`."""
    if term.kind == "voice" and "instrumental" in licence.stated:
        return True
    return not lexicon.licensed(term.name).isdisjoint(licence.denied)


def _state(licence: Licence, name: str, lexicon: Lexicon) -> None:
    licence.stated.update(lexicon.licensed(name))


def _license_phrase(licence: Licence, phrase: str, lexicon: Lexicon) -> None:
    """What the terms in a phrase mean; `no voices` denies, and then says `instrumental`."""
    for reading in read(phrase, lexicon):
        for term in reading.mention.terms:
            if not reading.is_denied:
                _state(licence, term.name, lexicon)
                continue
            licence.denied.add(term.name)
            if term.name == "voice":
                licence.stated.add("instrumental")


def _license_aspect(licence: Licence, phrase: str, lexicon: Lexicon) -> None:
    _license_phrase(licence, phrase, lexicon)
    tokens = tokenise(phrase)
    if any(token.text in _NEGATIONS for token in tokens):
        return
    licence.stems.append(frozenset(stem(token.text) for token in tokens))
    taken: set[int] = set()
    for mention in lexicon.mentions(phrase):
        if len(mention.tokens) > 1:  # `bass drum` must not license a bass
            taken.update(range(mention.first_token, mention.first_token + len(mention.tokens)))
    licence.loose_stems.update(stem(token.text) for index, token in enumerate(tokens) if index not in taken)


def _license_measure(licence: Licence, fact: Fact, lexicon: Lexicon) -> None:
    """Figures may be repeated, and said in words where a range of values goes by a word."""
    licence.figures.setdefault(fact.name, []).append(
        fact.value if not isinstance(fact.value, bool) else str(fact.value)
    )
    value = fact.value
    if fact.name == "tempo" and isinstance(value, (int, float)):
        licence.stated.update(tempo_words(float(value)))
    elif fact.name == "brightness" and isinstance(value, (int, float)):
        licence.stated.update(
            word for word, holds in {"dark": value < 1500, "bright": value > 2500}.items() if holds
        )
    elif fact.name == "loudness_range" and isinstance(value, (int, float)):
        ends = {"dynamic range narrow": value < 6, "dynamic range wide": value > 9}
        licence.stated.update(word for word, holds in ends.items() if holds)
    elif (fact.name, str(value)) in _CHANGE_TERMS:
        _state(licence, _CHANGE_TERMS[fact.name, str(value)], lexicon)
