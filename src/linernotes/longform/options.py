"""How a long description is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class WindowKind(str, Enum):
    """Where windows begin and end: every ten seconds, at the last beat within ten seconds, or within sections."""

    fixed = "fixed"
    beats = "beats"
    sections = "sections"


class Length(str, Enum):
    """How much is told: the few turns that matter most, the usual, or every section."""

    short = "short"
    medium = "medium"
    full = "full"


class Manner(str, Enum):
    """One flowing paragraph, or a line for every turn that begins with its time."""

    prose = "prose"
    timeline = "timeline"


@dataclass(frozen=True, slots=True)
class LongOptions:
    """Choices of `caption --long`."""

    windows: WindowKind = WindowKind.fixed
    length: Length = Length.medium
    manner: Manner = Manner.prose
    seed: int = 0
