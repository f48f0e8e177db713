"""Singing whose truth is known: who sings how high, how loud and how fast, with the clean vocal stem kept.

A voice of espeak-ng is given a melody by WORLD and set over a band of `datasets.rendered.clips`. Volume is drawn
first (class, then level within it), the truth is measured afterwards on the clean stem and on the written notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linernotes.building.singing.classes import LEVELS, Thresholds, level_db
from linernotes.datasets.rendered.clips.arrangement import Arrangement, Player, arrange_piece
from linernotes.datasets.rendered.clips.bands import BANDS, find_band
from linernotes.datasets.rendered.clips.orchestra import VOICE
from linernotes.datasets.rendered.clips.stems import record
from linernotes.datasets.rendered.clips.truth import tempo_within
from linernotes.datasets.rendered.degrade import degrade
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.singing import Singer, SungNote
from linernotes.datasets.rendered.voices import TEST_SINGERS, TUNING_SINGERS

Wave = NDArray[np.float32]

CORPUS_VERSION = "sung-1"
"""Changes whenever a seed gives other clips."""
SAMPLE_RATE = 16_000
VOLUMES_DB = {"low": (-36.0, -29.0), "medium": (-27.0, -21.0), "high": (-19.0, -15.0)}
"""Levels that are drawn, dBFS: 1 dB away from the stated thresholds on either side."""
VOICE_OVER_BAND_DB = (0.0, 8.0)
CENTRES = {"male": (44.0, 59.0), "female": (54.0, 71.0)}
"""Where melodies may lie around, as MIDI pitches: from a low man's to a high man's, and so for women."""
LEAD_IN_S = 0.3
LONGEST_INTRO_S = 16.0
PEAK = 0.98
FIRST_SEED = 500_000_000
"""Pieces of the corpus are nobody else's."""

VALIDATION_VOICES = ("en+m6", "en+linda")
SINGERS: dict[str, tuple[Singer, ...]] = {
    "train": tuple(one for one in TUNING_SINGERS if one.voice not in VALIDATION_VOICES),
    "validation": tuple(one for one in TUNING_SINGERS if one.voice in VALIDATION_VOICES),
    "test": TEST_SINGERS,
}
"""Who sings in which split: nobody in two."""
SPLIT_SHARES = (("train", 0.7), ("validation", 0.1), ("test", 0.2))
SUNG_BANDS = tuple(band.genre for band in BANDS if band.is_sung)


@dataclass(frozen=True, slots=True)
class SungOrder:
    """What one clip is asked to be; `centre` is a MIDI pitch, `over_band_db` voice against band."""

    number: int
    seed: int
    split: str
    genre: str
    voice: str
    gender: str
    centre: float
    volume: str
    level_db: float
    over_band_db: float
    is_degraded: bool


@dataclass(frozen=True, slots=True)
class SungClip:
    """A clip with its clean stem, each mono float32 (samples,) at `SAMPLE_RATE`, and what is true of it."""

    order: SungOrder
    mix: Wave
    vocals: Wave
    arrangement: Arrangement
    start_s: float
    volume_db: float
    pitch_hz: float
    tempo_bpm: float

    def classes(self, thresholds: Thresholds) -> dict[str, str]:
        """Names of what is true, by the attribute's name."""
        return {
            "volume": thresholds.volume(self.volume_db),
            "pitch": thresholds.pitch(self.pitch_hz, self.order.gender),
            "singer_gender": self.order.gender,
            "tempo": thresholds.tempo(self.tempo_bpm),
            "mood": self.arrangement.mood,
        }


def plan_clips(clips: int, seed: int, *, degraded: float) -> list[SungOrder]:
    """Every clip of a corpus; genders and volumes take turns, so any run of clips is balanced."""
    return [_plan(number, seed, degraded) for number in range(clips)]


