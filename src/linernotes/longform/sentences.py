"""A text cut into sentences, and sentences laid over time by the times they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from linernotes.clip import Moment
from linernotes.longform.times import TimeMention, read_times

_END = re.compile(r"(?<=[.!?…])[\"”')\]]*\s+(?=[\"“(\[]?[A-Z0-9])|\n+")
_LEADS = re.compile(
    r"(?:\b(?:at|from|by|around|about|after|near|since|between|past|roughly|approximately|precisely)(?:\sthe)?\s|^\W*)$",
    re.I,
)
_BEGINNING = re.compile(
    r"\b(?:at first|initially|(?:in|at|from) the (?:beginning|start|outset)|(?:opens|begins|starts)(?! to\b))",
    re.I,
)
AT_THE_END_S = 1.0
"""A sentence does not begin where the recording ends: "it lasts 3:05"."""


@dataclass(frozen=True, slots=True)
class Place:
    """Character `at` of a text is where it says "at 1:05", or "at first"."""

    at: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters `start` to `end` of a text, and the stretch from `from_s` to `to_s` that they speak of.

    `is_timed` is False where neither they nor what stands before them name a time; `before_s` is where the
    sentence before stood.
    """

    start: int
    end: int
    from_s: float
    to_s: float
    is_timed: bool
    before_s: float
    places: tuple[Place, ...]

    def stretch(self, at: int) -> tuple[float, float]:
        """The seconds that character `at` of the text speaks of: "at 0:20 drums enter, at 0:50 they leave"."""
        before = [place for place in self.places if place.at <= at]
        after = [place for place in self.places if place.at > at]
        if not before:  # "drums enter at 0:20", and what leads there
            return (self.before_s if after else self.from_s), self.to_s
        from_s = before[-1].seconds
        return from_s, next(
            (place.seconds for place in after if place.seconds > from_s), max(self.to_s, from_s)
        )


def sentences(text: str, duration_s: float) -> tuple[Sentence, ...]:
    """The sentences of a text with their times.

    A sentence that names no time of its own goes on where the one before stood; what stands before the first time
    speaks of the whole recording.
    """
    edges = [0, *(match.end() for match in _END.finditer(text)), len(text)]
    spans = [(start, end) for start, end in pairwise(edges) if text[start:end].strip()]
    places = [_places(text, start, end, duration_s) for start, end in spans]
    begins: list[float | None] = []
    now_s: float | None = None
    for number, (start, end) in enumerate(spans):
        if now_s is None and (opening := _BEGINNING.search(text, start, end)):
            first = Place(opening.start(), 0.0)
            places[number] = tuple(sorted((first, *places[number]), key=lambda place: place.at))
        named = places[number]
        if named and named[0].seconds >= (now_s or 0.0):
            now_s = named[0].seconds
        begins.append(now_s)
    return tuple(
        Sentence(
            start,
            end,
            begin or 0.0,
            _until(begins, place, duration_s),
            begin is not None,
            (begins[place - 1] if place else None) or 0.0,
            places[place],
        )
        for place, ((start, end), begin) in enumerate(zip(spans, begins, strict=True))
    )


def moments(text: str, duration_s: float) -> tuple[Moment, ...]:
    """Sentences of one time together, from the start of the recording to its end."""
    words: dict[float, list[str]] = {}
    for sentence in sentences(text, duration_s):
        words.setdefault(sentence.from_s, []).append(" ".join(text[sentence.start : sentence.end].split()))
    starts = [0.0, *list(words)[1:]]
    return tuple(
        Moment(start_s, end_s, " ".join(told))
        for start_s, end_s, told in zip(starts, [*starts[1:], duration_s], words.values(), strict=True)
    )


def _places(text: str, start: int, end: int, duration_s: float) -> tuple[Place, ...]:
    """The times that a sentence names as places: "at 1:05", not "the music of 1:05" or "lasts 1:05"."""
    sentence = text[start:end]
    return tuple(
        Place(start + mention.start, mention.seconds)
        for mention in read_times(sentence)
        if _is_place(sentence, mention) and 0 <= mention.seconds < duration_s - AT_THE_END_S
    )


def _is_place(sentence: str, mention: TimeMention) -> bool:
    return mention.is_possible and _LEADS.search(sentence[: mention.start]) is not None


def _until(begins: Sequence[float | None], place: int, duration_s: float) -> float:
    begin = begins[place]
    if begin is None:
        return duration_s
    return next((later for later in begins[place + 1 :] if later is not None and later > begin), duration_s)
