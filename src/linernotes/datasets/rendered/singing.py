"""Singing made from speech: espeak-ng says the words, WORLD gives them a melody.

WORLD (Morise et al., 2016) splits a voice into pitch, spectral envelope and aperiodicity; every word is stretched
to its notes (mostly its voiced frames, as singers do) and gets the melody's pitch, with glides and vibrato.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.render import SAMPLE_RATE, RenderError

FRAME_S = 0.005
SILENCE = 1e-12
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Singer:
    """A voice of espeak-ng ("en-us+m3"), its gender, and the MIDI pitch its melodies lie around."""

    voice: str
    gender: str
    centre: int


@dataclass(frozen=True, slots=True)
class SungNote:
    """One note of a melody; `pitch` is a MIDI number that need not be whole."""

    pitch: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word in WORLD's terms: `envelope` and `aperiodicity` are (frames, bins), `voiced` is (frames,)."""

    voiced: NDArray[np.bool_]
    envelope: Floats
    aperiodicity: Floats
    sample_rate: int


def speak(
    text: str, voice: str, *, words_a_minute: int = 150, pitch: int = 50
) -> tuple[NDArray[np.float32], int]:
    """Plain speech by espeak-ng: samples, shape (samples,), and their rate in Hz."""
    program = shutil.which("espeak-ng")
    if not program:
        raise RenderError("speech needs the program espeak-ng: install it (Debian: apt install espeak-ng)")
    command = [program, "-v", voice, "-s", str(words_a_minute), "-p", str(pitch), "--stdout", "--", text]
    wave = subprocess.run(command, check=True, capture_output=True).stdout
    waveform, sample_rate = soundfile.read(io.BytesIO(wave), dtype="float32")
    return waveform, sample_rate


def sing(melody: Sequence[SungNote], text: str, voice: str, *, seed: int) -> NDArray[np.float32]:
    """The melody sung to the words of `text`, from 0 s to the last note, mono at `SAMPLE_RATE`, peak 1.

    Words are taken in turn and begin again when they run out; a word takes as many notes as it has syllables.
    """
    world = load_world()
    words = re.findall(r"[\w']+", text)
    if not words or not melody:
        raise ValueError("singing needs at least one note and one word")
    first = _analyse(words[0], voice)
    frames, bins = int(melody[-1].end_s / FRAME_S) + 40, first.envelope.shape[1]
    pitch_hz, envelope, aperiodicity = (
        np.zeros(frames),
        np.full((frames, bins), SILENCE),
        np.ones((frames, bins)),
    )
    note, turn = 0, 0
    while note < len(melody):
        word = words[turn % len(words)]
        sung = melody[note : note + syllables(word)]
        _place(_analyse(word, voice), sung, pitch_hz, envelope, aperiodicity, Dice("sing", seed, turn))
        note, turn = note + len(sung), turn + 1
    waveform = world.synthesize(pitch_hz, envelope, aperiodicity, first.sample_rate, FRAME_S * 1000)
    waveform = soxr.resample(waveform / max(1e-9, np.abs(waveform).max()), first.sample_rate, SAMPLE_RATE)
    return np.asarray(waveform, np.float32)


def syllables(word: str) -> int:
    """Vowel groups of an English word, a silent e at its end not counted; at least one."""
    groups = re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouyl])e$", "", word.lower()))
    return max(1, len(groups))


@lru_cache(maxsize=1)
def load_world() -> Any:
    """The compiled half of pyworld; its Python half asks for pkg_resources, which new setuptools lack."""
    package = find_spec("pyworld")
    folders = [Path(folder) for folder in (package.submodule_search_locations or [])] if package else []
    compiled = [
        file
        for folder in folders
        for suffix in EXTENSION_SUFFIXES
        for file in folder.glob(f"pyworld{suffix}")
    ]
    if not compiled:
        raise RenderError("singing needs pyworld: pip install 'linernotes[singing]'")
    spec = spec_from_file_location("pyworld.pyworld", compiled[0])
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=4096)
def _analyse(text: str, voice: str) -> Word:
    """A word as WORLD hears it, silence at both ends cut off."""
    world = load_world()
    waveform, sample_rate = speak(text, voice, words_a_minute=120)
    loud = np.flatnonzero(np.abs(waveform) > 0.02 * np.abs(waveform).max())
    samples = waveform[loud[0] : loud[-1] + 1].astype(np.float64)
    rough, times = world.dio(samples, sample_rate, frame_period=FRAME_S * 1000)
    pitch_hz = world.stonemask(samples, rough, times, sample_rate)
    envelope = world.cheaptrick(samples, pitch_hz, times, sample_rate)
    aperiodicity = world.d4c(samples, pitch_hz, times, sample_rate)
    return Word(pitch_hz > 0, envelope, aperiodicity, sample_rate)


def _place(
    word: Word,
    notes: Sequence[SungNote],
    pitch_hz: Floats,
    envelope: Floats,
    aperiodicity: Floats,
    dice: Dice,
) -> None:
    """Write one word over its notes into the frames of the song."""
    first, last = round(notes[0].start_s / FRAME_S), round(notes[-1].end_s / FRAME_S)
    source = stretched(word.voiced, last - first)
    last = first + len(source)
    fade = np.minimum(1.0, np.minimum(np.arange(1, len(source) + 1), np.arange(len(source), 0, -1)) / 6.0)
    envelope[first:last] = word.envelope[source] * fade[:, None] ** 2
    aperiodicity[first:last] = word.aperiodicity[source]
    times_s = np.arange(first, last, dtype=np.float64) * FRAME_S
    pitch_hz[first:last] = np.where(word.voiced[source], melody_hz(notes, times_s, dice), 0.0)


def stretched(voiced: NDArray[np.bool_], frames: int) -> NDArray[np.intp]:
    """Which source frame each of `frames` frames takes: unvoiced ones keep their length if there is room."""
    unvoiced = int((~voiced).sum())
    share = min(1.0, 0.5 * frames / max(1, unvoiced))
    weight = np.where(voiced, max(1.0, frames - share * unvoiced) / max(1, int(voiced.sum())), share)
    ends = np.cumsum(weight)
    source = np.searchsorted(ends, (np.arange(frames) + 0.5) * ends[-1] / frames)
    return np.asarray(np.minimum(source, len(voiced) - 1), np.intp)


def melody_hz(notes: Sequence[SungNote], times_s: Floats, dice: Dice) -> Floats:
    """Pitch of some notes at `times_s`, shape (frames,): glides of 60 ms, vibrato that sets in on long notes."""
    starts = np.array([note.start_s for note in notes])
    index = np.clip(np.searchsorted(starts, times_s, side="right") - 1, 0, len(notes) - 1)
    pitches = np.array([note.pitch for note in notes])[index]
    glide = max(1, round(0.06 / FRAME_S))
    padded = np.pad(pitches, (glide, glide), mode="edge")
    smooth = np.convolve(padded, np.ones(glide) / glide, mode="same")[glide:-glide]
    since_s = times_s - starts[index]
    depth = dice.between(0.15, 0.45) * np.clip((since_s - 0.2) / 0.25, 0.0, 1.0)
    vibrato = depth * np.sin(2 * np.pi * dice.between(5.0, 6.2) * since_s)
    drift = 0.06 * np.sin(2 * np.pi * 0.9 * times_s + dice.between(0.0, 6.28))
    return np.asarray(440.0 * 2 ** ((smooth + vibrato + drift - 69.0) / 12.0), np.float64)
