"""What the readers of keys, tempi, chords and terms find, before negation and hedges are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: `attribute` has `value`, or has it not."""

    attribute: str
    value: str
    is_denied: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters `start` to `end` speak of `values` (attribute, value), all stated or denied together.

    `is_denied` is what the words themselves say ("instrumental" denies a voice); a negation around them turns it
    over where `can_be_denied`. `only_stated` are values that a denial leaves open: "no male singer" does not say
    that nobody sings.
    """

    start: int
    end: int
    values: tuple[tuple[str, str], ...]
    confidence: float
    is_denied: bool = False
    can_be_denied: bool = True
    only_stated: tuple[tuple[str, str], ...] = ()

    def said(self, is_denied: bool) -> Iterator[Said]:
        """The statements, given whether the finding is denied where it stands."""
        for attribute, value in self.values:
            yield Said(attribute, value, is_denied)
        if not is_denied:
            for attribute, value in self.only_stated:
                yield Said(attribute, value, False)
