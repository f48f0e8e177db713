"""Spans of a text that do not overlap, kept in order so that a long text is searched in time."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable


class Spans:
    """Spans `start` to `end` (exclusive), none of which overlap."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._spans = sorted(spans)

    def add(self, start: int, end: int) -> None:
        """Keep one more; it must overlap none."""
        insort(self._spans, (start, end))

    def overlaps(self, start: int, end: int) -> bool:
        """Whether any of them shares a character with `start` to `end`."""
        last = bisect_right(self._spans, (end,)) - 1  # (end,) sorts before every span that begins at end
        return last >= 0 and self._spans[last][1] > start

    def holds(self, place: int) -> bool:
        """Whether the character at `place` is within one of them."""
        return self.overlaps(place, place + 1)
