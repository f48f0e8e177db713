"""Six questions on whether a caption says of the music what its references say (SonicVerse, Table 3).

A judge answers each with yes, no or n/a: a language model (`by_model`) or the lexicon (`by_lexicon`).
Accuracy is yes / (yes + no).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal["yes", "no", "n/a"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

QUESTIONS = ("key", "instrument", "genre", "mood", "vocal_presence", "vocal_gender")


MOST_REPEATS = 2 * len(QUESTIONS)
"""As many orders of the questions as `prompt.question_order` has."""

REPEATS = 3
JOBS = 4
MAX_TOKENS = 1000
"""An answer has about 60; the rest is for models that think first."""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How a language model is made to judge; `temperature=None` leaves it to the backend."""

    repeats: int = REPEATS
    jobs: int = JOBS
    temperature: float | None = 0.0
    max_tokens: int = MAX_TOKENS

    def __post_init__(self) -> None:
        if not 1 <= self.repeats <= MOST_REPEATS:
            raise ValueError(f"repeats must be 1 to {MOST_REPEATS}, not {self.repeats}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judge's answers on one clip; `repeat` counts from 0.

    `model` is what the server says answered, which may be more exact than the name it was asked for.
    """

    clip_id: str
    repeat: int
    verdicts: Mapping[str, Verdict]
    model: str = ""
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A clip on which the judge gave no usable answer, and why."""

    clip_id: str
    repeat: int
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """All answers of one judge, and what is missing from them: every clip and repeat is in one or the other."""

    clip_ids: tuple[str, ...]
    repeats: int
    judgements: tuple[Judgement, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def asked(self) -> int:
        """How often each question was put."""
        return len(self.clip_ids) * self.repeats
