"""Figures in a text: tempi, keys, metres, decades and chord loops, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NOTE = r"[A-G](?:[#b♯♭]|[ -]?(?:sharp|flat))?"
_PATTERNS = {
    "tempo": re.compile(r"\b(\d+(?:\.\d+)?)\s*(?:BPM|bpm|beats per minute)\b"),
    "key": re.compile(rf"\b({_NOTE}[ -]?(?:major|minor))\b"),
    "metre": re.compile(r"(?<![\d/])(\d{1,2}/(?:2|4|8|16))(?![\d/])"),
    "era": re.compile(r"\b((?:19|20)?\d0s)(?![A-Za-z0-9])"),
    "chord_loop": re.compile(r"(?<![\w-])((?:[A-G][#b]?(?:maj|min|dim|aug|sus|m)?\d?-){2,}[A-G][#b]?\w*)"),
}
PITCHES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TEMPO_TOLERANCE = 0.04
_TEMPO_SLACK_BPM = 2.6


@dataclass(frozen=True, slots=True)
class Figure:
    """Characters `start` to `end` give the value of `name` (a fact name) in figures."""

    start: int
    end: int
    name: str
    value: str


def find_figures(text: str) -> Iterator[Figure]:
    """Every figure of a text, by kind."""
    for name, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            yield Figure(match.start(), match.end(), name, match[1])


def agrees(figure: Figure, value: str | float) -> bool:
    """Whether the figure says what a fact with this value says, rounded as people round."""
    if figure.name == "tempo":
        bpm = float(value)
        return abs(float(figure.value) - bpm) <= max(_TEMPO_SLACK_BPM, _TEMPO_TOLERANCE * bpm)
    if figure.name == "key":
        return _key(figure.value) == _key(str(value)) != None  # noqa: E711
    if figure.name == "era":
        return figure.value[-3:] == str(value)[-3:]
    return figure.value == str(value).strip()


def _key(name: str) -> tuple[int, str] | None:
    """Pitch class and mode, so that enharmonic names agree."""
    match = re.fullmatch(r"([A-G])[ -]?(#|b|♯|♭|sharp|flat)?[ :-]*(maj|min|m)?\w*", name.strip())
    if match is None:
        return None
    shift = {"#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}.get(match[2] or "", 0)
    return (PITCHES[match[1]] + shift) % 12, "minor" if (match[3] or "").startswith("m") and match[
        3
    ] != "maj" else "major"
