"""Write examples/example.mp3: a short band piece of our own, played by a freely licensed soundfont.

    python scripts/make_example.py --soundfont /usr/share/sounds/sf2/FluidR3_GM.sf2

The score stands below: a quiet opening, the whole band, a quiet middle, the return of the band.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linernotes.datasets.rendered.accompaniment import bass, comping
from linernotes.datasets.rendered.degrade import in_room, normalise
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.harmony import Chord, Key, read_roman
from linernotes.datasets.rendered.midi import write_midi
from linernotes.datasets.rendered.notes import Bar, PlayedNote, WrittenNote
from linernotes.datasets.rendered.percussion import drums
from linernotes.datasets.rendered.performance import Performance
from linernotes.datasets.rendered.piece import ChordSpan
from linernotes.datasets.rendered.render import play_midi, write_audio

KEY = Key(2, "major")
TEMPO_BPM = 120.0
START_S = 0.1
GUITAR, BASS, STRINGS, PIANO, VIOLIN, DRUMS = 0, 1, 2, 3, 4, 9
PROGRAMS = {GUITAR: 25, BASS: 33, STRINGS: 48, PIANO: 0, VIOLIN: 40, DRUMS: 0}
VOLUMES = {GUITAR: 92, BASS: 98, STRINGS: 62, PIANO: 104, VIOLIN: 92, DRUMS: 92}
NAMES = ("acoustic guitar", "electric bass", "strings", "piano", "violin", "drums")

# Pitches with their lengths in beats, a bar a line.
THEME = (
    "F#5 1 A5 1 F#5 .5 E5 .5 D5 1",
    "E5 1.5 C#5 .5 A4 1 C#5 1",
    "D5 1 F#5 1 B5 1 A5 1",
    "G5 1 F#5 .5 E5 .5 D5 1 B4 1",
)
ANSWER = (
    "A5 1.5 F#5 .5 D5 1 F#5 1",
    "E5 1 A5 1 G5 .5 F#5 .5 E5 1",
    "G5 1.5 F#5 .5 E5 1 B4 1",
    "C#5 1 E5 1 G5 1 C#5 1",
)
CALM = (
    "D5 2 F#5 2",
    "B4 2 D5 2",
    "A4 1 D5 1 F#5 2",
    "E5 3 C#5 1",
)
ENDING = ("D5 4",)


@dataclass(frozen=True, slots=True)
class Passage:
    """Bars of the score that share their players: chords as numerals, one a bar, and a tune for one of them."""

    label: str
    chords: str
    tune: tuple[str, ...]
    singer: int
    energy: float
    with_drums: bool
    comping: str
    bass: str


SCORE = (
    Passage("intro", "I V vi IV", (), PIANO, 0.5, False, "arpeggio", "root"),
    Passage("band", "I V vi IV I V IV V7", THEME + ANSWER, VIOLIN, 1.0, True, "eighths", "eighths"),
    Passage("quiet", "vi IV I V", CALM, PIANO, 0.45, False, "arpeggio", "root"),
    Passage(
        "return", "I V vi V7 I", THEME[:3] + ANSWER[3:] + ENDING, VIOLIN, 1.0, True, "eighths", "eighths"
    ),
)


def time_s(beat: float) -> float:
    """Seconds at which a beat stands."""
    return START_S + beat * 60.0 / TEMPO_BPM


def tune_notes(lines: tuple[str, ...], first_beat: float) -> Iterator[WrittenNote]:
    """Notes of a tune that begins at `first_beat`."""
    beat = first_beat
    for line in lines:
        words = line.split()
        for name, beats in zip(words[::2], map(float, words[1::2]), strict=True):
            steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
            pitch = 12 * (int(name[-1]) + 1) + steps[name[0]] + ("#" in name)
            yield WrittenNote(pitch, beat, beats * 0.95, 0.85)
            beat += beats


def chord_spans() -> list[tuple[Passage, ChordSpan]]:
    """Every bar's chord with the passage it belongs to."""
    spans: list[tuple[Passage, ChordSpan]] = []
    for passage in SCORE:
        for numeral in passage.chords.split():
            first = 4.0 * len(spans)
            chord: Chord = read_roman(numeral, KEY)
            spans.append(
                (
                    passage,
                    ChordSpan(time_s(first), time_s(first + 4), chord.label(KEY), chord, first, first + 4),
                )
            )
    return spans


