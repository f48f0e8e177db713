"""Labelled examples that the tag classifiers are fitted and measured on: rendered music, real files, no music.

Rendered examples know every instrument that plays. Real files are facts in `tag_labels.tsv` (what a title, a genre
tag, a package's documentation or the name of a sample says); what they leave open is masked out of the fit.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from tag_scores import BASSES, HELD, MELODIC, PLUCKED, SOLO_S, perform

from linernotes.datasets.rendered import FIRST_TUNING_SEED, plan_piece, play_midi, render_piece
from linernotes.datasets.rendered.degrade import degrade
from linernotes.datasets.rendered.midi import write_midi
from linernotes.datasets.rendered.piece import Piece, Sound
from linernotes.datasets.rendered.render import SAMPLE_RATE as SING_RATE
from linernotes.datasets.rendered.singing import SungNote, sing, speak

RATE = 16_000
PIECE_S, NONE_S = 16.0, 6.0

CLASSES: dict[str, tuple[int, ...]] = {
    "piano": (0, 1, 3),
    "harpsichord": (6,),
    "bells": (8, 9, 10, 14),
    "mallets": (11, 12, 13),
    "organ": (16, 17, 18, 19, 20),
    "accordion": (21, 23),
    "harmonica": (22,),
    "acoustic guitar": (24, 25),
    "electric guitar": (26, 27, 28, 29, 30),
    "distorted guitar": (29, 30),
    "guitar": (24, 25, 26, 27, 28, 29, 30),
    "bass": (32, 33, 34, 35, 36, 37, 38, 39),
    "violin": (40,),
    "cello": (42,),
    "strings": (40, 41, 42, 43, 44, 45, 48, 49),
    "harp": (46,),
    "choir": (52, 53),
    "trumpet": (56, 59),
    "brass": (56, 57, 58, 59, 60, 61),
    "saxophone": (64, 65, 66, 67),
    "flute": (72, 73, 74, 75, 78),
    "woodwinds": (64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 78),
    "synthesizer": (38, 39, 80, 81, 82, 84, 85, 87, 88, 89, 90, 91, 93, 94, 95),
    "sitar": (104,),
    "banjo": (105,),
    "drums": (),
}
"""General MIDI programs, counted from 0, that make each class of instrument true."""

UNSURE: dict[str, tuple[int, ...]] = {
    "piano": (2, 4, 5),
    "bells": (11, 12, 13),
    "mallets": (8, 9, 10, 14),
    "acoustic guitar": (26, 31, 104, 105, 106),
    "guitar": (31, 104, 105, 106),
    "electric guitar": (31,),
    "bass": (43,),
    "strings": (46, 50, 51),
    "choir": (54, 91),
    "brass": (62, 63),
    "organ": (21, 22, 23),
    "synthesizer": (4, 5, 50, 51, 54, 62, 63),
}
"""Programs that leave the class open: a synthetic string pad is neither strings nor certainly none."""

VOICES = ("en-us+m3", "en-us+f3", "en-gb+m7", "en-us+f5", "en-us+m1", "en-gb+f2")
TEXT = """morning light is on the river and the road is long before us carry me over the water slowly under the
silver moon we wander home again with nothing but a song to remember all the winters we have known"""

GENRES = {
    "rock": "rock", "pop": "pop", "folk": "folk", "jazz": "jazz", "classical strings": "classical",
    "electronic": "electronic", "metal": "metal", "blues": "blues", "hip hop": "hip hop", "country": "country",
    "orchestral": "classical",
}  # fmt: skip
"""What the rendered pieces' own genres are called here; the others leave the genre open."""
GENRE_CLASSES = (
    "classical", "rock", "metal", "pop", "electronic", "ambient", "jazz", "folk", "country", "hip hop", "blues",
)  # fmt: skip
GENRES_THAT_MIX = {"rock": ("metal", "pop", "blues", "country"), "metal": ("rock",), "pop": ("rock", "electronic"),
                   "folk": ("country", "classical"), "country": ("folk", "rock", "pop"), "blues": ("rock", "jazz"),
                   "jazz": ("blues",), "electronic": ("pop", "ambient"), "hip hop": ("electronic", "pop"),
                   "classical": ("ambient",), "ambient": ("electronic", "classical")}  # fmt: skip
