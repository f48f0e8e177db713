"""Drum patterns of one bar, in General MIDI's percussion keys."""

from __future__ import annotations

from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.notes import Bar, WrittenNote

KICK, STICK, SNARE, CLAP, LOW_TOM, CLOSED, MID_TOM, OPEN, HIGH_TOM, CRASH, RIDE, SHAKER, TIMPANI = (
    36, 37, 38, 39, 45, 42, 47, 46, 50, 49, 51, 70, 41,
)  # fmt: skip

EIGHTHS = tuple(i * 0.5 for i in range(8))
SIXTEENTHS = tuple(i * 0.25 for i in range(16))
BEATS = (0.0, 1.0, 2.0, 3.0)

Strokes = dict[int, tuple[float, ...]]
PATTERNS: dict[str, Strokes] = {
    "rock": {KICK: (0, 2, 2.5), SNARE: (1, 3), CLOSED: EIGHTHS},
    "rock busy": {KICK: (0, 0.5, 2, 2.5), SNARE: (1, 3), RIDE: BEATS, OPEN: (3.5,)},
    "pop": {KICK: (0, 1.5, 2), SNARE: (1, 3), CLOSED: EIGHTHS},
    "four on the floor": {KICK: BEATS, CLAP: (1, 3), OPEN: (0.5, 1.5, 2.5, 3.5), CLOSED: SIXTEENTHS},
    "swing": {RIDE: (0, 1, 1.5, 2, 3, 3.5), CLOSED: (1, 3), KICK: (0,)},
    "shuffle": {KICK: (0, 2), SNARE: (1, 3), CLOSED: EIGHTHS},
    "bossa": {KICK: (0, 1.5, 2, 3.5), STICK: (0, 1.5, 3), CLOSED: EIGHTHS},
    "metal": {KICK: EIGHTHS, SNARE: (1, 3), RIDE: BEATS},
    "ballad": {KICK: (0, 2), SNARE: (1, 3), CLOSED: BEATS},
    "one drop": {KICK: (2,), STICK: (2,), CLOSED: EIGHTHS},
    "hip hop": {KICK: (0, 0.75, 2.5), SNARE: (1, 3), CLOSED: EIGHTHS},
    "train": {KICK: (0, 2), SNARE: EIGHTHS, CLOSED: (1, 3)},
    "shaker": {SHAKER: EIGHTHS, KICK: (0, 2)},
    "timpani": {TIMPANI: (0,), LOW_TOM: (3,)},
    "waltz": {KICK: (0,), CLOSED: (1, 2), STICK: (1, 2)},
    "compound": {KICK: (0,), SNARE: (1,), CLOSED: tuple(i / 3 for i in range(6))},
}
"""Beats within a bar at which each drum is struck."""


def drums(
    pattern: str, bar: Bar, dice: Dice, energy: float, *, fill: bool, opening: bool
) -> list[WrittenNote]:
    """One bar; `fill` rolls into the next section, `opening` strikes a crash cymbal at the start."""
    strokes = PATTERNS[pattern]
    notes: list[WrittenNote] = []
    for drum, places in strokes.items():
        if energy < 0.5 and drum in (SNARE, CLAP, KICK) and pattern != "timpani":
            continue
        for at in places:
            if at < bar.beats and not (fill and at >= bar.beats - 1 and drum != KICK):
                loudness = 0.9 if drum in (KICK, SNARE) else 0.6 + 0.15 * (at == int(at))
                notes.append(WrittenNote(drum, bar.beat + at, 0.2, loudness))
    if fill and energy >= 0.5 and pattern not in ("timpani", "shaker"):
        step = 1.0 / (4 if bar.division == 2 else 3)
        toms = (SNARE, HIGH_TOM, MID_TOM, LOW_TOM)
        roll = range(round(1 / step))
        notes += [WrittenNote(toms[i % 4], bar.beat + bar.beats - 1 + i * step, 0.2, 0.75) for i in roll]
    if opening and energy >= 0.6 and pattern not in ("timpani", "shaker", "waltz"):
        notes.append(WrittenNote(CRASH, bar.beat, 0.5, 0.8))
    return notes
