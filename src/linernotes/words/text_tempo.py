"""Tempi in figures: "120 BPM", "around 95 bpm", "between 110 and 120 beats per minute", "half-time at 70"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from linernotes.words.licence import tempo_words
from linernotes.words.passage import Passage
from linernotes.words.text_finding import Finding

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
AGREEMENT = 0.04
"""Two tempi within this share of one another are the same: Gouyon et al., 2006, "accuracy 1"."""
CLASSES = {"slow": "slow", "medium": "medium tempo", "fast": "uptempo"}
"""Tempo class -> the term of the lexicon whose range of BPM it has."""

_ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
)
_ONES += "seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SPELT = "(?:" + "|".join((*_ONES, *_TENS, "hundred")) + ")"
_NUMBER = rf"(?:\d{{2,3}}(?:\.\d+)?|(?:a |{_SPELT})(?:[ -](?:and )?{_SPELT}){{0,5}})"
_UNIT = r"(?:bpms?\b|b\.p\.m\.?|beats (?:per|a) minute|beats/min(?:ute)?)"
_RANGE = rf"(?P<low>{_NUMBER})(?:\s?(?:-|–|—|to|and|or)\s?(?P<high>{_NUMBER}))?"
_CUE = (
    r"(?:(?:half|double)[ -]time (?:feel )?(?:at|of)|tempo(?: marking)?(?: is| of|:| at|=)?"
    r"(?: about| around| roughly| approximately| set at)*"
    r"|(?:bpm|beats per minute)(?: is| of|:|=)?(?: around| about)*"
    r"|metronome(?: mark(?:ing)?)?(?: is| of|:| at| set (?:at|to))?|[♩♪]\s?=|(?:quarter|crotchet)(?: note)? ?=)"
)
_PATTERNS = (
    re.compile(rf"(?<![\w.,/#])(?:between )?{_RANGE}[ -]?{_UNIT}", re.I),
    re.compile(rf"(?<!\w){_CUE}\s?{_RANGE}(?![\w/%]|\.\d| bars| years| seconds)", re.I),
)


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo as a text gives it: from `low_bpm` to `high_bpm`, or (both None) by the words of `classes`."""

    low_bpm: float | None
    high_bpm: float | None
    classes: tuple[str, ...]

    def may_be(self, bpm: float) -> bool:
        """Whether a tempo of `bpm` can be called this."""
        if self.low_bpm is None or self.high_bpm is None:
            return any(CLASSES[name] in tempo_words(bpm) for name in self.classes)
        return self.low_bpm * (1 - AGREEMENT) <= bpm <= self.high_bpm * (1 + AGREEMENT)

    def agrees(self, other: Tempo) -> bool:
        """Whether both may be one tempo: figures within 4 %, words of one class, or a word that fits a figure."""
        if self.low_bpm is None or self.high_bpm is None:
            if other.low_bpm is None or other.high_bpm is None:
                return bool(set(self.classes) & set(other.classes))
            return self.may_be(other.low_bpm) or self.may_be(other.high_bpm)
        if other.low_bpm is None or other.high_bpm is None:
            return other.agrees(self)
        return self.low_bpm * (1 - AGREEMENT) <= other.high_bpm and other.low_bpm <= self.high_bpm * (
            1 + AGREEMENT
        )


def parse_tempo(value: str) -> Tempo:
    """The tempo of a text fact's value: "120 BPM", "110-120 BPM", "slow", "medium to fast"."""
    if value.endswith(" BPM"):
        low, _, high = value.removesuffix(" BPM").partition("-")
        return Tempo(float(low), float(high or low), ())
    return Tempo(None, None, tuple(value.split(" to ")))


def find_tempi(passage: Passage) -> Iterator[Finding]:
    """Tempi in figures; tempo words are terms of the lexicon."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(passage.text):
            low, high = _number(match["low"]), _number(match["high"] or match["low"])
            if not SLOWEST_BPM <= low <= high <= FASTEST_BPM:
                continue
            value = f"{low:g} BPM" if low == high else f"{low:g}-{high:g} BPM"
            yield Finding(match.start(), match.end(), (("tempo", value),), 0.95)


def _number(text: str) -> float:
    """A number in figures or words: "ninety" is 90, "a hundred and twenty" 120, "one twenty" 120; else 0."""
    try:
        return float(text)
    except ValueError:
        total = 0
        for word in re.split(r"[ -]+", text.lower()):
            if word == "hundred":
                total = max(total, 1) * 100
            elif word in _TENS:
                total = (total * 100 if 0 < total < 10 else total) + 10 * (_TENS.index(word) + 2)
            elif word in _ONES:
                total += _ONES.index(word) + 1
            elif word == "a":
                total = 1
        return float(total)
