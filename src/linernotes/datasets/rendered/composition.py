"""A piece of music planned from a seed, before a note is written."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.genres import GENRES, INSTRUMENTS, Genre
from linernotes.datasets.rendered.harmony import Chord, Key, read_roman, with_seventh
from linernotes.datasets.rendered.piece import BEATS_IN_BAR, ChordSpan, Part, Piece, PieceSection, Sound

GENERATOR_VERSION = "1"
"""Changes whenever a seed gives another piece or other notes; see benchmarks/FROZEN.md."""

DEFAULT_SECONDS = 30.0
RING_S = 1.5
"""How long a recording goes on after the last beat."""

SONG_FORMS = {
    2: "verse chorus",
    3: "intro verse chorus",
    4: "verse chorus verse chorus",
    5: "intro verse chorus verse chorus",
    6: "intro verse chorus verse chorus outro",
    7: "intro verse chorus verse chorus bridge chorus",
    8: "intro verse chorus verse chorus bridge chorus outro",
}
LETTER_FORMS = {
    2: "A B",
    3: "A B A",
    4: "A B A C",
    5: "A B A C A",
    6: "A B A C B A",
    7: "A B A C A B A",
    8: "A B A C A B C A",
}
ENERGIES = {
    "intro": 0.45,
    "verse": 0.65,
    "chorus": 1.0,
    "bridge": 0.5,
    "outro": 0.4,
    "A": 0.65,
    "B": 0.95,
    "C": 0.45,
}


def plan_piece(seed: int, *, duration_s: float = DEFAULT_SECONDS, genre: str | None = None) -> Piece:
    """The piece that belongs to a seed, about `duration_s` long, in a genre of `GENRES` (drawn by default)."""
    dice = Dice(GENERATOR_VERSION, seed, "plan")
    template = find_genre(genre) if genre else dice.pick(GENRES)
    return compose(seed, template, dice, duration_s=duration_s)


def compose(
    seed: int,
    template: Genre,
    dice: Dice,
    *,
    duration_s: float,
    version: str = GENERATOR_VERSION,
    cast: Callable[[Dice, Genre, str], tuple[Part, ...]] | None = None,
) -> Piece:
    """A piece in the manner of `template`, drawn from `dice`; `cast` chooses who plays (dice, template, metre).

    Other generators of pieces give their own `version`, so that their seeds are music of their own.
    """
    key = Key(dice.whole(0, 11), "minor" if dice.chance(template.minor_share) else "major")
    metre = dice.weighted(template.metres)
    tempo_bpm = _tempo(dice, template, metre)
    form = _form(dice, template, duration_s, BEATS_IN_BAR[metre] * 60.0 / tempo_bpm)
    beats = sum(bars for _, bars in form) * BEATS_IN_BAR[metre]
    times = _beat_times(dice, beats, tempo_bpm, template.rubato)
    sections = _sections(form, times, BEATS_IN_BAR[metre])
    parts = (cast or _parts)(dice, template, metre)
    return Piece(
        seed=seed,
        generator_version=version,
        genre=template.name,
        key=key.name,
        tempo_bpm=round(60.0 * beats / (times[-1] - times[0]), 4),
        metre=metre,
        swing=template.swing if metre == "4/4" else 0.5,
        tuning_cents=round(dice.between(-30.0, 30.0), 2),
        duration_s=round(times[-1] + RING_S, 4),
        sections=sections,
        chords=_harmony(Dice(version, seed, "harmony"), template, key, sections, times, BEATS_IN_BAR[metre]),
        beats_s=tuple(times[:-1]),
        downbeats_s=tuple(times[: -1 : BEATS_IN_BAR[metre]]),
        end_s=times[-1],
        parts=parts,
        drums=any(part.role == "drums" for part in parts),
        sound=_sound(Dice(version, seed, "sound")),
    )


def find_genre(name: str) -> Genre:
    """The template of a name."""
    for genre in GENRES:
        if genre.name == name:
            return genre
    raise ValueError(
        f"no genre template is called {name!r}; there are: {', '.join(genre.name for genre in GENRES)}"
    )


def _tempo(dice: Dice, genre: Genre, metre: str) -> float:
    if metre == "6/8":  # dotted quarters, which are slower than the quarters of the same style
        return round(dice.between(60.0, min(100.0, max(70.0, genre.tempo_bpm[1] * 0.75))), 2)
    return round(dice.between(*genre.tempo_bpm), 2)


def _form(dice: Dice, genre: Genre, duration_s: float, bar_s: float) -> list[tuple[str, int]]:
    """Labels of the sections with their bars; all sections have the same number of bars."""
    wanted_s = min(max(duration_s / 3.7, 7.5), 16.0) * dice.between(0.85, 1.15)
    bars = min((2, 4, 8, 16), key=lambda count: abs(np.log(count * bar_s / wanted_s)))
    count = max(2, round(duration_s / (bars * bar_s)))
    forms = SONG_FORMS if genre.form == "song" else LETTER_FORMS
    labels = forms[min(count, 8)].split()
    while len(labels) < count:
        labels[-1:-1] = forms[4].split()[:2]
    return [(label, bars) for label in labels]


def _beat_times(dice: Dice, beats: int, tempo_bpm: float, rubato: float) -> list[float]:
    """Seconds of every beat and of the end, shape (beats + 1,); rubato is a slow wave of the tempo."""
    wave_beats, phase = dice.whole(12, 20), dice.unit()
    swell = 1.0 + rubato * np.sin(2 * np.pi * (np.arange(beats) / wave_beats + phase))
    start_s = dice.between(0.05, 0.6)
    ends = start_s + np.cumsum(swell) * 60.0 / tempo_bpm
    return [round(start_s, 5), *(round(float(end), 5) for end in ends)]


def _sections(form: list[tuple[str, int]], times: list[float], beats_in_bar: int) -> tuple[PieceSection, ...]:
    sections: list[PieceSection] = []
    bar = 0
    for label, bars in form:
        start, end = times[bar * beats_in_bar], times[(bar + bars) * beats_in_bar]
        sections.append(PieceSection(label, start, end, bar, bars, ENERGIES[label]))
        bar += bars
    return tuple(sections)


def _parts(dice: Dice, genre: Genre, metre: str) -> tuple[Part, ...]:
    def part(role: str, instruments: tuple[str, ...], patterns: tuple[str, ...]) -> Part:
        instrument = dice.pick(instruments)
        return Part(role, instrument, dice.pick(INSTRUMENTS[instrument]), dice.pick(patterns))

    parts = [part("comping", genre.comping, genre.comping_patterns)]
    if genre.bass:
        parts.append(part("bass", genre.bass, genre.bass_patterns))
    parts.append(part("melody", genre.melody, ("melody",)))
    # Power chords leave the third open, so someone else has to play it.
    if genre.pads and (parts[0].pattern in ("power", "gallop") or dice.chance(0.7)):
        parts.append(part("pad", genre.pads, ("sustain",)))
    drums_fit = metre == "4/4" or genre.name in ("waltz", "orchestral") or dice.chance(0.5)
    if genre.drums and drums_fit and dice.chance(genre.drums_share):
        pattern = (
            dice.pick(genre.drums)
            if metre == "4/4" or genre.name == "orchestral"
            else {"3/4": "waltz"}.get(metre, "compound")
        )
        parts.append(Part("drums", "drums", 0, pattern))
    return tuple(parts)


def _harmony(
    dice: Dice,
    genre: Genre,
    key: Key,
    sections: tuple[PieceSection, ...],
    times: list[float],
    beats_in_bar: int,
) -> tuple[ChordSpan, ...]:
    """Chords of all sections; a label that comes back has the same chords, and the very last bar is the tonic."""
    rates = {section.label: dice.weighted(genre.chords_a_bar) for section in sections}
    if beats_in_bar != 4:
        rates = {label: min(rate, 1.0) for label, rate in rates.items()}
    loops = {label: _loop(dice, genre, key) for label in rates}
    slots: list[tuple[float, float, Chord]] = []
    for section in sections:
        count = round(section.bars * rates[section.label])
        length = section.bars * beats_in_bar / count
        first = section.first_bar * beats_in_bar
        loop = loops[section.label]
        slots += [(first + i * length, first + (i + 1) * length, loop[i % len(loop)]) for i in range(count)]
    last_bar = slots[-1][1] - beats_in_bar
    slots = [(first, min(last, last_bar), chord) for first, last, chord in slots if first < last_bar]
    tonic = Chord(key.tonic, "maj" if key.mode == "major" else "min")
    slots.append((last_bar, last_bar + beats_in_bar, tonic))
    return _spans(slots, key, times)


def _spans(slots: list[tuple[float, float, Chord]], key: Key, times: list[float]) -> tuple[ChordSpan, ...]:
    """Slots with their times; neighbours with the same chord become one."""
    merged: list[tuple[float, float, Chord]] = []
    for first, last, chord in slots:
        if merged and merged[-1][2] == chord:
            merged[-1] = (merged[-1][0], last, chord)
        else:
            merged.append((first, last, chord))
    grid = np.arange(len(times))
    return tuple(
        ChordSpan(
            round(float(np.interp(first, grid, times)), 5),
            round(float(np.interp(last, grid, times)), 5),
            chord.label(key),
            chord,
            first,
            last,
        )
        for first, last, chord in merged
    )


def _loop(dice: Dice, genre: Genre, key: Key) -> list[Chord]:
    """A progression of the genre, coloured with sevenths, inversions, borrowed chords and secondary dominants."""
    numerals = dice.pick(genre.major if key.mode == "major" else genre.minor).split()
    chords = [read_roman(numeral, key) for numeral in numerals]
    for i, chord in enumerate(chords):
        following = chords[(i + 1) % len(chords)]
        if (
            i
            and key.mode == "major"
            and chord == read_roman("IV", key)
            and dice.chance(4 * genre.borrowed_share)
        ):
            chords[i] = read_roman("iv", key)
        elif i and following.quality in ("maj", "min") and dice.chance(genre.secondary_share):
            chords[i] = Chord((following.root + 7) % 12, "7")
        elif dice.chance(genre.seventh_share):
            chords[i] = with_seventh(chord, key)
        if i and dice.chance(genre.inversion_share):
            inversions = (
                ((1, 0.7), (2, 0.3)) if len(chords[i].tones) == 3 else ((1, 0.55), (2, 0.2), (3, 0.25))
            )
            chords[i] = chords[i].inverted(dice.weighted(inversions))
    return chords


def _sound(dice: Dice) -> Sound:
    return Sound(
        gain_db=round(dice.between(-9.0, -1.0), 2),
        noise_db=round(dice.between(-75.0, -48.0), 2),
        room_s=round(dice.between(0.2, 1.2), 3),
        room_share=round(dice.between(0.05, 0.3), 3) if dice.chance(0.5) else 0.0,
        tilt_db=round(dice.between(-4.0, 4.0), 2),
        drive=round(dice.between(1.5, 3.0), 2) if dice.chance(0.3) else 0.0,
        mp3_compression=round(dice.between(0.2, 0.8), 2),
    )
