"""A plan played: the notes of every part, with the small deviations of people in time and touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from linernotes.datasets.rendered.accompaniment import bass, comping
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.melody import melody
from linernotes.datasets.rendered.notes import Bar, PlayedNote, WrittenNote
from linernotes.datasets.rendered.percussion import drums
from linernotes.datasets.rendered.piece import BEATS_IN_BAR, ChordSpan, Part, Piece, PieceSection

DRUM_CHANNEL = 9
VOLUMES = {"comping": 88, "pad": 66, "bass": 100, "melody": 96, "drums": 98}
TIMING_S = {"comping": 0.007, "pad": 0.01, "bass": 0.006, "melody": 0.01, "drums": 0.004}
CENTRES = {
    "violin": 76, "flute": 79, "cello": 57, "trombone": 55, "trumpet": 70, "clarinet": 70, "saxophone": 65,
    "distorted electric guitar": 69, "harmonica": 74,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Performance:
    """Played notes, with program and volume of every channel that is used."""

    notes: tuple[PlayedNote, ...]
    programs: dict[int, int]
    volumes: dict[int, int]


def perform(piece: Piece) -> Performance:
    """All notes of a piece, the same for the same plan."""
    notes: list[PlayedNote] = []
    programs: dict[int, int] = {}
    volumes: dict[int, int] = {}
    for number, part in enumerate(piece.parts):
        channel = DRUM_CHANNEL if part.role == "drums" else number
        programs[channel], volumes[channel] = part.program, VOLUMES[part.role]
        written = [
            (note, section.energy)
            for place, section in enumerate(piece.sections)
            if _plays(part, section, piece)
            for note in _section_notes(piece, part, section, last=place == len(piece.sections) - 1)
        ]
        notes += _humanise(piece, part, channel, written)
    return Performance(
        tuple(sorted(notes, key=lambda note: (note.start_s, note.channel, note.pitch))), programs, volumes
    )


def _plays(part: Part, section: PieceSection, piece: Piece) -> bool:
    """Quiet sections have fewer players; chords and, where there is one, the bass are always there."""
    if part.role in ("comping", "bass"):
        return True
    if part.role == "melody":
        return section.label not in ("intro", "outro")
    if part.role == "pad":
        return section.energy > 0.9 or piece.parts[0].pattern in ("power", "gallop") or section.energy < 0.5
    return section.energy >= 0.4


def _section_notes(piece: Piece, part: Part, section: PieceSection, *, last: bool) -> list[WrittenNote]:
    beats_in_bar, division = BEATS_IN_BAR[piece.metre], 3 if piece.metre == "6/8" else 2
    bars = [
        Bar(float((section.first_bar + i) * beats_in_bar), beats_in_bar, division)
        for i in range(section.bars)
    ]
    # A section that comes back is the same music, so its dice carry the label and not the place.
    dice = Dice(piece.generator_version, piece.seed, part.role, section.label)
    notes: list[WrittenNote] = []
    if part.role == "drums":
        for i, bar in enumerate(bars):
            fill = i == len(bars) - 1 and not last
            notes += drums(part.pattern, bar, dice, section.energy, fill=fill, opening=i == 0)
    else:
        playing = bars[:-1] if last else bars
        chords = list(_cut(piece.chords, playing))
        if part.role == "melody":
            notes += melody(playing, chords, piece.tonality, dice, CENTRES.get(part.instrument, 72))
        else:
            notes += _chordal(piece, part, playing, chords, dice, section.energy)
        if last:
            notes += _final(piece, part, bars[-1])
    return notes


def _cut(chords: Iterable[ChordSpan], bars: list[Bar]) -> Iterable[ChordSpan]:
    """The chords within some bars, cut at both ends."""
    first, last = bars[0].beat, bars[-1].beat + bars[-1].beats
    for span in chords:
        start, end = max(span.first_beat, first), min(span.last_beat, last)
        if start < end:
            yield ChordSpan(span.start_s, span.end_s, span.label, span.chord, start, end)


def _chordal(
    piece: Piece, part: Part, bars: list[Bar], chords: list[ChordSpan], dice: Dice, energy: float
) -> list[WrittenNote]:
    notes: list[WrittenNote] = []
    for i, span in enumerate(chords):
        touched = [
            bar for bar in bars if bar.beat < span.last_beat and bar.beat + bar.beats > span.first_beat
        ]
        if part.role == "bass":
            following = chords[i + 1] if i + 1 < len(chords) else None
            notes += bass(part.pattern, span, following, touched, dice, piece.tonality)
        else:
            notes += comping(part.pattern, span, touched, dice, energy)
    return notes


def _final(piece: Piece, part: Part, bar: Bar) -> list[WrittenNote]:
    """Everybody holds the tonic chord through the last bar."""
    span = ChordSpan(0, 0, "", piece.chords[-1].chord, bar.beat, bar.beat + bar.beats)
    if part.role == "bass":
        return bass("root", span, None, [bar], Dice(piece.seed), piece.tonality)
    if part.role == "melody":
        centre = CENTRES.get(part.instrument, 72)
        return [WrittenNote(centre - 6 + (span.chord.root - centre + 6) % 12, bar.beat, bar.beats, 0.8)]
    return comping("sustain", span, [bar], Dice(piece.seed), 1.0)


def _humanise(
    piece: Piece, part: Part, channel: int, written: list[tuple[WrittenNote, float]]
) -> list[PlayedNote]:
    dice = Dice(piece.generator_version, piece.seed, part.role, "touch")
    played: list[PlayedNote] = []
    for note, energy in written:
        start_s = piece.time_s(_swung(note.beat, piece.swing)) + dice.bell(TIMING_S[part.role])
        end_s = piece.time_s(_swung(note.beat + note.beats, piece.swing))
        velocity = 127 * note.loudness * (0.55 + 0.45 * energy) + dice.bell(5.0)
        start_s = max(0.0, start_s)
        played.append(
            PlayedNote(
                channel, note.pitch, start_s, max(end_s, start_s + 0.05), min(127, max(20, round(velocity)))
            )
        )
    return played


def _swung(beat: float, swing: float) -> float:
    """Eighths between the beats come late: `swing` is their place within the beat, 0.5 is straight."""
    whole, part = divmod(beat + 1e-9, 1.0)
    return whole + (part * 2 * swing if part <= 0.5 else swing + (part - 0.5) * 2 * (1 - swing))
