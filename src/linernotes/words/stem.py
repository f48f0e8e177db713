"""Word stems, light enough to be predictable: enough to see that `singing` and `sings` say the same."""

from __future__ import annotations

from functools import lru_cache

_SUFFIXES = (
    "ically", "ations", "ation", "ingly", "iness", "izing", "ising", "edly", "ness", "ings", "ical",
    "ies", "ing", "ers", "ive", "ous", "ed", "ly", "er", "es", "ic", "al", "s", "e", "y",
)  # fmt: skip
_SHORTEST = 4
_WHOLE = frozenset({"instrumental", "instrumentals"})
"""An instrumental is not an instrument."""
STOP_WORDS = frozenset(
    "a an the and or of in on at to by with for from is are be it its this that as no not other than into".split()
)
"""Words without content of their own; coverage does not ask for them."""


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The word less its endings, never shorter than four letters (`strings` -> `string`, `happily` -> `happ`)."""
    if word in _WHOLE:
        return word
    while True:
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST:
                word = word[: -len(suffix)]
                break
        else:
            return word
