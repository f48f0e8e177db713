"""The chord progression that comes back, found in a sequence of chords.

A loop of n chords holds wherever every chord equals the one n places before it. Of all loops that hold
somewhere, the one that accounts for most of the time wins, and it must account for enough of it to be called the
progression.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

ChordName = TypeVar("ChordName", bound=Hashable)

SHORTEST, LONGEST = 2, 8
"""Chords of a loop."""
LEAST_SHARE = 0.4
"""Share of the time that a loop must account for."""
LEAST_ROUNDS = {2: 3.0, 3: 2.5}
"""Times a short loop must go round, all its stretches together; two chords in turn are soon a coincidence."""
LEAST_ROUNDS_LONG = 2.0
SURE_AT_NONE, SURE_BY_SHARE = 0.4, 0.35
"""Confidence by the share of the time: of 23 loops found in held-out pieces 16 were right."""
_BLINK_S = 0.35
"""A chord shorter than this is taken for an error between its neighbours."""


@dataclass(frozen=True, slots=True)
class ChordSpan(Generic[ChordName]):
    """A chord from `start_s` to `end_s`."""

    chord: ChordName
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class ChordLoop(Generic[ChordName]):
    """A progression, the stretch from its first to its last appearance, and the probability that it is right."""

    chords: tuple[ChordName, ...]
    start_s: float
    end_s: float
    confidence: float


@dataclass(slots=True)
class _Evidence:
    """What speaks for one loop, whichever of its chords comes first."""

    first_chord: int
    start_s: float
    end_s: float
    covered_s: float = 0.0
    chords_heard: int = 0


def find_loop(spans: Sequence[ChordSpan[ChordName]], duration_s: float) -> ChordLoop[ChordName] | None:
    """The progression that recurs over most of `duration_s` of a recording, or None where none does."""
    merged = _merge(spans)
    if len(merged) < 2 * SHORTEST:
        return None
    best: tuple[float, tuple[ChordName, ...], _Evidence] | None = None
    for length in range(SHORTEST, LONGEST + 1):
        for chords, evidence in _loops(merged, length).items():
            share = evidence.covered_s / duration_s
            rounds = evidence.chords_heard / length
            enough = share >= LEAST_SHARE and rounds >= LEAST_ROUNDS.get(length, LEAST_ROUNDS_LONG)
            if enough and (best is None or share > best[0] + 0.05):
                best = share, chords, evidence
    if best is None:
        return None
    share, _, evidence = best
    first, length = evidence.first_chord, len(best[1])
    names = tuple(span.chord for span in merged[first : first + length])
    return ChordLoop(
        names, evidence.start_s, evidence.end_s, round(SURE_AT_NONE + SURE_BY_SHARE * min(1.0, share), 3)
    )


def _merge(spans: Sequence[ChordSpan[ChordName]]) -> list[ChordSpan[ChordName]]:
    """Neighbours with the same chord become one, once blinks have gone."""
    merged: list[ChordSpan[ChordName]] = []
    for span in spans:
        if span.end_s - span.start_s < _BLINK_S:
            continue
        if merged and merged[-1].chord == span.chord:
            merged[-1] = ChordSpan(span.chord, merged[-1].start_s, span.end_s)
        else:
            merged.append(span)
    return merged


def _loops(spans: list[ChordSpan[ChordName]], length: int) -> dict[tuple[ChordName, ...], _Evidence]:
    """Evidence for every loop of `length` chords that goes round once and returns to its first chord."""
    found: dict[tuple[ChordName, ...], _Evidence] = {}
    start = 0
    while start + length < len(spans):
        end = start + length
        while end < len(spans) and spans[end].chord == spans[end - length].chord:
            end += 1
        if end > start + length and _is_primitive(
            chords := tuple(span.chord for span in spans[start : start + length])
        ):
            stretch = spans[start:end]
            name = _canonical(chords)
            evidence = found.setdefault(name, _Evidence(start, stretch[0].start_s, stretch[-1].end_s))
            evidence.covered_s += sum(span.end_s - span.start_s for span in stretch)
            evidence.chords_heard += len(stretch)
            evidence.end_s = stretch[-1].end_s
            start = end  # stretches do not share chords, or their time would count twice
        else:
            start += 1
    return found


def _is_primitive(chords: tuple[ChordName, ...]) -> bool:
    """Whether no shorter loop repeated gives the same chords, and the last differs from the first."""
    doubled = (chords + chords)[1:-1]
    repeats = any(doubled[i : i + len(chords)] == chords for i in range(len(chords) - 1))
    return not repeats and chords[0] != chords[-1]


def _canonical(chords: tuple[ChordName, ...]) -> tuple[ChordName, ...]:
    """The rotation that comes first in some fixed order, the same wherever one starts to listen."""
    return min((chords[i:] + chords[:i] for i in range(len(chords))), key=repr)
