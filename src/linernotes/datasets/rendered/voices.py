"""Recordings with a known voice: sung by a man or a woman over a band, the band alone, or plain speech."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from linernotes.datasets.rendered.composition import plan_piece
from linernotes.datasets.rendered.degrade import degrade, in_room, normalise
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.library import FIRST_TUNING_SEED
from linernotes.datasets.rendered.lyrics import SPOKEN_SENTENCES, SUNG_LINES
from linernotes.datasets.rendered.midi import write_midi
from linernotes.datasets.rendered.performance import perform
from linernotes.datasets.rendered.piece import Piece
from linernotes.datasets.rendered.render import SAMPLE_RATE, find_soundfont, play_midi, write_audio
from linernotes.datasets.rendered.singing import Singer, SungNote, sing, speak

VOICES_VERSION = "1"
FROZEN_VOICE_SEEDS = range(120)
"""Sung male, sung female, instrumental, spoken in turn: 30 of each. Nothing is tuned on them."""

TEST_SINGERS = (
    *(Singer(f"en-us+{name}", "male", centre) for name, centre in (("m3", 53), ("m5", 50), ("m7", 55))),
    *(Singer(f"en-us+{name}", "female", centre) for name, centre in (("f2", 65), ("f4", 67), ("f5", 63))),
)
_TUNING_MEN = (("m1", 54), ("m2", 51), ("m4", 52), ("m6", 49), ("m8", 55))
_TUNING_WOMEN = (("f1", 64), ("f3", 66), ("Andrea", 65), ("linda", 63))
TUNING_SINGERS = (
    *(Singer(f"en+{name}", "male", centre) for name, centre in _TUNING_MEN),
    *(Singer(f"en+{name}", "female", centre) for name, centre in _TUNING_WOMEN),
)
"""No voice of the test set is among them."""

SUNG_GENRES = (
    "pop",
    "rock",
    "folk",
    "ballad",
    "country",
    "reggae",
    "hip hop",
    "electronic",
    "blues",
    "jazz",
    "bossa nova",
)
KINDS = (("sung", "male"), ("sung", "female"), ("instrumental", ""), ("spoken", ""))
PIECE_SEEDS_FROM = 10_000_000
SHORTEST_NOTE_S = 0.2


@dataclass(frozen=True, slots=True)
class VoicePlan:
    """What is true of one recording: `kind` is sung, instrumental or spoken; gain is that of voice over band."""

    seed: int
    version: str
    kind: str
    gender: str
    voice: str
    text: str
    vocal_gain_db: float
    piece_seed: int
    genre: str
    duration_s: float
    sung_spans_s: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceMix:
    """The recording and its clean parts, each mono or stereo float32 at `SAMPLE_RATE`; absent parts are empty."""

    plan: VoicePlan
    mix: NDArray[np.float32]
    vocals: NDArray[np.float32]
    accompaniment: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RenderedVoice:
    """A plan with its files; stems are None unless they were asked for."""

    plan: VoicePlan
    audio_path: Path
    vocals_path: Path | None = None
    accompaniment_path: Path | None = None


def plan_voice(seed: int, *, duration_s: float = 25.0) -> VoicePlan:
    """The kind, voice, words and band that belong to a seed; kinds take turns, so any run of seeds is balanced."""
    dice = Dice("voice", VOICES_VERSION, seed)
    kind, gender = KINDS[seed % len(KINDS)]
    singers = TUNING_SINGERS if seed >= FIRST_TUNING_SEED else TEST_SINGERS
    singer = dice.pick([one for one in singers if not gender or one.gender == gender])
    first = dice.whole(0, 11)
    lines = SPOKEN_SENTENCES if kind == "spoken" else SUNG_LINES
    text = " ".join(lines[(first + i) % len(lines)] for i in range(6))
    piece = plan_piece(PIECE_SEEDS_FROM + seed, duration_s=duration_s)
    genre = dice.pick(SUNG_GENRES) if kind == "sung" else piece.genre
    voiceless = kind == "instrumental"
    return VoicePlan(
        seed=seed,
        version=VOICES_VERSION,
        kind=kind,
        gender="" if voiceless else singer.gender,
        voice="" if voiceless else singer.voice,
        text="" if voiceless else text,
        vocal_gain_db=round(dice.between(0.0, 8.0), 2) if kind == "sung" else 0.0,
        piece_seed=PIECE_SEEDS_FROM + seed,
        genre="" if kind == "spoken" else genre,
        duration_s=duration_s,
    )


def make_voice(plan: VoicePlan, *, soundfont: str | Path | None = None) -> VoiceMix:
    """Render a plan with its stems; the sound (room, noise, level) is that of its piece."""
    piece = plan_piece(plan.piece_seed, duration_s=plan.duration_s, genre=plan.genre or None)
    nothing = np.zeros((0, 2), np.float32)
    if plan.kind == "spoken":
        vocals = _spoken(plan)
        clean, accompaniment = _stereo(vocals), nothing
    elif plan.kind == "instrumental":
        accompaniment = _band(piece, soundfont, with_melody=True)
        vocals, clean = np.zeros(0, np.float32), accompaniment
    else:
        notes = vocal_line(piece, _centre(plan))
        vocals = sing(notes, plan.text, plan.voice, seed=plan.seed)
        plan = replace(
            plan, sung_spans_s=tuple((round(note.start_s, 3), round(note.end_s, 3)) for note in notes)
        )
        band = _band(piece, soundfont, with_melody=False)
        vocals, accompaniment = balanced(vocals, band, plan.vocal_gain_db)
        room = np.random.default_rng(plan.seed)
        clean = accompaniment + in_room(_stereo(vocals), SAMPLE_RATE, 0.8, 0.15, room)
    return VoiceMix(plan, degrade(clean, SAMPLE_RATE, piece.sound, seed=plan.seed), vocals, accompaniment)


def vocal_line(piece: Piece, centre: int) -> list[SungNote]:
    """The piece's melody, moved by octaves towards `centre`, its shortest notes joined to those before."""
    channel = [part.role for part in piece.parts].index("melody")
    played = [note for note in perform(piece).notes if note.channel == channel]
    shift = 12 * round((centre - float(np.mean([note.pitch for note in played]))) / 12)
    line: list[SungNote] = []
    for note in played:
        short = line and note.start_s - line[-1].start_s < SHORTEST_NOTE_S
        if short:
            line[-1] = replace(line[-1], end_s=note.end_s)
            continue
        if line and line[-1].end_s > note.start_s:
            line[-1] = replace(line[-1], end_s=note.start_s)
        line.append(SungNote(float(note.pitch + shift) + piece.tuning_cents / 100, note.start_s, note.end_s))
    return line