def _plan(number: int, seed: int, degraded: float) -> SungOrder:
    dice = Dice(CORPUS_VERSION, seed, number)
    gender, volume = ("male", "female")[number % 2], LEVELS[number // 2 % len(LEVELS)]
    split = dice.weighted(SPLIT_SHARES)
    singer = dice.pick([one for one in SINGERS[split] if one.gender == gender])
    return SungOrder(
        number=number,
        seed=FIRST_SEED + seed * 1_000_000 + number,
        split=split,
        genre=dice.pick(SUNG_BANDS),
        voice=singer.voice,
        gender=gender,
        centre=dice.between(*CENTRES[gender]),
        volume=volume,
        level_db=dice.between(*VOLUMES_DB[volume]),
        over_band_db=dice.between(*VOICE_OVER_BAND_DB),
        is_degraded=dice.chance(degraded),
    )


def make_sung(order: SungOrder, seconds: float, soundfont: str) -> SungClip:
    """One clip sung, played, mixed and measured."""
    arrangement = arrange_piece(
        find_band(order.genre), order.seed, needed_s=seconds + LONGEST_INTRO_S, sung=True
    )
    player = next(player for player in arrangement.players if player.instrument == VOICE)
    singer = replace(
        player,
        sung=moved(player.sung, order.centre, CENTRES[order.gender]),
        voice=order.voice,
        gender=order.gender,
    )
    start_s = round(max(0.0, min(singer.sung[0].start_s - LEAD_IN_S, LONGEST_INTRO_S)), 3)
    band = tuple(player for player in arrangement.players if player.instrument != VOICE)
    arrangement = replace(arrangement, players=(singer, *band))
    vocals, backing = _stems(arrangement, start_s, seconds, soundfont, order.seed)
    mix, vocals = _mixed(order, vocals, backing, arrangement)
    return SungClip(
        order=order,
        mix=mix,
        vocals=vocals,
        arrangement=arrangement,
        start_s=start_s,
        volume_db=level_db(vocals),
        pitch_hz=mean_pitch_hz(singer, start_s, seconds),
        tempo_bpm=tempo_within(arrangement, start_s, seconds),
    )


def moved(line: Sequence[SungNote], centre: float, within: tuple[float, float]) -> tuple[SungNote, ...]:
    """A melody moved by octaves, so that its mean pitch (MIDI) is near `centre` and `within`."""
    mean = sum(note.pitch for note in line) / len(line)
    able = [12 * octave for octave in range(-5, 6) if within[0] <= mean + 12 * octave <= within[1]]
    shift = min(able, key=lambda one: abs(mean + one - centre))
    return tuple(replace(note, pitch=note.pitch + shift) for note in line)


def mean_pitch_hz(singer: Player, start_s: float, seconds: float) -> float:
    """Mean F0 of the notes within a clip, each weighed with its time in it; what vibrato adds averages out."""
    end_s = start_s + seconds
    weights = np.array(
        [max(0.0, min(note.end_s, end_s) - max(note.start_s, start_s)) for note in singer.sung]
    )
    pitches_hz = 440.0 * 2 ** ((np.array([note.pitch for note in singer.sung]) - 69.0) / 12)
    return float(np.average(pitches_hz, weights=weights))


def _stems(
    arrangement: Arrangement, start_s: float, seconds: float, soundfont: str, seed: int
) -> tuple[Wave, Wave]:
    until_s = start_s + seconds
    stems = record(arrangement, until_s, SAMPLE_RATE, soundfont=soundfont, seed=seed)
    first, length = round(start_s * SAMPLE_RATE), round(seconds * SAMPLE_RATE)
    vocals, backing = np.zeros(length, np.float32), np.zeros(length, np.float32)
    for stem in stems:
        part = stem.waveform[first : first + length]
        target = vocals if stem.player.instrument == VOICE else backing
        target[: len(part)] += part
    return vocals, backing


def _mixed(order: SungOrder, vocals: Wave, backing: Wave, arrangement: Arrangement) -> tuple[Wave, Wave]:
    """Mix and clean stem at the ordered level; where that would clip, both are as loud as they can be."""
    voice = vocals * np.float32(10 ** ((order.level_db - level_db(vocals)) / 20))
    band = backing * np.float32(10 ** ((order.level_db - order.over_band_db - level_db(backing)) / 20))
    clean = voice + band
    mix = clean
    if order.is_degraded:
        worn = degrade(clean[:, None], SAMPLE_RATE, arrangement.sound, seed=order.seed)[:, 0]
        mix = worn * np.float32(10 ** ((level_db(clean) - level_db(worn)) / 20))
    peak = float(np.abs(mix).max())
    scale = np.float32(min(1.0, PEAK / peak))
    return mix * scale, voice * scale
