"""The A-vs-B listening test of LP-MusicCaps (Doh et al., 2023, section 3.2).

A rater hears a clip and reads two texts, one of them always a person's caption; which one it is, and which method
wrote the other, nobody on the rater's side learns. `making` lays a test out in a folder, `server` shows it to
raters, `tally` counts what they said. The words that raters read are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Side = Literal["a", "b"]
"""Where a text stands on the page."""

Choice = Literal["a", "b", "tie"]
CHOICES: tuple[Choice, ...] = get_args(Choice)

Outcome = Literal["win", "tie", "loss"]
"""Of the method against the person."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

PER_RATER = 20
"""Questions a rater is asked, as in the paper, where there are as many clips."""

RATINGS = 2
"""How many raters a question is meant for: with one, agreement between raters can't be seen."""

LISTEN_FIRST_S = 3.0
"""Seconds of a clip that the page wants played before it takes an answer; all of a shorter one."""

HOST = "127.0.0.1"
PORT = 8010

LONGEST_NAME = 60
LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Aspect:
    """One of the two things asked of every pair; `label` is what reports call it."""

    key: str
    label: str
    question: str
    hint: str


ASPECTS = (
    Aspect(
        "more_true",
        "more true positives",
        "Which text says more about this music that is true?",
        "Count what you can hear: instruments, style, mood, voice, tempo. Mistakes don't matter here.",
    ),
    Aspect(
        "fewer_false",
        "fewer false positives",
        "Which text says less about this music that is wrong?",
        "Look for mistakes only. A short text without any beats a long one with some.",
    ),
)

INTRODUCTION = (
    "You will hear short pieces of music, each with two texts that describe it. Two questions follow: which text "
    "says more that is true, and which says less that is wrong. Listen as often as you like. There is no right "
    "answer: we want to know what you hear. Headphones help.",
    "Every answer is kept at once. You can stop at any time and go on later.",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a test was laid out with.

    `closed`: only codes that were made with the test let somebody in; otherwise any name does. `identical` counts
    the pairs left out because the method's caption was the person's, word for word. `key` tells tests apart that
    one address serves.
    """

    key: str
    title: str
    methods: tuple[str, ...]
    per_rater: int
    ratings: int
    seed: int
    closed: bool
    identical: int
    made: str
    version: str


def outcome(choice: Choice, human_side: Side) -> Outcome:
    """What a choice means for the method, given where the person's caption stood."""
    if choice == "tie":
        return "tie"
    return "loss" if choice == human_side else "win"
