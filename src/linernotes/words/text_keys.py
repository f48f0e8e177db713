"""Keys in a text: "F sharp minor", "Db major", "in the key of A", "G maj", "in Em", "a minor key"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from linernotes.features.harmony.pitch_names import FLATS, key_name
from linernotes.words.figures import PITCHES
from linernotes.words.passage import Passage
from linernotes.words.spans import Spans
from linernotes.words.text_finding import Finding

_ACCIDENTAL = r"(?:\s?[#♯♭]|b(?![a-z])|[ -]?(?:sharp|flat)\b)"
_MODE = r"(?:major|minor|maj|min|m|dorian|phrygian|lydian|mixolydian|locrian|aeolian|ionian)(?![a-z\d])"
_NAMED = re.compile(rf"(?<![\w#♯♭])(?P<tonic>[A-Ga-g])(?P<shift>{_ACCIDENTAL})?[ -]?(?P<mode>{_MODE})", re.I)
_KEY_OF = re.compile(
    rf"\b(?:in the key of|key of|key is|key:|tonic is|tonality of|tonic:)\s+(?P<tonic>[A-G])"
    rf"(?P<shift>{_ACCIDENTAL})?(?![\w#♯♭'’-])(?!\s(?:major|minor|maj|min|m)\b)",
)
_MODE_ALONE = re.compile(
    r"\b(?P<mode>major|minor)(?:[ -](?:key|mode|tonality|mood|sounding|harmony|tonal\w*)s?\b)"
    r"|\bin (?:the )?(?P<bare>major|minor)(?=\s*[.,;!?]|\s*$)",
    re.I,
)
_LEADING = re.compile(
    r"(?:\bin|\bof|\bto|\bfrom|\bkey|\bkey is|\binto|\bbetween|\bor|\band|[:=(/,])\s*(?:the\s)?$", re.I
)
_CLOSING = re.compile(
    r"\s*(?:$|[.,;:!?)/]|(?:key|scale|tonality|and|with|without|at|to|for|or|on|throughout|over|but|then"
    r"|pentatonic|from|by|until|while|as)\b)",
    re.I,
)
_INTERVAL = re.compile(r"[ -]?(?:second|third|sixth|seventh|ninth|chord|triad|7th)s?\b", re.I)
_END_OF_CLAUSE = re.compile(r"\s*(?:$|[.,;!?)])")
_TONIC_BEFORE = re.compile(rf"(?<![\w])[A-G]{_ACCIDENTAL}?[ -]?$")
_KEY_BEFORE = re.compile(r"\b(?:in|key of|key is|key:|to|from)\s*(?:the key of\s)?$", re.I)
_LOOK_BACK = 40
"""Characters before a key that are looked at; what leads to one is shorter."""
_ALIASES = {"aeolian": "minor", "ionian": "major", "maj": "major", "min": "minor", "m": "minor"}
_TWO_SENSES = 0.6


@dataclass(frozen=True, slots=True)
class Key:
    """A key as a text gives it: pitch class of the tonic (None: mode alone), mode ("": tonic alone)."""

    tonic: int | None
    mode: str

    @property
    def name(self) -> str:
        """As "F# minor", "A" or "minor"."""
        if self.tonic is None:
            return self.mode
        if self.mode in ("major", "minor"):
            return key_name(self.tonic + (12 if self.mode == "minor" else 0))
        return f"{FLATS[self.tonic]} {self.mode}".strip()


def pitch_class(letter: str, shift: str | None) -> int:
    """Semitones above C of a letter with "#", "flat" and the like."""
    sign = (shift or "").strip(" -").lower()
    return (
        PITCHES[letter.upper()] + {"#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}.get(sign, 0)
    ) % 12


def parse_key(name: str) -> Key:
    """The key of a value that this module or a key estimator made.

    Raises:
        ValueError: it is no key.
    """
    match = re.fullmatch(r"(?:([A-G])([#b♯♭]?))?\s*([a-z]*)", name.strip())
    if match is None or not (match[1] or match[3]):
        raise ValueError(f'{name!r} is no key: expected "F# minor", "A" or "minor"')
    return Key(pitch_class(match[1], match[2]) if match[1] else None, match[3])


def find_keys(passage: Passage, taken: Spans) -> Iterator[Finding]:
    """The keys of a text, none of them within the spans `taken` by chords."""
    text = passage.text
    for match in (*_NAMED.finditer(text), *_KEY_OF.finditer(text)):
        confidence = _confidence(match, text)
        if not confidence or taken.overlaps(*match.span()):
            continue
        mode = (match.groupdict().get("mode") or "").lower()
        key = Key(pitch_class(match["tonic"], match["shift"]), _ALIASES.get(mode, mode))
        yield Finding(match.start("tonic"), match.end(), (("key", key.name),), confidence)
    for match in _MODE_ALONE.finditer(text):
        if not _ends_before(_TONIC_BEFORE, match, text):
            mode = (match["mode"] or match["bare"]).lower()
            yield Finding(match.start(), match.end(), (("key", mode),), 0.9)


def _confidence(match: re.Match[str], text: str) -> float:
    """How surely a match is a key; 0 where it is none ("A minor third", "a major label")."""
    mode = match.groupdict().get("mode")
    if mode is None:
        return 0.95
    if _INTERVAL.match(text, match.end()):
        return 0.0
    lead = _ends_before(_LEADING, match, text)
    if mode == "m" or (len(mode) == 1):
        return 0.9 if match["tonic"].isupper() and _ends_before(_KEY_BEFORE, match, text) else 0.0
    if match["tonic"] in "Aa" and not match["shift"]:
        closes = _CLOSING.match(text, match.end()) is not None
        if match["tonic"] == "a":
            return _TWO_SENSES if lead and _END_OF_CLAUSE.match(text, match.end()) else 0.0
        return 0.95 if closes else (_TWO_SENSES if lead else 0.0)
    if match["tonic"].islower() and not (lead or match["shift"]):
        return 0.0
    return 0.95


def _ends_before(pattern: re.Pattern[str], match: re.Match[str], text: str) -> bool:
    """Whether a pattern that ends in `$` is found right before a match."""
    start = match.start()
    return pattern.search(text, max(0, start - _LOOK_BACK), start) is not None
