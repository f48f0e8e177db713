"""What comping, pad and bass play under a chord, by the patterns that genres name."""

from __future__ import annotations

from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.harmony import QUALITIES, Chord, Key
from linernotes.datasets.rendered.notes import Bar, WrittenNote
from linernotes.datasets.rendered.piece import ChordSpan


def voicing(chord: Chord, lowest: int, *, tones: int | None = None) -> list[int]:
    """Close position whose lowest note is the first chord tone at or above MIDI pitch `lowest`."""
    classes = chord.tones[:tones]
    return sorted(lowest + (tone - lowest) % 12 for tone in classes)


def bass_pitch(chord: Chord, lowest: int = 31) -> int:
    """The chord's bass as a MIDI pitch in the octave above `lowest` (31 is G1)."""
    return lowest + (chord.bass - lowest) % 12


def comping(pattern: str, span: ChordSpan, bars: list[Bar], dice: Dice, energy: float) -> list[WrittenNote]:
    """Chords from the first to the last beat of `span`; `bars` are those that the span touches."""
    notes: list[WrittenNote] = []
    pitches = voicing(span.chord, 55)
    for bar in bars:
        hits = _hits(pattern, bar, energy)
        for i, (beat, beats, loudness) in enumerate(hits):
            if span.first_beat - 1e-6 <= beat < span.last_beat - 1e-6:
                sounding = _sounding(pattern, span.chord, pitches, i)
                length = min(beats, span.last_beat - beat)
                notes += [WrittenNote(pitch, beat, length, loudness) for pitch in sounding]
    if pattern == "sustain":
        length = span.last_beat - span.first_beat
        notes = [WrittenNote(pitch, span.first_beat, length, 0.6) for pitch in pitches]
    return notes


def _sounding(pattern: str, chord: Chord, pitches: list[int], hit: int) -> list[int]:
    if pattern in ("power", "gallop"):
        root = 40 + (chord.root - 40) % 12
        fifth = root + QUALITIES[chord.quality][2]
        return [root, fifth, root + 12]
    if pattern == "arpeggio":
        ladder = [bass_pitch(chord, 43), *pitches, pitches[0] + 12]
        wave = list(range(len(ladder))) + list(range(len(ladder) - 2, 0, -1))
        return [ladder[wave[hit % len(wave)]]]
    if pattern == "broken":
        return [bass_pitch(chord, 36)] if hit == 0 else [pitches[(hit - 1) % len(pitches)]]
    if pattern == "boom-chick" and hit == 0:
        return [bass_pitch(chord, 40)]
    return pitches


def _hits(pattern: str, bar: Bar, energy: float) -> list[tuple[float, float, float]]:
    """(beat, beats, loudness) of every stroke of one bar."""
    step = 1.0 / bar.division
    steps = [bar.beat + i * step for i in range(bar.beats * bar.division)]
    beats = [bar.beat + i for i in range(bar.beats)]
    if pattern in ("arpeggio", "broken"):
        return [(beat, step * 1.6, 0.62 if i % bar.division else 0.75) for i, beat in enumerate(steps)]
    if pattern in ("eighths", "power", "strum"):
        return [(beat, step * 0.9, 0.8 if i % bar.division == 0 else 0.6) for i, beat in enumerate(steps)]
    if pattern == "gallop":
        strokes = ((0.0, 0.5, 0.85), (0.5, 0.25, 0.65), (0.75, 0.25, 0.7))
        return [(beat + at, length * 0.9, loudness) for beat in beats for at, length, loudness in strokes]
    if pattern == "offbeats":
        return [(beat + 0.5, 0.4, 0.75) for beat in beats]
    if pattern == "boom-chick":
        return [(beats[0], 0.9, 0.8), *((beat, 0.6, 0.6) for beat in beats[1:])]
    if pattern == "syncopated" and bar.beats == 4:
        places = (0.0, 1.5, 2.5, 3.0) if energy > 0.6 else (0.0, 1.5, 3.0)
        return [(bar.beat + at, 0.8, 0.75) for at in places]
    if pattern == "charleston" and bar.beats == 4:
        return [(bar.beat, 1.2, 0.75), (bar.beat + 1.5, 0.7, 0.65), (bar.beat + 3.0, 0.6, 0.5)]
    return [(beat, 0.92, 0.75 if i == 0 else 0.62) for i, beat in enumerate(beats)]


def bass(
    pattern: str, span: ChordSpan, following: ChordSpan | None, bars: list[Bar], dice: Dice, key: Key
) -> list[WrittenNote]:
    """The bass under one chord: its bass note first, then what the pattern adds."""
    low = bass_pitch(span.chord)
    if pattern == "walking" and bars and bars[0].beats >= 3:
        return _walk(span, following, dice, key)
    notes: list[WrittenNote] = []
    for bar in bars:
        for i, (at, beats) in enumerate(_bass_strokes(pattern, bar)):
            beat = bar.beat + at
            if not span.first_beat - 1e-6 <= beat < span.last_beat - 1e-6:
                continue
            fifth = pattern == "root-fifth" and i % 2 == 1 and not span.chord.bass_interval
            pitch = low + (QUALITIES[span.chord.quality][2] if fifth else 0)
            notes.append(
                WrittenNote(pitch, beat, min(beats, span.last_beat - beat), 0.85 if i == 0 else 0.72)
            )
    if not any(abs(note.beat - span.first_beat) < 1e-6 for note in notes):
        notes.append(WrittenNote(low, span.first_beat, min(0.9, span.last_beat - span.first_beat), 0.8))
    return notes


def _bass_strokes(pattern: str, bar: Bar) -> list[tuple[float, float]]:
    if pattern == "eighths":
        step = 1.0 / bar.division
        return [(i * step, step * 0.9) for i in range(bar.beats * bar.division)]
    if pattern == "root-fifth":
        half = bar.beats / 2 if bar.beats % 2 == 0 else bar.beats - 1
        return [(0.0, half * 0.95), (float(half), (bar.beats - half) * 0.95)]
    if pattern == "offbeats":
        return [(i + 0.5, 0.45) for i in range(bar.beats)]
    if pattern == "syncopated" and bar.beats == 4:
        return [(0.0, 1.3), (1.5, 0.9), (2.5, 0.5), (3.0, 0.9)]
    return [(0.0, bar.beats * 0.97)]


def _walk(span: ChordSpan, following: ChordSpan | None, dice: Dice, key: Key) -> list[WrittenNote]:
    """Quarters: bass note, chord and scale tones, and a step into the next chord's bass."""
    count = round(span.last_beat - span.first_beat)
    pitch = bass_pitch(span.chord)
    target = bass_pitch(following.chord) if following else pitch
    line = [pitch]
    allowed = sorted({low for low in range(28, 56) if low % 12 in span.chord.tones or low % 12 in key.scale})
    for i in range(1, count):
        if i == count - 1 and count > 2:
            line.append(target + dice.pick((-1, 1, 2, -2)))
            continue
        near = [low for low in allowed if 0 < abs(low - line[-1]) <= 5]
        chordal = [low for low in near if low % 12 in span.chord.tones]
        line.append(dice.pick(chordal if i % 2 == 0 and chordal else near))
    return [
        WrittenNote(low, span.first_beat + i, 0.92, 0.85 if i == 0 else 0.75) for i, low in enumerate(line)
    ]
