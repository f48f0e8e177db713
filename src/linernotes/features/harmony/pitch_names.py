"""How keys, chords and progressions are written: "F# minor", "A:min" (Harte), "Am-F-C-G".

Harte et al., "Symbolic representation of musical chords", ISMIR 2005. Pitch classes count semitones above C.
"""

from __future__ import annotations

from collections.abc import Sequence

SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
MAJOR_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""The spelling with the fewer accidentals, as key signatures are written."""
MODES = ("major", "minor")
KEYS = 24
"""Keys are numbered `12 * mode + tonic`: C major is 0, C minor 12."""

_FLAT_MAJORS = (1, 3, 5, 8, 10)
_SUFFIXES = {"maj": "", "min": "m", "7": "7", "maj7": "maj7", "min7": "m7", "dim": "dim", "hdim7": "m7b5"}


def key_name(key: int) -> str:
    """As "F# minor", of a key's number."""
    tonics = MAJOR_TONICS if key < 12 else MINOR_TONICS
    return f"{tonics[key % 12]} {MODES[key // 12]}"


def pitch_name(pitch_class: int, key: int) -> str:
    """Name of a pitch class with the accidentals of a key."""
    relative_major = key if key < 12 else (key + 3) % 12
    return (FLATS if relative_major in _FLAT_MAJORS else SHARPS)[pitch_class % 12]


def harte(root: int, quality: str, key: int) -> str:
    """As "A:min"."""
    return f"{pitch_name(root, key)}:{quality}"


def progression_name(labels: Sequence[str]) -> str:
    """As "Am-F-C-G", of chords in Harte's syntax."""
    return "-".join(_lead_sheet(label) for label in labels)


def _lead_sheet(label: str) -> str:
    root, quality = label.split(":")
    return root + _SUFFIXES.get(quality, quality)
