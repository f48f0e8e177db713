"""Pieces to sound: a General MIDI soundfont, a renderer, and the way into an MP3 file."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from linernotes.datasets.rendered.degrade import degrade
from linernotes.datasets.rendered.midi import midi_bytes
from linernotes.datasets.rendered.piece import Piece

SAMPLE_RATE = 44_100
SYSTEM_SOUNDFONTS = (
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "/usr/share/soundfonts/TimGM6mb.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/default.sf2",
    "/usr/local/share/soundfonts/default.sf2",
)


class RenderError(RuntimeError):
    """Something that rendering needs is not installed; the message says what and how to get it."""


@dataclass(frozen=True, slots=True)
class Stereo:
    """Two channels, float32, shape (samples, 2), and their rate in Hz."""

    waveform: NDArray[np.float32]
    sample_rate: int


def find_soundfont(path: str | Path | None = None) -> Path:
    """The soundfont to use: the given one, LINERNOTES_SOUNDFONT, the one inside pretty_midi, or the system's."""
    given = path or os.environ.get("LINERNOTES_SOUNDFONT")
    if given:
        if not Path(given).is_file():
            raise RenderError(f"the soundfont {str(given)!r} is not a file; give the path of an .sf2 file")
        return Path(given)
    spec = find_spec("pretty_midi")
    wheels = (
        [str(Path(place) / "TimGM6mb.sf2") for place in (spec.submodule_search_locations or [])]
        if spec
        else []
    )
    for candidate in (*wheels, *SYSTEM_SOUNDFONTS):
        if Path(candidate).is_file():
            return Path(candidate)
    raise RenderError(
        "no soundfont was found; `pip install 'linernotes[render]'` brings one (TimGM6mb, inside pretty_midi), "
        "or set LINERNOTES_SOUNDFONT to the path of an .sf2 file"
    )


@lru_cache(maxsize=2)
def read_soundfont(path: Path) -> bytes:
    """The bytes of a soundfont, kept for the next piece."""
    return path.read_bytes()


def soundfont_sha256(path: Path) -> str:
    """What a manifest says of the soundfont, because other sounds are other recordings."""
    return hashlib.sha256(read_soundfont(path)).hexdigest()


def play_midi(midi: bytes, *, soundfont: str | Path | None = None, renderer: str = "midirenderer") -> Stereo:
    """A MIDI file as sound at 44.1 kHz, by "midirenderer" (PyPI) or "fluidsynth" (the system's program)."""
    path = find_soundfont(soundfont)
    if renderer == "midirenderer":
        return _by_midirenderer(midi, path)
    if renderer == "fluidsynth":
        return _by_fluidsynth(midi, path)
    raise ValueError(f"no renderer is called {renderer!r}; there are: midirenderer, fluidsynth")


def _by_midirenderer(midi: bytes, soundfont: Path) -> Stereo:
    try:
        import midirenderer
    except ImportError as missing:
        raise RenderError("rendering needs midirenderer: pip install 'linernotes[render]'") from missing
    wave = midirenderer.render_wave_from(read_soundfont(soundfont), midi)
    waveform, sample_rate = soundfile.read(io.BytesIO(wave), dtype="float32", always_2d=True)
    return Stereo(soxr.resample(waveform, sample_rate, SAMPLE_RATE).astype(np.float32), SAMPLE_RATE)


def _by_fluidsynth(midi: bytes, soundfont: Path) -> Stereo:
    program = shutil.which("fluidsynth")
    if not program:
        raise RenderError(
            "the program fluidsynth is missing: install the package fluidsynth (Debian: apt install fluidsynth)"
        )
    with tempfile.TemporaryDirectory() as folder:
        score, wave = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
        score.write_bytes(midi)
        command = [
            program,
            "-ni",
            "-g",
            "0.5",
            "-r",
            str(SAMPLE_RATE),
            "-F",
            str(wave),
            str(soundfont),
            str(score),
        ]
        subprocess.run(command, check=True, capture_output=True)
        waveform, sample_rate = soundfile.read(wave, dtype="float32", always_2d=True)
    return Stereo(waveform, sample_rate)


def render_piece(
    piece: Piece, *, soundfont: str | Path | None = None, renderer: str = "midirenderer"
) -> Stereo:
    """The recording of a piece as its plan says: played, mixed, with its room and noise; not yet coded as MP3."""
    clean = play_midi(midi_bytes(piece), soundfont=soundfont, renderer=renderer)
    length = round(piece.duration_s * SAMPLE_RATE)
    waveform = np.zeros((length, 2), np.float32)
    waveform[: len(clean.waveform)] = clean.waveform[:length]
    return Stereo(degrade(waveform, SAMPLE_RATE, piece.sound, seed=piece.seed), SAMPLE_RATE)


def write_piece(
    piece: Piece, path: str | Path, *, soundfont: str | Path | None = None, renderer: str = "midirenderer"
) -> Path:
    """Render a piece into an .mp3 (coded as its plan says), .flac, .ogg or .wav file, whole or not at all."""
    stereo = render_piece(piece, soundfont=soundfont, renderer=renderer)
    return write_audio(path, stereo.waveform, stereo.sample_rate, mp3_compression=piece.sound.mp3_compression)


def write_audio(
    path: str | Path, waveform: NDArray[np.float32], sample_rate: int, *, mp3_compression: float = 0.3
) -> Path:
    """Write samples, shape (samples,) or (samples, channels), in the format of the path's suffix, atomically."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    settings = (
        {"compression_level": mp3_compression, "bitrate_mode": "VARIABLE"} if path.suffix == ".mp3" else {}
    )
    try:
        soundfile.write(partial, waveform, sample_rate, **settings)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path
