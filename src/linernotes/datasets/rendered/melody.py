"""Melodies: a rhythm that repeats, chord tones on strong beats and steps of the scale between them."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.harmony import Key
from linernotes.datasets.rendered.notes import Bar, WrittenNote
from linernotes.datasets.rendered.piece import ChordSpan

RHYTHMS = {
    4: (
        (0, 1, 2, 3),
        (0, 1.5, 2, 3),
        (0, 0.5, 1, 2, 3, 3.5),
        (0, 2, 3),
        (0, 1, 1.5, 2, 2.5, 3),
        (0, 3),
        (0.5, 1, 1.5, 2.5, 3),
        (0, 0.5, 1.5, 2, 2.5, 3.5),
    ),
    3: ((0, 1, 2), (0, 2), (0, 1.5, 2), (0, 0.5, 1, 2), (0, 1, 1.5, 2, 2.5)),
    2: ((0, 1), (0, 2 / 3, 1), (0, 1 / 3, 2 / 3, 1, 5 / 3), (0, 2 / 3, 1, 5 / 3), (0, 1, 4 / 3, 5 / 3)),
}
"""Onsets in beats within a bar, by the beats of the bar."""


def melody(
    bars: Sequence[Bar], chords: Sequence[ChordSpan], key: Key, dice: Dice, centre: int
) -> list[WrittenNote]:
    """A tune over the bars of one section, around MIDI pitch `centre`."""
    motif = [dice.pick(RHYTHMS[bars[0].beats]) for _ in range(2)]
    onsets = [bar.beat + at for i, bar in enumerate(bars) for at in motif[i % 2]]
    end = bars[-1].beat + bars[-1].beats
    notes: list[WrittenNote] = []
    pitch = centre
    for i, beat in enumerate(onsets):
        following = onsets[i + 1] if i + 1 < len(onsets) else end
        span = next(span for span in reversed(chords) if span.first_beat <= beat + 1e-6)
        strong = abs(beat - round(beat)) < 1e-6 or abs(beat - span.first_beat) < 1e-6
        pitch = _next_pitch(pitch, centre, span, key, dice, strong=strong)
        if i and dice.chance(0.08):
            continue
        notes.append(WrittenNote(pitch, beat, (following - beat) * 0.94, 0.85 if strong else 0.7))
    return notes


def _next_pitch(pitch: int, centre: int, span: ChordSpan, key: Key, dice: Dice, *, strong: bool) -> int:
    """A near chord tone on a strong beat, else a step of the scale that does not clash with the chord."""
    tones = set(span.chord.tones)
    # A scale tone a semitone beside a tone of the chord that the scale lacks would sound like a wrong note.
    foreign = tones - set(key.scale)
    scale = tones | {
        tone for tone in key.scale if not any((tone - other) % 12 in (1, 11) for other in foreign)
    }
    reach = 5 if strong else 3
    near = [
        step for step in range(pitch - reach, pitch + reach + 1) if step != pitch and abs(step - centre) <= 9
    ]
    wanted = [step for step in near if step % 12 in (tones if strong else scale)]
    if not wanted:
        wanted = [step for step in range(centre - 6, centre + 7) if step % 12 in tones]
    pull = 0.06 * (centre - pitch)
    return dice.weighted([(step, 1.0 / (1 + abs(step - pitch - pull * 4))) for step in wanted])
