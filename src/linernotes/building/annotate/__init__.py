"""Feature labels for a data set: facts with confidence and source, and vectors in the order of known classes.

A `FeatureExtractor` listens to a clip and states facts. What it says of an instrument, a genre or a mood with a
confidence below `Bounds.present` is a doubt: it becomes no fact of the manifest, and where it is at most
`Bounds.absent` the class counts as absent. Everything between, and everything nobody spoke of, is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from linernotes.audio import Audio
from linernotes.clip import Fact
from linernotes.datasets.feature_classes import UNLIKELY

NAMED = ("instrument", "genre", "mood")
"""Fact names whose values are classes of which several may hold at once."""


class FeatureExtractor(Protocol):
    """Hears one clip at a time; made once in every process, called with clips in any order."""

    sample_rate: int | None
    """The rate in Hz at which it wants to hear; None for that of the file."""

    version: str
    """Changes when its answers do: what another version said is asked for anew."""

    def __call__(self, audio: Audio) -> Sequence[Fact]:
        """Facts about the clip, times in the clip's own seconds, names out of `linernotes.clip.FACT_NAMES`.

        Raises:
            ValueError: the clip can't be judged, in one line; the other extractors go on.
        """


@dataclass(frozen=True, slots=True)
class Bounds:
    """Probabilities from which a class is present, and up to which it is absent."""

    present: float = 0.5
    absent: float = UNLIKELY

    def __post_init__(self) -> None:
        if not 0.0 <= self.absent < self.present <= 1.0:
            raise ValueError(
                f"a class is absent up to {self.absent:g} and present from {self.present:g}: "
                "these must be two numbers from 0 to 1, the first the smaller"
            )


def claims(facts: Sequence[Fact], bounds: Bounds) -> tuple[Fact, ...]:
    """`facts` less the doubts."""
    return tuple(fact for fact in facts if fact.name not in NAMED or fact.confidence >= bounds.present)
