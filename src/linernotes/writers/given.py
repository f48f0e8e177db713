"""Aspects a person gives, as facts: `sad, female vocal, piano` becomes three facts of source "given"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from linernotes.clip import Fact

_SEPARATOR = re.compile(r"[,;\n]")
_SPACES = re.compile(r"\s+")


def given_aspects(aspects: str | Iterable[str]) -> list[Fact]:
    """Facts with ids `given:1`, `given:2` ... from a comma separated line or from phrases.

    Phrases are kept whole, commas and all; empty ones are left out. Time spans are 0 to 0: nobody measured.
    """
    phrases = _SEPARATOR.split(aspects) if isinstance(aspects, str) else aspects
    tidy = [_SPACES.sub(" ", phrase).strip() for phrase in phrases]
    return [
        Fact(f"given:{index}", "aspect", phrase, "", 1.0, "given", 0.0, 0.0)
        for index, phrase in enumerate((phrase for phrase in tidy if phrase), start=1)
    ]
