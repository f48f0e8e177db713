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
AT_THE_END_S = 1.0
"""A sentence does not begin where the recording ends: "it lasts 3:05"."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters `start` to `end` of a text, and the stretch they speak of; `is_timed`: in their own words."""

    start: int
    end: int
    from_s: float
    to_s: float
    is_timed: bool


def sentences(text: str, duration_s: float) -> tuple[Sentence, ...]:
    """The sentences of a text with their times.

    A sentence that names no time of its own goes on where the one before stood; what stands before the first time
    speaks of the whole recording and has `is_timed` False.
    """
    edges = [0, *(match.end() for match in _END.finditer(text)), len(text)]
    spans = [(start, end) for start, end in pairwise(edges) if text[start:end].strip()]
    begins: list[float | None] = []
    now_s: float | None = None
    for start, end in spans:
        found_s = _begin(text[start:end], duration_s)
        if found_s is not None and found_s >= (now_s or 0.0):
            now_s = found_s
        begins.append(now_s)
    return tuple(
        Sentence(start, end, begin or 0.0, _until(begins, place, duration_s), begin is not None)
        for place, ((start, end), begin) in enumerate(zip(spans, begins, strict=True))
    )


def moments(text: str, duration_s: float) -> tuple[Moment, ...]:
    """Sentences of one time together, from the start of the recording to its end."""
    found: list[Moment] = []
    for sentence in sentences(text, duration_s):
        words = " ".join(text[sentence.start : sentence.end].split())
        if found and sentence.from_s <= found[-1].start_s:
            found[-1] = Moment(found[-1].start_s, duration_s, f"{found[-1].text} {words}")
            continue
        if found:
            found[-1] = Moment(found[-1].start_s, sentence.from_s, found[-1].text)
        found.append(Moment(sentence.from_s if found else 0.0, duration_s, words))
    return tuple(found)


def _begin(sentence: str, duration_s: float) -> float | None:
    """The first time that a sentence names as a place: "at 1:05", not "the music of 1:05" or "lasts 1:05"."""
    for mention in read_times(sentence):
        if _is_place(sentence, mention) and 0 <= mention.seconds < duration_s - AT_THE_END_S:
            return mention.seconds
    return None


def _is_place(sentence: str, mention: TimeMention) -> bool:
    return mention.is_possible and _LEADS.search(sentence[: mention.start]) is not None


def _until(begins: Sequence[float | None], place: int, duration_s: float) -> float:
    begin = begins[place]
    if begin is None:
        return duration_s
    return next((later for later in begins[place + 1 :] if later is not None and later > begin), duration_s)
