"""Render pieces with known chords and key and keep what `ChromaListener` hears of them, for the training scripts.

    python scripts/harmony_data.py --cache CACHE --seeds 100000 100900 --soundfont A.sf2 --soundfont B.sf2

Also keeps sounds without harmony (noise, drum patterns, speech by espeak-ng where it is installed), so that
the network learns when to say nothing. Needs the [render] extra. Seeds under 100000 are refused: they are for
measuring.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from linernotes.datasets.rendered.composition import Piece, plan_piece
from linernotes.datasets.rendered.library import FIRST_TUNING_SEED
from linernotes.datasets.rendered.midi import write_midi
from linernotes.datasets.rendered.performance import DRUM_CHANNEL, Performance, perform
from linernotes.datasets.rendered.render import Stereo, find_soundfont, play_midi, write_audio, write_piece
from linernotes.features.frames import Frames, Series
from linernotes.features.harmony.chord_net import NO_CHORD, QUALITIES, load_chord_net
from linernotes.features.harmony.chroma import BASS_NOTES, RATE_HZ, SAMPLE_RATE, ChromaListener, fold_octaves

HELD_OUT = 5
"""Every fifth seed is held out of training, to choose settings by."""


@dataclass(frozen=True, slots=True)
class Example:
    """Semitones (frames, notes) of one recording with the times and states of its chords (chords,), key 0..23.

    A state is an output of the chord network; key -1 and state `NO_CHORD` mean that there is no harmony.
    """

    name: str
    semitones: NDArray[np.float16]
    level_db: NDArray[np.float32]
    tuning: NDArray[np.float32]
    starts_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    states: NDArray[np.int64]
    key: int
    tuning_cents: float

    def frame_labels(self) -> NDArray[np.int64]:
        """State of every frame, (frames,); -1 where none is known."""
        times = np.arange(len(self.semitones)) / RATE_HZ
        labels = np.full(len(times), -1)
        for start, end, state in zip(self.starts_s, self.ends_s, self.states, strict=True):
            labels[(times >= start) & (times < end)] = state
        return labels

    def save(self, path: Path) -> None:
        np.savez_compressed(path, **{name: getattr(self, name) for name in self.__slots__})


def load_examples(cache: Path, *, held_out: bool) -> list[Example]:
    """What stands in the cache, in the order of names, of the training or of the held-out part."""
    examples = []
    for path in sorted(cache.glob("*.npz")):
        if (int(path.stem.split("-")[1]) % HELD_OUT == 0) != held_out:
            continue
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        scalars = {
            "name": str(arrays["name"]),
            "key": int(arrays["key"]),
            "tuning_cents": float(arrays["tuning_cents"]),
        }
        examples.append(Example(**{**arrays, **scalars}))
    return examples


def frames_of(example: Example) -> Frames:
    """The series that `ChromaListener` would give, with the chord network as it now is."""
    semitones = example.semitones
    series = {
        "chords": load_chord_net()(semitones),
        "chroma": fold_octaves(semitones),
        "bass_chroma": fold_octaves(semitones[:, :BASS_NOTES]),
        "tuning": example.tuning,
        "harmony_level": example.level_db,
    }
    end_s = (len(semitones) - 1) / RATE_HZ
    return Frames(0.0, end_s, {name: Series(values, RATE_HZ) for name, values in series.items()})


def piece_example(piece: Piece, audio_path: Path) -> Example:
    """A rendered piece, heard from its file."""
    waveform, rate = soundfile.read(audio_path, dtype="float32", always_2d=True)
    spans = piece.chords
    states = [span.chord.root * len(QUALITIES) + QUALITIES.index(span.chord.quality) for span in spans]
    times = np.array([span.start_s for span in spans]), np.array([span.end_s for span in spans])
    key = piece.tonality.tonic + 12 * (piece.tonality.mode == "minor")
    heard = hear(waveform.mean(axis=1), rate)
    return Example(f"piece-{piece.seed}", *heard, *times, np.array(states), key, piece.tuning_cents)


def sparse_piece(piece: Piece, soundfont: Path) -> Stereo:
    """A piece with few of its players: the melody alone, chords alone, or bass and melody, by turns."""
    roles = (("melody",), ("comping",), ("bass", "melody"))[piece.seed % 3]
    channels = {number for number, part in enumerate(piece.parts) if part.role in roles}
    whole = perform(piece)
    notes = tuple(note for note in whole.notes if note.channel in channels)
    few = Performance(
        notes,
        {channel: whole.programs[channel] for channel in channels},
        {channel: whole.volumes[channel] for channel in channels},
    )
    return play_midi(write_midi(few, piece.tuning_cents, piece.duration_s), soundfont=soundfont)


def toneless_example(seed: int, soundfont: Path) -> Example:
    """Noise of some colour, drums alone or speech, by turns: 15 s without harmony."""
    make = (_noise, _drums, _speech)[seed % 3]
    waveform, rate = make(seed, soundfont)
    waveform = waveform * np.float32(10 ** (np.random.default_rng(seed).uniform(-40, -3) / 20))
    heard = hear(waveform, rate)
    whole = np.array([0.0]), np.array([len(waveform) / rate])
    return Example(f"toneless-{seed}", *heard, *whole, np.array([NO_CHORD]), -1, 0.0)


def _noise(seed: int, soundfont: Path) -> tuple[NDArray[np.float32], int]:
    generator = np.random.default_rng(seed)
    spectrum = np.fft.rfft(generator.standard_normal(15 * SAMPLE_RATE))
    slope = generator.uniform(0, 1.2)
    noise = np.fft.irfft(spectrum / np.maximum(1, np.arange(len(spectrum))) ** slope)
    swell = 1 + generator.uniform(0, 1) * np.sin(
        np.arange(len(noise)) / SAMPLE_RATE * generator.uniform(0.2, 20)
    )
    return (noise * swell / np.abs(noise * swell).max()).astype(np.float32), SAMPLE_RATE


def _drums(seed: int, soundfont: Path) -> tuple[NDArray[np.float32], int]:
    """The drums of a rendered piece, the other players silent."""
    while not (piece := plan_piece(seed, duration_s=15)).drums:
        seed += 3000
    whole = perform(piece)
    notes = tuple(note for note in whole.notes if note.channel == DRUM_CHANNEL)
    drums = Performance(notes, {DRUM_CHANNEL: 0}, {DRUM_CHANNEL: 100})
    stereo = play_midi(write_midi(drums, 0.0, piece.duration_s), soundfont=soundfont)
    mono = stereo.waveform.mean(axis=1)
    return mono / (np.abs(mono).max() + 1e-9), stereo.sample_rate


def _speech(seed: int, soundfont: Path) -> tuple[NDArray[np.float32], int]:
    """Invented words in one of espeak-ng's voices; noise where espeak-ng is missing."""
    if not shutil.which("espeak-ng"):
        return _noise(seed, soundfont)
    generator = np.random.default_rng(seed)
    syllables = [
        "ta",
        "re",
        "lin",
        "so",
        "mar",
        "den",
        "ku",
        "wi",
        "pel",
        "oth",
        "ing",
        "ra",
        "shi",
        "no",
        "vex",
    ]
    words = ["".join(generator.choice(syllables, generator.integers(1, 4))) for _ in range(40)]
    voice = generator.choice(["en-us+m3", "en-gb+f3", "en+m7", "en+f5", "de+m1", "fr+f2"])
    command = ["espeak-ng", "-v", voice, "-p", str(generator.integers(20, 80)), "--stdout", ", ".join(words)]
    spoken = subprocess.run(command, check=True, capture_output=True).stdout
    # A pipe's WAV header states no true length, so the samples are read past its 44 bytes.
    return np.frombuffer(spoken[44 : 44 + 2 * 22050 * 15], np.int16).astype(np.float32) / 32768, 22050