def written() -> Iterator[tuple[int, WrittenNote, float]]:
    """(channel, note, energy) of the whole piece."""
    spans = chord_spans()
    for number, (passage, span) in enumerate(spans):
        bar, last = Bar(span.first_beat, 4, 2), number == len(spans) - 1
        following = None if last else spans[number + 1][1]
        opening = number == 0 or spans[number - 1][0] is not passage
        closing = not last and spans[number + 1][0] is not passage
        touch = Dice("example", number)
        patterns = ("sustain", "root") if last else (passage.comping, passage.bass)
        for note in comping(patterns[0], span, [bar], touch, passage.energy):
            yield GUITAR, note, passage.energy
        for note in bass(patterns[1], span, following, [bar], touch, KEY):
            yield BASS, note, passage.energy
        for note in comping("sustain", span, [bar], touch, passage.energy):
            yield STRINGS, note, passage.energy
        if passage.with_drums and not last:
            for note in drums("pop", bar, touch, passage.energy, fill=closing, opening=opening):
                yield DRUMS, note, passage.energy
    beat = 0.0
    for passage in SCORE:
        for note in tune_notes(passage.tune, beat):
            yield passage.singer, note, passage.energy
        beat += 4.0 * len(passage.chords.split())


def performance() -> Performance:
    """The score played with the small deviations of people."""
    touch, notes = Dice("example", "touch"), []
    for channel, note, energy in written():
        start_s = max(0.0, time_s(note.beat) + touch.bell(0.005))
        velocity = round(127 * note.loudness * (0.6 + 0.4 * energy) + touch.bell(4.0))
        end_s = max(start_s + 0.05, time_s(note.beat + note.beats))
        notes.append(PlayedNote(channel, note.pitch, start_s, end_s, min(127, max(20, velocity))))
    return Performance(tuple(notes), PROGRAMS, VOLUMES)


def truth() -> dict[str, object]:
    """What is exactly true of the example, for examples/example.json."""
    spans = chord_spans()
    sections = [
        {
            "label": passage.label,
            "start_s": min(span.start_s for owner, span in spans if owner is passage),
            "end_s": max(span.end_s for owner, span in spans if owner is passage),
        }
        for passage in SCORE
    ]
    chords = [{"start_s": span.start_s, "end_s": span.end_s, "label": span.label} for _, span in spans]
    return {
        "key": KEY.name,
        "tempo_bpm": TEMPO_BPM,
        "metre": "4/4",
        "tuning_cents": 0.0,
        "instruments": NAMES,
        "voice": "instrumental",
        "sections": sections,
        "chords": chords,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--soundfont", required=True, help="an .sf2 file, as FluidR3_GM.sf2")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "examples" / "example.mp3")
    arguments = parser.parse_args()
    duration_s = chord_spans()[-1][1].end_s + 2.0
    stereo = play_midi(write_midi(performance(), 0.0, duration_s), soundfont=arguments.soundfont)
    room = in_room(stereo.waveform, stereo.sample_rate, 0.9, 0.12, np.random.default_rng(1))
    fade = np.clip((len(room) - np.arange(len(room))) / (1.5 * stereo.sample_rate), 0.0, 1.0)[:, None]
    mix = normalise((room * fade).astype(np.float32), -1.5)
    write_audio(arguments.out, mix, stereo.sample_rate, mp3_compression=0.55)
    arguments.out.with_suffix(".json").write_text(json.dumps(truth(), indent=2) + "\n", "utf-8")
    print(
        f"{arguments.out}: {len(mix) / stereo.sample_rate:.1f} s, {arguments.out.stat().st_size / 1000:.0f} kB"
    )


if __name__ == "__main__":
    main()
