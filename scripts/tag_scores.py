"""Short improvisations in which given General MIDI programs and drums have their parts, for `tag_examples`."""

from __future__ import annotations

import numpy as np

from linernotes.datasets.rendered.notes import PlayedNote
from linernotes.datasets.rendered.performance import DRUM_CHANNEL, Performance

SOLO_S = 9.1

MELODIC = {40: (55, 93), 41: (48, 84), 42: (36, 72), 43: (28, 55), 56: (54, 82), 57: (40, 70), 58: (28, 58),
           59: (54, 82), 60: (41, 74), 64: (56, 86), 65: (49, 80), 66: (44, 75), 67: (37, 68), 68: (58, 88),
           69: (52, 80), 70: (34, 72), 71: (50, 89), 72: (74, 100), 73: (60, 94), 74: (60, 90), 75: (60, 90),
           78: (60, 90), 22: (60, 84), 80: (55, 90), 81: (48, 86), 82: (55, 88), 84: (48, 84), 85: (50, 80),
           87: (40, 76), 104: (48, 76), 12: (50, 84), 13: (65, 100), 9: (72, 100)}  # fmt: skip
"""Programs that play one note at a time, with their range in MIDI pitches."""
PLUCKED = {0: (40, 90), 1: (40, 90), 3: (45, 88), 6: (40, 84), 8: (60, 96), 10: (60, 96), 11: (53, 89),
           14: (60, 77), 24: (40, 79), 25: (40, 79), 26: (40, 79), 27: (40, 79), 28: (40, 76), 45: (40, 84),
           46: (36, 96), 105: (48, 86), 4: (40, 84), 5: (40, 84)}  # fmt: skip
"""Programs whose notes die away: chords, arpeggios and runs."""
HELD = {16: (40, 84), 17: (40, 84), 18: (40, 84), 19: (36, 88), 20: (44, 80), 21: (48, 84), 23: (48, 84),
        29: (36, 64), 30: (36, 64), 44: (40, 88), 48: (36, 88), 49: (36, 88), 52: (43, 79), 53: (43, 79),
        61: (43, 79), 88: (40, 84), 89: (40, 84), 90: (40, 84), 91: (45, 80), 93: (40, 80), 94: (45, 80),
        95: (45, 80), 50: (40, 84)}  # fmt: skip
"""Programs that sustain: chords."""
BASSES = dict.fromkeys((32, 33, 34, 35, 36, 37, 38, 39), (28, 52))
KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)


def perform(programs: list[int], drums: bool, rng: np.random.Generator) -> Performance:
    """A short improvisation over four chords in which every program has its part."""
    beat_s = 60 / rng.uniform(66, 150)
    minor = rng.random() < 0.45
    scale = [0, 2, 3, 5, 7, 8, 10] if minor else [0, 2, 4, 5, 7, 9, 11]
    tonic, degrees = int(rng.integers(12)), [int(d) for d in rng.choice([0, 3, 4, 5, 1], 4)]
    notes: list[PlayedNote] = []
    channels = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    for channel, program in zip(channels, programs, strict=False):
        part = _line if program in MELODIC or program in BASSES else _chords
        low, high = {**MELODIC, **PLUCKED, **HELD, **BASSES}[program]
        pitches = [p for p in range(low, high) if (p - tonic) % 12 in scale]
        harmony = [[scale[(d + step) % 7] for step in (0, 2, 4)] for d in degrees]
        notes += part(
            channel, program, pitches, [[(c + tonic) % 12 for c in h] for h in harmony], beat_s, rng
        )
    if drums:
        notes += _beat(beat_s, rng)
    setup = dict(zip(channels, programs, strict=False)) | (
        {DRUM_CHANNEL: int(rng.choice(KITS))} if drums else {}
    )
    volumes = {channel: int(rng.integers(80, 120)) for channel in setup}
    return Performance(tuple(note for note in notes if note.start_s < SOLO_S), setup, volumes)


def _line(
    channel: int,
    program: int,
    pitches: list[int],
    harmony: list[list[int]],
    beat_s: float,
    rng: np.random.Generator,
) -> list[PlayedNote]:
    """One note at a time: mostly steps, sometimes leaps and rests."""
    notes, now, at = [], 0.0, int(rng.integers(len(pitches) // 4, 3 * len(pitches) // 4 + 1))
    low_busy = rng.random()
    while now < SOLO_S:
        beats = float(rng.choice([0.25, 0.5, 1.0, 2.0], p=[0.15, 0.35, 0.35, 0.15])) * (
            2 if low_busy < 0.3 else 1
        )
        at = int(np.clip(at + rng.choice([-4, -2, -1, -1, 1, 1, 2, 4]), 0, len(pitches) - 1))
        if program in BASSES:
            roots = [p for p in pitches if p % 12 == harmony[int(now / (4 * beat_s)) % 4][0]]
            at = pitches.index(roots[0]) if roots and rng.random() < 0.6 else at
        if rng.random() > 0.1:
            end = now + beats * beat_s * rng.uniform(0.6, 1.0)
            notes.append(PlayedNote(channel, pitches[at], now, end, int(rng.integers(60, 118))))
        now += beats * beat_s
    return notes


def _chords(
    channel: int,
    program: int,
    pitches: list[int],
    harmony: list[list[int]],
    beat_s: float,
    rng: np.random.Generator,
) -> list[PlayedNote]:
    """Chords held, struck or broken, one harmony a bar; distorted guitars play fifths."""
    notes, style, now, bar = [], rng.integers(3) if program in PLUCKED else 0, 0.0, 0
    centre = float(rng.uniform(0.3, 0.7))
    while now < SOLO_S:
        wanted = harmony[bar % 4][:: 2 if program in (29, 30) else 1]
        near = sorted(
            (p for p in pitches if p % 12 in wanted),
            key=lambda p: abs(p - pitches[int(centre * len(pitches))]),
        )
        chord = sorted(near[: int(rng.integers(2, 5))])
        steps = {0: 1, 1: 4, 2: 8}[int(style)] * (4 if program in (29, 30) else 1)
        for step in range(steps):
            start, length = now + step * 4 * beat_s / steps, 4 * beat_s / steps
            struck = chord if style < 2 else [chord[step % len(chord)]]
            loud = int(rng.integers(62, 112))
            notes += [
                PlayedNote(channel, p, start + 0.008 * i, start + 0.97 * length, loud)
                for i, p in enumerate(struck)
            ]
        now, bar = now + 4 * beat_s, bar + 1
    return notes


def _beat(beat_s: float, rng: np.random.Generator) -> list[PlayedNote]:
    """Kick, snare and cymbals in a pattern drawn once, with small changes."""
    kicks, hats = set(rng.choice(16, 3)) | {0}, int(rng.choice([1, 2, 4]))
    cymbal, snares = int(rng.choice([42, 46, 51])), {4, 12} if rng.random() < 0.8 else {8}
    notes = []
    for step in range(int(SOLO_S / (beat_s / 4))):
        at, place = step * beat_s / 4, step % 16
        struck = [36] * (place in kicks) + [38] * (place in snares) + [cymbal] * (place % hats == 0)
        if rng.random() < 0.04:
            struck.append(int(rng.choice([45, 47, 50, 49, 56])))
        notes += [PlayedNote(DRUM_CHANNEL, p, at, at + 0.1, int(rng.integers(70, 120))) for p in struck]
    return notes
