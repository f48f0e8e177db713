"""Segments of at most 30 s and at least 5 s, each of one singer (S2Cap, section 3.1)."""

from __future__ import annotations

from collections.abc import Iterable

from linernotes.building.singing.hearing import Turn

LONGEST_S = 30.0
SHORTEST_S = 5.0


def segments_of(turns: Iterable[Turn]) -> list[Turn]:
    """Turns cut every 30 s; what is shorter than 5 s is dropped, an end of a turn as well."""
    cut: list[Turn] = []
    for turn in turns:
        start_s = turn.start_s
        while turn.end_s - start_s >= SHORTEST_S:
            end_s = min(turn.end_s, start_s + LONGEST_S)
            cut.append(Turn(round(start_s, 2), round(end_s, 2), turn.singer))
            start_s = end_s
    return cut