def hear(
    waveform: NDArray[np.float32], sample_rate: int
) -> tuple[NDArray[np.float16], NDArray[np.float32], NDArray[np.float32]]:
    """Semitones, levels and tuning of samples."""
    listener = ChromaListener()
    listener.push(soxr.resample(waveform, sample_rate, SAMPLE_RATE).astype(np.float32))
    semitones = listener.finish_semitones()
    return semitones, np.concatenate(listener.levels), np.concatenate(listener.tunings)


def make_example(seed: int, options: argparse.Namespace, soundfont: Path) -> Example:
    """What `options.kind` asks for: a piece (from `options.audio` where it lies there), a sparse one, no tones."""
    if options.kind == "toneless":
        return toneless_example(seed, soundfont)
    piece = plan_piece(seed, duration_s=options.seconds)
    if options.audio:
        return piece_example(piece, options.audio / f"{seed:06d}.mp3")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "piece.mp3"
        if options.kind == "sparse":
            stereo = sparse_piece(piece, soundfont)
            write_audio(path, stereo.waveform, stereo.sample_rate)
        else:
            write_piece(piece, path, soundfont=soundfont, renderer=options.renderer)
        return piece_example(piece, path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--seeds", type=int, nargs=2, required=True, help="the first, and the one after the last"
    )
    parser.add_argument("--kind", choices=("piece", "sparse", "toneless"), default="piece")
    parser.add_argument("--soundfont", type=Path, action="append", help="several are used by turns")
    parser.add_argument("--renderer", default="midirenderer")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--audio", type=Path, help="a folder of `render_set`, to take pieces from")
    options = parser.parse_args()
    if options.seeds[0] < FIRST_TUNING_SEED:
        parser.error(f"seeds under {FIRST_TUNING_SEED} are kept for measuring; start at {FIRST_TUNING_SEED}")
    options.cache.mkdir(parents=True, exist_ok=True)
    soundfonts = options.soundfont or [find_soundfont()]
    for seed in range(*options.seeds):
        path = options.cache / f"{options.kind}-{seed}.npz"
        if path.exists() or (options.audio and not (options.audio / f"{seed:06d}.mp3").exists()):
            continue
        make_example(seed, options, soundfonts[seed // HELD_OUT % len(soundfonts)]).save(path)


if __name__ == "__main__":
    main()
