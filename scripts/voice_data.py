"""Recordings with known content and voice for `fit_voice.py`: Debian packages, rendered singing, made-up noises.

Nothing of this data is a test recording. Real sounds come from packages of Debian bookworm, unpacked anywhere:

    for name in $(python scripts/voice_data.py); do
        apt-get download $name && dpkg-deb -x ${name}_*.deb packages/$name
    done

Sound effects last a second or two, so a recording of "other" is a reel of effects of one kind from one package.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from made_up_sounds import MADE_UP_MUSIC, MADE_UP_SOUNDS
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from linernotes.datasets.rendered.singing import speak
from linernotes.datasets.rendered.voices import TUNING_SINGERS, render_voices

Floats = NDArray[np.float32]
SAMPLE_RATE = 16_000
REEL_S, EXCERPT_S = 24.0, 30.0
REELS_OF_A_FOLDER, TRACKS_OF_A_FOLDER = 4, 12


@dataclass(frozen=True, slots=True)
class Recording:
    """Mono audio at 16 kHz with its truth; `group` names what must not be split between fitting and testing."""

    name: str
    group: str
    content: str  # music, speech, other, silence
    voice: str  # sung, spoken, instrumental, or "" where it is not known
    gender: str  # male, female or ""
    waveform: Floats


@dataclass(frozen=True, slots=True)
class Folder:
    """Sound files of a package that are of one kind."""

    package: str
    pattern: str
    content: str
    voice: str = ""
    reel: bool = False


FOLDERS = (
    Folder("wesnoth-1.16-music", "**/core/music/*.ogg", "music", "instrumental"),
    Folder("fretsonfire-songs-sectoid", "**/sectoid/*/song.ogg", "music", "instrumental"),
    Folder("fretsonfire-songs-muldjord", "**/muldjord/*/song.ogg", "music"),
    Folder("hyperrogue-music", "**/hr*.ogg", "music", "instrumental"),
    Folder("planetblupi-music-ogg", "**/*.ogg", "music", "instrumental"),
    Folder("singularity-music", "**/*.ogg", "music", "instrumental"),
    Folder("supertux-data", "**/music/**/*.ogg", "music", "instrumental"),
    Folder("freedroidrpg-data", "**/sound/music/*.ogg", "music", "instrumental"),
    Folder("flare-game", "**/music/*.ogg", "music", "instrumental"),
    Folder("unknown-horizons", "**/audio/music/**/*.ogg", "music", "instrumental"),
    Folder("hedgewars-data", "**/Data/Music/*.ogg", "music", "instrumental"),
    Folder("colobot-common-sounds", "**/music/*.ogg", "music", "instrumental"),
    Folder("sonic-pi-samples", "**/samples/loop_*.flac", "music", "instrumental"),
    Folder("asterisk-core-sounds-en-g722", "**/en*/**/*.g722", "speech", "spoken", reel=True),
    Folder("asterisk-core-sounds-es-g722", "**/es*/**/*.g722", "speech", "spoken", reel=True),
    Folder("asterisk-core-sounds-fr-g722", "**/fr*/**/*.g722", "speech", "spoken", reel=True),
    Folder("asterisk-core-sounds-it-g722", "**/it*/**/*.g722", "speech", "spoken", reel=True),
    Folder("asterisk-core-sounds-ru-g722", "**/ru*/**/*.g722", "speech", "spoken", reel=True),
    Folder("ktuberling-data", "**/sounds/[!s]*/*.*", "speech", "spoken", reel=True),
    Folder("tuxpaint-stamps-default", "**/stamps/*/**/*_desc*.ogg", "speech", "spoken", reel=True),
    Folder("tuxpaint-stamps-default", "**/stamps/animals/**/[!_]*[!_]*.*", "other", reel=True),
    Folder("torcs-data", "**/data/sound/*.wav", "other", reel=True),
    Folder("hedgewars-data", "**/Data/Sounds/[!0-9]*.ogg", "other", reel=True),
    Folder("supertux-data", "**/sounds/*.*", "other", reel=True),
    Folder("freedroidrpg-data", "**/sound/effects/*.ogg", "other", reel=True),
    Folder("wesnoth-1.16-data", "**/core/sounds/*.*", "other", reel=True),
    Folder("wesnoth-1.16-data", "**/core/sounds/ambient/*.*", "other"),
    Folder("flare-game", "**/soundfx/**/*.ogg", "other", reel=True),
    Folder("unknown-horizons", "**/audio/sounds/*.ogg", "other", reel=True),
    Folder("colobot-common-sounds", "**/colobot/sounds/*.*", "other", reel=True),
)
"""The packages' own music is mostly instrumental; choirs in it are label noise that is left in.