def balanced(
    vocals: NDArray[np.float32], band: NDArray[np.float32], gain_db: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vocals (samples,) and band (samples, 2), equally long; the vocals' RMS is `gain_db` above the band's."""
    line = np.zeros(len(band), np.float32)
    line[: min(len(vocals), len(band))] = vocals[: len(band)]
    sounding = np.abs(line) > 0.01
    ratio = float(np.sqrt(np.mean(band[sounding] ** 2) / np.mean(line[sounding] ** 2)))
    louder = line * np.float32(ratio * 10 ** (gain_db / 20))
    peak = float(np.abs(band + louder[:, None]).max())
    return louder / peak, band / peak


def _band(piece: Piece, soundfont: str | Path | None, *, with_melody: bool) -> NDArray[np.float32]:
    performance = perform(piece)
    if not with_melody:
        channel = [part.role for part in piece.parts].index("melody")
        kept = tuple(note for note in performance.notes if note.channel != channel)
        performance = replace(performance, notes=kept)
    stereo = play_midi(write_midi(performance, piece.tuning_cents, piece.duration_s), soundfont=soundfont)
    return normalise(stereo.waveform, -3.0)


def _spoken(plan: VoicePlan) -> NDArray[np.float32]:
    dice = Dice("speech", plan.seed)
    waveform, sample_rate = speak(
        plan.text, plan.voice, words_a_minute=dice.whole(130, 180), pitch=dice.whole(35, 65)
    )
    spoken = soxr.resample(waveform, sample_rate, SAMPLE_RATE)[: round(plan.duration_s * SAMPLE_RATE)]
    return np.asarray(spoken, np.float32)


def _stereo(mono: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.repeat(mono[:, None], 2, axis=1)


def _centre(plan: VoicePlan) -> int:
    return next(singer.centre for singer in (*TEST_SINGERS, *TUNING_SINGERS) if singer.voice == plan.voice)


def render_voices(
    seeds: Iterable[int],
    out_dir: str | Path,
    *,
    jobs: int = 1,
    stems: bool = False,
    duration_s: float = 25.0,
    soundfont: str | Path | None = None,
    rendered: Callable[[int], None] = lambda count: None,
) -> list[RenderedVoice]:
    """Render what is missing into a folder of `out_dir` with a manifest; `stems` keeps the clean parts too."""
    font = find_soundfont(soundfont)
    folder = Path(out_dir) / f"voices-v{VOICES_VERSION}-{duration_s:g}s"
    folder.mkdir(parents=True, exist_ok=True)
    make = partial(_render_one, folder=folder, stems=stems, duration_s=duration_s, soundfont=font)
    made: list[RenderedVoice] = []
    with ProcessPoolExecutor(max(1, jobs)) as pool:
        for voice in pool.map(make, list(seeds)):
            made.append(voice)
            rendered(len(made))
    _write_manifest(folder, made)
    return made


def _render_one(seed: int, *, folder: Path, stems: bool, duration_s: float, soundfont: Path) -> RenderedVoice:
    plan_path, path = folder / f"{seed:06d}.json", folder / f"{seed:06d}.mp3"
    vocals, band = (folder / f"{seed:06d}.{stem}.flac" for stem in ("vocals", "band"))
    plan = plan_voice(seed, duration_s=duration_s)
    kept = stems and plan.kind == "sung"
    wanted = [plan_path, path] + ([vocals, band] if kept else [])
    if not all(file.is_file() for file in wanted):
        made = make_voice(plan, soundfont=soundfont)
        write_audio(path, made.mix, SAMPLE_RATE)
        if kept:
            write_audio(vocals, made.vocals, SAMPLE_RATE)
            write_audio(band, made.accompaniment, SAMPLE_RATE)
        partial_path = plan_path.with_suffix(f".{os.getpid()}")
        partial_path.write_text(json.dumps(asdict(made.plan)), "utf-8")
        os.replace(partial_path, plan_path)
    return RenderedVoice(_read_plan(plan_path), path, vocals if kept else None, band if kept else None)


def _read_plan(path: Path) -> VoicePlan:
    values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    spans = tuple((float(start), float(end)) for start, end in values.pop("sung_spans_s"))
    return VoicePlan(**values, sung_spans_s=spans)


def _write_manifest(folder: Path, made: list[RenderedVoice]) -> None:
    lines = [json.dumps({"audio": item.audio_path.name, "plan": asdict(item.plan)}) + "\n" for item in made]
    partial_path = folder / f".manifest.{os.getpid()}"
    partial_path.write_text("".join(lines), "utf-8")
    os.replace(partial_path, folder / "manifest.jsonl")
