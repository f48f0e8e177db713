"""Every player recorded alone, then mixed to set levels, so that what a clip's facts name can be heard in it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from linernotes.datasets.rendered.clips.arrangement import Arrangement, Player, volume_of
from linernotes.datasets.rendered.clips.orchestra import VOICE
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.lyrics import SUNG_LINES
from linernotes.datasets.rendered.midi import write_midi
from linernotes.datasets.rendered.performance import DRUM_CHANNEL, Performance
from linernotes.datasets.rendered.render import SAMPLE_RATE, RenderError, read_soundfont
from linernotes.datasets.rendered.singing import sing

FRAME_S = 0.2
SOUNDING_DB = -30.0
"""A frame sounds when it is at most this far below the player's loud frames."""
SHARE_HEARD = 0.2
"""Part of a clip in which a player must sound; one who sounds less is left out of the clip and of its facts."""
LEVELS_DB = {"melody": 0.0, "comping": -4.0, "pad": -6.0, "bass": -3.0, "drums": -4.0}
LEVEL_SPREAD_DB = 2.0
LONGEST_TAIL_S = 1.0
LINES_A_SINGER = 3
Wave = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stem:
    """A player's own recording, mono float32 (samples,), at the level it has in the mix."""

    player: Player
    waveform: Wave


@dataclass(frozen=True, slots=True)
class Heard:
    """A player that sounds within a clip, from `start_s` to `end_s` of the clip."""

    player: Player
    start_s: float
    end_s: float


def record(
    arrangement: Arrangement, until_s: float, sample_rate: int, *, soundfont: str, seed: int
) -> list[Stem]:
    """Stems of all players from 0 to `until_s`; players who stay silent have none."""
    dice = Dice("stems", seed)
    stems: list[Stem] = []
    for player in arrangement.players:
        spread_db = dice.between(-LEVEL_SPREAD_DB, LEVEL_SPREAD_DB)
        waveform = (
            _sung(player, until_s, sample_rate, seed)
            if player.instrument == VOICE
            else _played(player, arrangement.tuning_cents, until_s, sample_rate, soundfont)
        )
        level = loud_level(waveform, sample_rate)
        if level > 0.0:
            gain = 10 ** ((LEVELS_DB[player.role] + spread_db) / 20) / level
            stems.append(Stem(player, waveform * np.float32(gain)))
    return stems


def _played(player: Player, cents: float, until_s: float, sample_rate: int, soundfont: str) -> Wave:
    try:
        import midirenderer
    except ImportError as missing:
        raise RenderError("rendering needs midirenderer: pip install 'linernotes[render]'") from missing
    channel = DRUM_CHANNEL if player.role == "drums" else 0
    notes = tuple(
        replace(note, channel=channel, end_s=min(note.end_s, until_s))
        for note in player.notes
        if note.start_s < until_s
    )
    performance = Performance(notes, {channel: player.program}, {channel: volume_of(player.role)})
    midi = write_midi(performance, cents, until_s)
    wave = midirenderer.render_wave_from(read_soundfont(Path(soundfont)), midi)
    stereo, rate = soundfile.read(io.BytesIO(wave), dtype="float32", always_2d=True)
    return _cut(soxr.resample(stereo.mean(axis=1), rate, sample_rate), until_s, sample_rate)


def _sung(player: Player, until_s: float, sample_rate: int, seed: int) -> Wave:
    notes = [note for note in player.sung if note.end_s < until_s + LONGEST_TAIL_S]
    if not notes:
        return np.zeros(round(until_s * sample_rate), np.float32)
    # Every singer has lines of their own: a word is analysed once a voice and process, so few words are quick.
    first = Dice("words", player.voice).whole(0, len(SUNG_LINES) - LINES_A_SINGER)
    text = " ".join(SUNG_LINES[first : first + LINES_A_SINGER])
    return _cut(
        soxr.resample(sing(notes, text, player.voice, seed=seed), SAMPLE_RATE, sample_rate),
        until_s,
        sample_rate,
    )


def _cut(waveform: Wave, until_s: float, sample_rate: int) -> Wave:
    whole = np.zeros(round(until_s * sample_rate), np.float32)
    whole[: len(waveform)] = waveform[: len(whole)]
    return whole


def frame_levels(waveform: Wave, sample_rate: int) -> NDArray[np.float64]:
    """RMS of every whole frame of `FRAME_S`, shape (frames,)."""
    length = round(FRAME_S * sample_rate)
    frames = waveform[: len(waveform) // length * length].reshape(-1, length).astype(np.float64)
    return np.asarray(np.sqrt((frames**2).mean(axis=1)))


def loud_level(waveform: Wave, sample_rate: int) -> float:
    """RMS of a player where it plays: the mean power of frames within 20 dB of the loudest; 0 for silence."""
    levels = frame_levels(waveform, sample_rate)
    peak = float(levels.max(initial=0.0))
    return float(np.sqrt((levels[levels > 0.1 * peak] ** 2).mean())) if peak > 1e-6 else 0.0


def heard_in(stem: Stem, start_s: float, seconds: float, sample_rate: int) -> Heard | None:
    """Where a stem sounds within a clip; None if it does too little to be called heard."""
    level = loud_level(stem.waveform, sample_rate)
    first = round(start_s * sample_rate)
    levels = frame_levels(stem.waveform[first : first + round(seconds * sample_rate)], sample_rate)
    sounding = np.flatnonzero(levels > level * 10 ** (SOUNDING_DB / 20))
    if len(sounding) < max(1.0, SHARE_HEARD * len(levels)):
        return None
    end_s = min(seconds, round((int(sounding[-1]) + 1) * FRAME_S, 2))
    return Heard(stem.player, round(int(sounding[0]) * FRAME_S, 2), end_s)


def mix(stems: Sequence[Stem], start_s: float, seconds: float, sample_rate: int) -> Wave:
    """The sum of some stems over one clip, mono (samples,), peak 1."""
    first, length = round(start_s * sample_rate), round(seconds * sample_rate)
    total = np.zeros(length, np.float32)
    for stem in stems:
        part = stem.waveform[first : first + length]
        total[: len(part)] += part
    peak = float(np.abs(total).max(initial=0.0))
    return total / np.float32(peak) if peak > 0 else total