"""Genres that one would not call wrong beside the labelled one; they are masked rather than false."""


@dataclass(frozen=True)
class Example:
    """One labelled recording: `present` and `absent` hold targets such as "instrument:piano" or "genre:jazz"."""

    name: str
    kind: str  # solo, mix, piece, real, none
    group: str  # what must not be split between fitting and measuring
    waveform: NDArray[np.float32]  # (samples,) at 16 kHz
    present: frozenset[str] = field(default_factory=frozenset)
    absent: frozenset[str] = field(default_factory=frozenset)


def instrument_labels(programs: set[int], drums: bool) -> tuple[frozenset[str], frozenset[str]]:
    """Present and absent instrument targets of music whose every program is known."""
    present = {name for name, members in CLASSES.items() if programs & set(members)} | (
        {"drums"} if drums else set()
    )
    unsure = {name for name, members in UNSURE.items() if programs & set(members)}
    absent = set(CLASSES) - present - unsure
    return _targets("instrument", present), _targets("instrument", absent)


def genre_labels(genre: str) -> tuple[frozenset[str], frozenset[str]]:
    """Present and absent genre targets of music labelled with one genre."""
    others = set(GENRE_CLASSES) - {genre} - set(GENRES_THAT_MIX.get(genre, ()))
    return _targets("genre", {genre}), _targets("genre", others)


def _targets(kind: str, names: set[str]) -> frozenset[str]:
    return frozenset(f"{kind}:{name}" for name in names)


MOODS = ("calm", "energetic", "happy", "sad")
ALL_TARGETS = (
    _targets("instrument", set(CLASSES))
    | _targets("genre", set(GENRE_CLASSES))
    | _targets("mood", set(MOODS))
)


def solos(soundfonts: list[Path], takes: int = 2) -> Iterator[Example]:
    """Every program alone, in every soundfont, never the same notes twice; drum kits too."""
    for number, font in enumerate(soundfonts):
        for program in sorted({*MELODIC, *PLUCKED, *HELD, *BASSES, 128}):
            for take in range(takes if program != 128 else 5 * takes):
                rng = np.random.default_rng([program, take, 11 + 100 * number])
                programs, drums = ({program}, False) if program != 128 else (set(), True)
                yield _rendered(f"solo-{program}-{take}", "solo", font, rng, programs, drums)


def mixes(soundfonts: list[Path], count: int, first_seed: int = 0) -> Iterator[Example]:
    """One to five random players each, so that no instrument always comes with another."""
    everyone = sorted({*MELODIC, *PLUCKED, *HELD})
    for number in range(first_seed, first_seed + count):
        rng = np.random.default_rng([number, 12])
        programs = {int(p) for p in rng.choice(everyone, rng.integers(1, 4), replace=False)}
        if rng.random() < 0.4:
            programs.add(int(rng.choice(sorted(BASSES))))
        drums = bool(rng.random() < 0.45)
        yield _rendered(f"mix-{number}", "mix", soundfonts[number % len(soundfonts)], rng, programs, drums)


def pieces(soundfonts: list[Path], count: int) -> Iterator[Example]:
    """Pieces of the project's generator, from the seeds that are there for tuning."""
    for number in range(count):
        font = soundfonts[number % len(soundfonts)]
        piece = plan_piece(FIRST_TUNING_SEED + number, duration_s=PIECE_S)
        stereo = render_piece(piece, soundfont=font)
        present, absent = piece_labels(piece)
        mono = stereo.waveform.mean(axis=1)
        waveform = soxr.resample(mono, stereo.sample_rate, RATE).astype(np.float32)
        yield Example(f"piece-{number}", "piece", f"{font.stem}/piece", waveform, present, absent)


