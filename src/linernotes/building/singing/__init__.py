"""Captions of how somebody sings (S2Cap, Ok and Lee, 2025, section 3): tracks, segments, attributes, text.

`demixing` takes the voice out of the mix, `diarising` says who sings when, `segments` cuts. `hearing`,
`measuring`, `vocal_pitch` and `timbre` measure, `classes` names what was measured, `wording` writes and checks.
`describing` does it for one file, `stages` and `making` for a whole manifest. `corpus` renders singing whose truth
is known, and `agreement` says how right the attributes are on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNSURE = "unsure"
"""What is said where the evidence does not carry more."""

REQUIRED = ("singer_gender", "pitch", "tempo", "volume", "mood", "timbre")
"""The six acoustic attributes: every caption of the data set says all of them."""

FROM_METADATA = ("name", "age", "gender", "tags")
"""What is known of the artist and the track beforehand; `gender` is the artist's, `singer_gender` is heard."""

ATTRIBUTES = (*FROM_METADATA, "volume", "pitch", "singer_gender", "timbre", "mood", "tempo")
"""The paper's ten, in its order."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a sung segment: a word, how sure it is (0..1), who says so, and the number behind it."""

    name: str
    value: str
    confidence: float
    source: str
    number: float | None = None
    unit: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it says anything."""
        return self.value not in ("", UNSURE)


def unsure(name: str, confidence: float = 1.0, source: str = "none") -> Attribute:
    """The attribute of that name which says nothing."""
    return Attribute(name, UNSURE, confidence, source)


def missing_of(attributes: Mapping[str, Attribute]) -> tuple[str, ...]:
    """Which of the six required attributes nothing is known of."""
    return tuple(name for name in REQUIRED if name not in attributes or not attributes[name].is_known)
