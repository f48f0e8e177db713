"""Chords and progressions in a text: "an Am7 chord", "C - G - Am - F", "the progression is Dm7, G7 and Cmaj7".

A lone capital letter is a chord only beside the word "chord"; roman numerals name no chord without a key, so
they are not read. Chords are kept in Harte's syntax (Harte et al., ISMIR 2005).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from linernotes.features.harmony.pitch_names import SHARPS
from linernotes.words.passage import Passage, opens_sentence
from linernotes.words.spans import Spans
from linernotes.words.text_finding import Finding
from linernotes.words.text_keys import pitch_class

_QUALITIES = {
    "": "maj", "maj": "maj", "major": "maj", "m": "min", "min": "min", "minor": "min",
    "7": "7", "dominant 7": "7", "maj7": "maj7", "M7": "maj7", "Δ": "maj7", "m7": "min7", "min7": "min7",
    "major 7": "maj7", "minor 7": "min7", "dim": "dim", "diminished": "dim", "°": "dim", "dim7": "dim7",
    "aug": "aug", "augmented": "aug", "+": "aug", "sus2": "sus2", "sus4": "sus4", "sus": "sus4", "6": "maj6",
    "m6": "min6", "9": "9", "m9": "min9", "maj9": "maj9", "add9": "maj(9)", "5": "5", "m7b5": "hdim7",
    "ø": "hdim7", "11": "11", "13": "13", "7sus4": "sus4", "6/9": "maj6", "m11": "min11",
}  # fmt: skip
"""Endings of chord names -> quality in Harte's syntax."""
_TRIADS = {"min": "min", "dim": "dim", "hdim": "dim", "aug": "aug", "sus": "sus", "maj": "maj", "5": "5"}

_ROOT = r"[A-G](?:[#♯♭]|b(?![a-z]))?"
_SHORT = "|".join(
    sorted((re.escape(name) for name in _QUALITIES if name and " " not in name), key=len, reverse=True)
)
_CHORD = rf"{_ROOT}(?:{_SHORT})?(?:/[A-G][#b]?)?"
_END = r"(?![\w#♯♭])"
_LONG = (
    r"(?: (?:major|minor|diminished|augmented)(?: 7(?:th)?| seventh)?| dominant 7(?:th)?| dominant seventh)"
)
_NAMED = re.compile(
    rf"(?<![\w#])(?P<chord>{_CHORD}|{_ROOT}{_LONG}|{_ROOT}[ -](?:sharp|flat){_LONG}?)[ -]chord(?:s)?\b"
)
_BARE = re.compile(
    rf"(?<![\w#-])(?P<chord>{_ROOT}(?:maj7|M7|m7b5|min7|m7|dim7|dim|aug|sus2|sus4|sus|add9|maj9|m9|m6|7))"
    r"(?![\w#♯♭-])"
)
_LOOP = re.compile(rf"(?<![\w#-])(?P<loop>{_CHORD}(?:\s?(?:->|→|–|—|-|\|)\s?{_CHORD}){{2,}}){_END}")
_LIST = re.compile(
    rf"\b(?:chords?|progression|changes|harmony|sequence|loop)\b(?: progression| sequence| loop)?"
    r"(?: (?:is|are|of|in|consists of|goes|go|uses|use|being|the|moves through|cycles through|simply))*:?\s"
    rf"(?P<loop>{_CHORD}(?:,? (?:and |then |to )?{_CHORD}(?=[\s,.;:)]|$)){{1,}}){_END}"
)


@dataclass(frozen=True, slots=True)
class Chord:
    """Pitch class of the root and quality in Harte's syntax."""

    root: int
    quality: str

    @property
    def triad(self) -> str:
        """The triad that the quality extends: "min" of "min7", "maj" of "7"."""
        return next((triad for start, triad in _TRIADS.items() if self.quality.startswith(start)), "maj")

    @property
    def name(self) -> str:
        """In Harte's syntax, the root spelt with sharps."""
        return f"{SHARPS[self.root]}:{self.quality}"

    def agrees(self, other: Chord) -> bool:
        """Whether root and triad are the same; sevenths and added notes are not compared (mir_eval's "triads")."""
        return (self.root, self.triad) == (other.root, other.triad)


def parse_chord(name: str) -> Chord:
    """A chord in Harte's syntax ("A:min7") or as in a lead sheet ("Am7", "A minor 7th").

    Raises:
        ValueError: it is no chord.
    """
    match = re.match(
        r"(?P<letter>[A-G])(?P<shift>#|♯|♭|b(?![a-z])|[ -](?:sharp|flat))?(?P<rest>.*)$", name.strip()
    )
    if match is None:
        raise ValueError(f'{name!r} is no chord: expected "Am7" or "A:min7"')
    rest = match["rest"].split("/")[0] if match["rest"] != "6/9" else "6/9"
    root = pitch_class(match["letter"], match["shift"])
    if rest.startswith(":"):
        return Chord(root, rest[1:])
    rest = re.sub(r"(?: seventh| ?7th)$", " 7", rest).strip()
    if rest not in _QUALITIES:
        raise ValueError(f"{name!r} is no chord: its ending {rest!r} is not known")
    return Chord(root, _QUALITIES[rest])


def parse_loop(value: str) -> tuple[Chord, ...]:
    """The chords of a loop's value, "Am-F-C-G"."""
    return tuple(parse_chord(name) for name in value.split("-"))


def loops_agree(one: str, other: str) -> bool:
    """Whether two loops go round the same chords, wherever they begin."""
    ours, theirs = parse_loop(one), parse_loop(other)
    return len(ours) == len(theirs) and any(
        all(a.agrees(b) for a, b in zip(ours, theirs[turn:] + theirs[:turn], strict=True))
        for turn in range(len(theirs))
    )


def find_chords(passage: Passage) -> Iterator[Finding]:
    """Progressions, and single chords that stand outside them."""
    text = passage.text
    taken = Spans()
    for match in (*_LOOP.finditer(text), *_LIST.finditer(text)):
        if taken.overlaps(*match.span("loop")):
            continue
        names = re.findall(rf"(?<![\w#/]){_CHORD}", match["loop"])
        if len(names) < 2:
            continue
        taken.add(*match.span("loop"))
        loop = "-".join(name.replace("♯", "#").replace("♭", "b") for name in names)
        yield Finding(*match.span("loop"), (("chord_loop", loop),), 0.95)
    for match in (*_NAMED.finditer(text), *_BARE.finditer(text)):
        if taken.overlaps(*match.span()):
            continue
        if match["chord"] == "A" and opens_sentence(text, match.start()):
            continue  # the article
        taken.add(*match.span())
        yield Finding(match.start("chord"), match.end(), (("chord", parse_chord(match["chord"]).name),), 0.95)
