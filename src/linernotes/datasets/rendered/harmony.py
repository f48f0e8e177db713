"""Keys and chords as pitch classes, read from roman numerals and written in Harte's syntax.

Harte et al., "Symbolic representation of musical chords", ISMIR 2005. Pitch classes count semitones above C.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
MAJOR_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
FLAT_KEYS = {"F major", "Bb major", "Eb major", "Ab major", "Db major"} | {
    f"{tonic} minor" for tonic in ("D", "G", "C", "F", "Bb", "Eb")
}

QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "sus4": (0, 5, 7),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "7": (0, 4, 7, 10),
    "hdim7": (0, 3, 6, 10),
}
"""Semitones above the root, by Harte's shorthand."""

_DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_INTERVALS = {3: "b3", 4: "3", 5: "4", 6: "b5", 7: "5", 10: "b7", 11: "7"}
_ROMAN = re.compile(r"(?P<accidental>[b#]?)(?P<degree>[IVX]+|[ivx]+)(?P<suffix>maj7|dim|hdim7|sus4|7)?")


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic pitch class with its mode, "major" or "minor"."""

    tonic: int
    mode: str

    @property
    def name(self) -> str:
        """As "F# minor"."""
        tonics = MAJOR_TONICS if self.mode == "major" else MINOR_TONICS
        return f"{tonics[self.tonic]} {self.mode}"

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the major or the natural minor scale, from the tonic upwards."""
        steps = (0, 2, 4, 5, 7, 9, 11) if self.mode == "major" else (0, 2, 3, 5, 7, 8, 10)
        return tuple((self.tonic + step) % 12 for step in steps)

    def spell(self, pitch_class: int) -> str:
        """Name of a pitch class, with the accidentals of this key."""
        return (FLATS if self.name in FLAT_KEYS else SHARPS)[pitch_class % 12]


@dataclass(frozen=True, slots=True)
class Chord:
    """A root pitch class, a quality of `QUALITIES` and the interval of the bass above the root in semitones."""

    root: int
    quality: str
    bass_interval: int = 0

    @property
    def tones(self) -> tuple[int, ...]:
        """Pitch classes of the chord, the root first."""
        return tuple((self.root + interval) % 12 for interval in QUALITIES[self.quality])

    @property
    def bass(self) -> int:
        """Pitch class that sounds lowest."""
        return (self.root + self.bass_interval) % 12

    def label(self, key: Key) -> str:
        """In Harte's syntax, as "A:min7/b3"."""
        inversion = f"/{_INTERVALS[self.bass_interval]}" if self.bass_interval else ""
        return f"{key.spell(self.root)}:{self.quality}{inversion}"

    def inverted(self, inversion: int) -> Chord:
        """The same chord with its third (1), fifth (2) or seventh (3) in the bass."""
        return replace(self, bass_interval=QUALITIES[self.quality][inversion])


def read_roman(numeral: str, key: Key) -> Chord:
    """Chord of a numeral such as "ii", "bVII" or "V7"; degrees count from the major scale in either mode."""
    match = _ROMAN.fullmatch(numeral)
    if not match:
        raise ValueError(
            f"not a roman numeral: {numeral!r}; allowed are such as I, ii, bVII, V7, IVmaj7, viidim"
        )
    shift = {"": 0, "b": -1, "#": 1}[match["accidental"]]
    root = (key.tonic + _DEGREES[match["degree"].upper()] + shift) % 12
    minor = match["degree"].islower()
    suffix = match["suffix"] or ""
    if suffix == "7":
        return Chord(root, "min7" if minor else "7")
    return Chord(root, suffix or ("min" if minor else "maj"))


def with_seventh(chord: Chord, key: Key) -> Chord:
    """The seventh chord that the key's scale builds on a triad; a major chord foreign to it gets a minor one."""
    major_seventh = (chord.root + 11) % 12 in key.scale and (chord.root - key.tonic) % 12 != 10
    sevenths = {"maj": "maj7" if major_seventh else "7", "min": "min7", "dim": "hdim7"}
    return replace(chord, quality=sevenths.get(chord.quality, chord.quality))