def real_files(labels: Path, roots: list[Path], longest_s: float = 15.0) -> Iterator[Example]:
    """Files of `tag_labels.tsv` that are found under `roots`: 15 s from a quarter into the recording.

    Columns: package, file, sha256, present, absent, reason. Targets are separated by commas; "instrument:*" in
    `absent` means all others, and "?instrument:bass" leaves one open.
    """
    with labels.open(encoding="utf-8") as lines:
        for row in csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"):
            path = next((root / row["file"] for root in roots if (root / row["file"]).is_file()), None)
            if path is None:
                continue
            clip = _excerpt(path, longest_s)
            present, absent = _listed(row["present"]), absent_targets(row["absent"], _listed(row["present"]))
            kind = "real" if present else "none"
            clip = clip if present else clip[: int(NONE_S * RATE)]
            yield Example(row["file"], kind, row["package"], clip, present, absent)


def _excerpt(path: Path, longest_s: float) -> NDArray[np.float32]:
    """Mono at 16 kHz, from a quarter into the recording if that is long; read without decoding the rest."""
    with soundfile.SoundFile(path) as file:
        wanted = int(longest_s * file.samplerate)
        if file.frames > 2 * wanted:
            file.seek(file.frames // 4)
        samples = file.read(wanted, dtype="float32", always_2d=True).mean(axis=1)
        return soxr.resample(samples, file.samplerate, RATE).astype(np.float32)


def absent_targets(cell: str, present: frozenset[str]) -> frozenset[str]:
    """What a cell of the column `absent` rules out."""
    parts = _listed(cell)
    unsure = {part[1:] for part in parts if part.startswith("?")}
    wild = {target for target in ALL_TARGETS if f"{target.split(':')[0]}:*" in parts}
    plain = {part for part in parts if not part.startswith("?") and not part.endswith("*")}
    return frozenset((wild | plain) - unsure - present)


def _listed(cell: str) -> frozenset[str]:
    return frozenset(part.strip() for part in cell.split(",") if part.strip())


def piece_labels(piece: Piece) -> tuple[frozenset[str], frozenset[str]]:
    """What the plan of a rendered piece says of its instruments, genre and, at the extremes, its mood."""
    programs = {part.program for part in piece.parts if part.role != "drums"}
    present, absent = instrument_labels(programs, piece.drums)
    if genre := GENRES.get(piece.genre):
        is_it, is_not = genre_labels(genre)
        present, absent = present | is_it, absent | is_not
    is_mood, is_not_mood = mood_labels(piece)
    return present | _targets("mood", is_mood), absent | _targets("mood", is_not_mood)


def mood_labels(piece: Piece) -> tuple[set[str], set[str]]:
    """Moods by convention, at the extremes of tempo, mode and drums only; the middle is left open."""
    major, tempo = piece.key.endswith("major"), piece.tempo_bpm
    if piece.genre in ("rock", "metal", "electronic") and piece.drums and tempo >= 118:
        return {"energetic"}, {"calm", "sad"}
    if not piece.drums and tempo < 92:
        return ({"calm"}, {"energetic", "sad"}) if major else ({"calm", "sad"}, {"energetic", "happy"})
    lively = {"calm"} if tempo >= 112 else set()
    if major and lively:
        return {"happy"}, {"sad", *lively}
    return set(), lively if major else {"happy", *lively}


def noises(count: int) -> Iterator[Example]:
    """Coloured noise, hum, waves and gliding calls as of animals: no instrument and no genre."""
    for number in range(count):
        rng = np.random.default_rng([number, 13])
        t = np.arange(int(NONE_S * RATE)) / RATE
        spectrum = np.fft.rfft(rng.standard_normal(len(t)))
        hz = np.fft.rfftfreq(len(t), 1 / RATE) + 20
        noise = np.fft.irfft(spectrum * hz ** -rng.uniform(0, 1.2), len(t))
        noise /= np.abs(noise).max()
        if number % 4 == 1:
            noise += rng.uniform(0, 1) * np.sign(np.sin(2 * np.pi * 50 * t))
        if number % 4 == 2:
            noise *= 1 + np.sin(2 * np.pi * rng.uniform(0.1, 3) * t)
        if number % 4 == 3:
            noise = rng.uniform(0.02, 0.3) * noise + calls(t, rng)
        level = 10 ** (rng.uniform(-40, -6) / 20) / np.abs(noise).max()
        yield Example(
            f"noise-{number}", "none", "noise", (noise * level).astype(np.float32), absent=ALL_TARGETS
        )


def calls(t: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Harmonic tones that glide over most of an octave or more, with pauses between them."""
    heard = np.zeros_like(t)
    now = float(rng.uniform(0, 0.5))
    while now < t[-1]:
        length = float(rng.uniform(0.3, 2.5))
        inside = (t >= now) & (t < now + length)
        place = (t[inside] - now) / length
        hz = rng.uniform(80, 1500) * 2 ** (rng.uniform(-1.5, 1.5) * place ** rng.uniform(0.5, 2))
        phase = 2 * np.pi * np.cumsum(hz) / RATE
        tone = sum(np.sin(k * phase) * rng.uniform(0, 1) / k for k in range(1, int(rng.integers(2, 8))))
        heard[inside] += tone * np.sin(np.pi * place) ** 0.5
        now += length + float(rng.uniform(0.1, 1.5))
    return heard


def spoken(count: int) -> Iterator[Example]:
    """Speech of many synthetic voices: no instrument and no genre."""
    for number in range(count):
        voice = VOICES[number % len(VOICES)]
        rng = np.random.default_rng([number, 14])
        text = " ".join(rng.permutation(TEXT.split()))
        speech, rate = speak(text, voice)
        waveform = _levelled(soxr.resample(speech, rate, RATE), rng)
        yield Example(f"spoken-{number}", "none", "espeak-ng", waveform, absent=ALL_TARGETS)


def sung(soundfonts: list[Path], count: int) -> Iterator[Example]:
    """Rendered singing alone (every fourth) or over a mix: a voice must not read as an instrument."""
    for number, mix in enumerate(mixes(soundfonts, count, first_seed=10_000)):
        rng = np.random.default_rng([number, 15])
        now, pitch, melody = 0.3, float(rng.uniform(50, 66)), []
        while now < SOLO_S - 1:
            length = float(rng.choice([0.25, 0.4, 0.6, 1.0]))
            pitch = float(np.clip(pitch + rng.choice([-3, -2, 0, 2, 2, 4]), 46, 72))
            melody.append(SungNote(pitch, now, now + 0.95 * length))
            now += length
        voice = soxr.resample(sing(melody, TEXT, VOICES[number % len(VOICES)], seed=number), SING_RATE, RATE)
        voice = voice[: len(mix.waveform)] / np.abs(voice).max()
        alone = number % 4 == 0
        waveform = np.zeros_like(mix.waveform) if alone else mix.waveform.copy()
        level = rng.uniform(0.5, 1.4) * np.abs(mix.waveform).max()
        waveform[: len(voice)] += (level * voice).astype(np.float32)
        waveform = (waveform / max(1.0, float(np.abs(waveform).max()))).astype(np.float32)
        nothing = _targets("instrument", set(CLASSES) - {"choir"})
        present, absent = (frozenset(), nothing) if alone else (mix.present, mix.absent)
        yield Example(f"sung-{mix.name}", "mix", mix.group, waveform, present, absent - {"instrument:choir"})


def _levelled(waveform: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    level = 10 ** (rng.uniform(-20, -2) / 20) / np.abs(waveform).max()
    return (waveform[: int(NONE_S * RATE)] * level).astype(np.float32)


def _rendered(
    name: str, kind: str, font: Path, rng: np.random.Generator, programs: set[int], drums: bool
) -> Example:
    present, absent = instrument_labels(programs, drums)
    performance = perform(sorted(programs), drums, rng)
    stereo = play_midi(write_midi(performance, rng.uniform(-20, 20), SOLO_S), soundfont=font)
    sound = Sound(
        gain_db=rng.uniform(-14, -1), noise_db=rng.uniform(-80, -50), room_s=rng.uniform(0.2, 2.0),
        room_share=rng.uniform(0, 0.4), tilt_db=rng.uniform(-5, 5), drive=0.0, mp3_compression=0.5,
    )  # fmt: skip
    mono = soxr.resample(stereo.waveform.mean(axis=1), stereo.sample_rate, RATE).astype(np.float32)
    heard = degrade(mono[: int(SOLO_S * RATE), None], RATE, sound, seed=int(rng.integers(1 << 30)))[:, 0]
    return Example(f"{font.stem}-{name}", kind, f"{font.stem}/{kind}", heard, present, absent)