The growls of muldjord are neither sung nor an instrument: their voice counts as unknown.
"""

NOT_MUSIC = ("wind_ambient.ogg",)
SOUND_FILES = (".ogg", ".wav", ".flac", ".g722", ".mp3")
OTHER_SPEAKERS = (
    *(
        "en+whisper",
        "en+whisperf",
        "en+croak",
        "en+klatt",
        "en+steph",
        "en+aunty",
        "en+belinda",
        "en+grandma",
    ),
    *("de", "fr", "es", "it", "sv"),
)
WORDS = (
    "The committee will meet again on Thursday to discuss the budget for the coming year.",
    "When the rain stopped we walked along the river until it was too dark to see the path.",
    "Please put the red book back on the second shelf, next to the small lamp.",
)


def load(path: Path) -> Floats:
    """A sound file as mono samples at 16 kHz; G.722 telephone prompts are read by ffmpeg."""
    if path.suffix == ".g722":
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(path),
            "-ac",
            "1",
            "-ar",
            str(SAMPLE_RATE),
            "-f",
            "f32le",
            "-",
        ]
        return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, SAMPLE_RATE), np.float32)


def files_of(folder: Folder, packages: Path) -> list[Path]:
    found = sorted((packages / folder.package).glob(folder.pattern))
    wanted = [path for path in found if path.suffix.lower() in SOUND_FILES]
    if folder.content == "other":
        return [path for path in wanted if "_desc" not in path.name and "voice" not in str(path)]
    return [path for path in wanted if path.name not in NOT_MUSIC]


def excerpt(path: Path) -> Floats:
    """The middle of a track, `EXCERPT_S` long."""
    with soundfile.SoundFile(path) as file:
        length = min(file.frames, round(EXCERPT_S * file.samplerate))
        file.seek((file.frames - length) // 2)
        samples = file.read(length, dtype="float32", always_2d=True)
        return np.asarray(soxr.resample(samples.mean(axis=1), file.samplerate, SAMPLE_RATE), np.float32)


def reel(paths: Sequence[Path], dice: np.random.Generator) -> Floats:
    """Files one after the other, each at a comfortable level, with short pauses; unreadable ones are left out."""
    parts: list[Floats] = []
    while sum(map(len, parts)) < REEL_S * SAMPLE_RATE:
        try:
            sound = load(paths[int(dice.integers(len(paths)))])[: 10 * SAMPLE_RATE]
        except soundfile.LibsndfileError:
            continue
        loudest = float(np.abs(sound).max(initial=0.0))
        if loudest > 0:
            pause = np.zeros(round(dice.uniform(0.05, 0.7) * SAMPLE_RATE), np.float32)
            parts += [sound * np.float32(dice.uniform(0.2, 0.9) / loudest), pause]
    return np.concatenate(parts)[: round(REEL_S * SAMPLE_RATE)]


def real_recordings(packages: Path, folder: Folder) -> Iterator[Recording]:
    """Reels of the files of a folder, or the middles of its tracks."""
    paths = files_of(folder, packages)
    if not paths:
        missing = f"{packages / folder.package} has no {folder.pattern}; unpack the package there"
        raise FileNotFoundError(missing)
    if folder.reel:
        dice = np.random.default_rng([*folder.package.encode()])
        for number in range(min(REELS_OF_A_FOLDER, 1 + len(paths) // 4)):
            name = f"{folder.package}/{folder.content}-reel-{number}"
            waveform = reel(paths, dice)
            yield Recording(name, folder.package, folder.content, folder.voice, "", waveform)
        return
    for path in paths[:: -(-len(paths) // TRACKS_OF_A_FOLDER)]:
        waveform = excerpt(path)
        name = f"{folder.package}/{path.parent.name}/{path.name}"
        if len(waveform) >= 2 * SAMPLE_RATE:
            yield Recording(name, folder.package, folder.content, folder.voice, "", waveform)


def rendered_recordings(folder: Path, seeds: Sequence[int], seconds: float) -> Iterator[Recording]:
    for item in render_voices(seeds, folder, duration_s=seconds):
        plan = item.plan
        content = "speech" if plan.kind == "spoken" else "music"
        group = f"rendered-{plan.voice or plan.seed // 4 % 5}"
        yield Recording(
            f"rendered/{plan.seed}", group, content, plan.kind, plan.gender, load(item.audio_path)
        )


def made_up_recordings(count: int) -> Iterator[Recording]:
    """`count` of every kind of made-up sound, music played quietly or alone, and silence."""
    kinds: dict[str, tuple[str, str, Callable[[np.random.Generator], Floats]]] = {}
    kinds |= {name: ("other", "", make) for name, make in MADE_UP_SOUNDS.items()}
    kinds |= {name: ("music", voice, make) for name, (voice, make) in MADE_UP_MUSIC.items()}
    for name, (content, voice, make) in kinds.items():
        for number in range(count):
            dice = np.random.default_rng([number, *name.encode()])
            waveform = make(dice).astype(np.float32)
            yield Recording(f"made-up/{name}-{number}", f"made-up-{name}", content, voice, "", waveform)
    for number in range(count):
        dice = np.random.default_rng(number)
        noise = dice.normal(0, 10 ** dice.uniform(-6, -4.2), 20 * SAMPLE_RATE).astype(np.float32)
        yield Recording(f"made-up/silence-{number}", "made-up-silence", "silence", "", "", noise)


def spoken_recordings() -> Iterator[Recording]:
    """Sentences said by voices that the test set does not use: clean, and in a noisy room."""
    speakers = [(singer.voice, singer.gender) for singer in TUNING_SINGERS] + [
        (voice, "") for voice in OTHER_SPEAKERS
    ]
    for number, (voice, gender) in enumerate(speakers):
        dice = np.random.default_rng(number)
        text = " ".join(WORDS[number % len(WORDS) :] + WORDS[: number % len(WORDS)])
        waveform, rate = speak(text, voice, words_a_minute=140 + 5 * number)
        speech = np.asarray(soxr.resample(waveform, rate, SAMPLE_RATE), np.float32)
        yield Recording(f"espeak/{voice}", f"espeak-{number % 3}", "speech", "spoken", gender, speech)
        noisy = in_noise(speech, dice)
        yield Recording(f"espeak/{voice}-noisy", f"espeak-{number % 3}", "speech", "spoken", gender, noisy)


def in_noise(speech: Floats, dice: np.random.Generator) -> Floats:
    """With an exponential tail of 0.2 to 0.8 s and coloured noise 3 to 18 dB below."""
    times_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tail = dice.normal(size=SAMPLE_RATE) * np.exp(-6.9 * times_s / dice.uniform(0.2, 0.8))
    tail[0] = dice.uniform(5, 20)
    wet = fftconvolve(speech, tail)[: len(speech)]
    spectrum = np.fft.rfft(dice.normal(size=len(speech)))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** dice.uniform(-0.8, 0.0)
    noise = np.fft.irfft(spectrum, len(speech))
    noise *= wet.std() / noise.std() * 10 ** (-dice.uniform(3, 18) / 20)
    mixed = wet + noise
    return np.asarray(0.5 * mixed / np.abs(mixed).max(), np.float32)


if __name__ == "__main__":
    print(*dict.fromkeys(folder.package for folder in FOLDERS))
