"""One piece of a set made: recorded, cut into clips, every clip written whole with its facts and captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from linernotes.clip import Clip
from linernotes.datasets.rendered.clips.arrangement import (
    CLIPS_VERSION,
    Arrangement,
    arrange_piece,
)
from linernotes.datasets.rendered.clips.bands import find_band
from linernotes.datasets.rendered.clips.orchestra import VOICE
from linernotes.datasets.rendered.clips.scores import UnusableScoreError, arrange_score
from linernotes.datasets.rendered.clips.settings import PieceOrder, RenderSettings
from linernotes.datasets.rendered.clips.stems import Heard, Stem, heard_in, mix, record
from linernotes.datasets.rendered.clips.truth import SOURCE, clip_facts, clip_tags
from linernotes.datasets.rendered.clips.wording import clip_captions
from linernotes.datasets.rendered.degrade import degrade, normalise
from linernotes.datasets.rendered.dice import Dice
from linernotes.manifest import whole_file

MOST_INSTRUMENTS = 4
"""So that a caption of two sentences can name them all; a singer comes on top."""
PLAYS = {"melody": 0.85, "comping": 0.85, "pad": 0.8, "bass": 0.7, "drums": 0.65}
"""How likely a player who could play takes part in a clip."""
ROOM_S = 1.5
"""Music beyond the clips, so that they start at drawn places."""
MUSIC = "Apache-2.0 (music by linernotes)"
SCORE = "public domain (a work whose composer died over a century ago; encoding: music21's corpus)"
SOUNDFONTS = {
    "82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1": "GPL-2.0 (TimGM6mb.sf2)",
    "c5378b62028c920cb11e4803327983fee2f2cdff5dc89c708e39da417e51c854": "GPL-2.0 (TimGM6mb.sf2)",
}
"""Licences of soundfonts by SHA-256, as Debian's copyright file of timgm6mb-soundfont tells."""


def licence_of(settings: RenderSettings, *, is_score: bool) -> str:
    """What a clip is licensed under: its music, and the sounds that play it."""
    sounds = SOUNDFONTS.get(settings.soundfont_sha256, "as its file says")
    return f"music: {SCORE if is_score else MUSIC}; soundfont: {sounds}"


@dataclass(frozen=True, slots=True)
class MadeClip:
    """A clip with its samples, mono float32 (samples,)."""

    clip: Clip
    waveform: NDArray[np.float32]


def audio_path(number: int, format_: str) -> str:
    """Where a clip lies under the set's folder: a thousand to a folder."""
    return f"audio/{number // 1000:03d}/{number:06d}.{format_}"


def make_clips(order: PieceOrder, settings: RenderSettings, soundfont: str) -> list[MadeClip]:
    """All clips of one piece."""
    needed_s = len(order.clips) * settings.seconds + ROOM_S
    arrangement = _arrange(order, needed_s)
    stems = record(arrangement, needed_s, settings.sample_rate, soundfont=soundfont, seed=order.seed)
    dice = Dice(CLIPS_VERSION, order.seed, "clips")
    starts = sorted(dice.between(0.0, ROOM_S) for _ in order.clips)
    is_degraded = dice.chance(settings.degrade)
    made: list[MadeClip] = []
    for place, number in enumerate(order.clips):
        start_s = round(starts[place] + place * settings.seconds, 3)
        playing = choose(
            arrangement, stems, start_s, settings, Dice(CLIPS_VERSION, settings.seed, "clip", number)
        )
        waveform = mix([stem for stem, _ in playing], start_s, settings.seconds, settings.sample_rate)
        if is_degraded:
            waveform = degrade(waveform[:, None], settings.sample_rate, arrangement.sound, seed=number)[:, 0]
        else:
            waveform = normalise(waveform, arrangement.sound.gain_db)
        heard = [one for _, one in playing]
        made.append(MadeClip(_clip(order, number, arrangement, heard, start_s, settings), waveform))
    return made


def _arrange(order: PieceOrder, needed_s: float) -> Arrangement:
    """The ordered piece; a score that does not serve gives way to a band."""
    if order.work:
        try:
            return arrange_score(order.work, order.seed, needed_s=needed_s)
        except UnusableScoreError:
            pass
    return arrange_piece(find_band(order.band), order.seed, needed_s=needed_s, sung=order.is_sung)


def choose(
    arrangement: Arrangement, stems: Sequence[Stem], start_s: float, settings: RenderSettings, dice: Dice
) -> list[tuple[Stem, Heard]]:
    """Who plays in a clip: of those who sound in it some rest, by dice; somebody with pitch always plays."""
    able = [
        (stem, heard)
        for stem in stems
        if (heard := heard_in(stem, start_s, settings.seconds, settings.sample_rate))
    ]
    keep = [
        arrangement.is_whole or one.player.instrument == VOICE or dice.chance(PLAYS[one.player.role])
        for _, one in able
    ]
    playing = [item for item, kept in zip(able, keep, strict=True) if kept]
    if not any(one.player.role in ("melody", "comping", "pad") for _, one in playing):
        playing = able
    while len({one.player.instrument for _, one in playing} - {VOICE}) > MOST_INSTRUMENTS:
        out = dice.pick([one.player.instrument for _, one in playing if one.player.role != "melody"])
        playing = [item for item in playing if item[1].player.instrument != out]
    return playing


def _clip(
    order: PieceOrder,
    number: int,
    arrangement: Arrangement,
    heard: Sequence[Heard],
    start_s: float,
    settings: RenderSettings,
) -> Clip:
    facts = clip_facts(arrangement, heard, start_s, settings.seconds)
    extra: dict[str, int | float | str] = {
        "piece": order.number,
        "piece_seed": order.seed,
        "piece_start_s": start_s,
    }
    if arrangement.title:
        extra["score"] = arrangement.title
    return Clip(
        clip_id=f"rendered-{settings.seed}-{number:06d}",
        audio_path=audio_path(number, settings.format),
        start_s=0.0,
        end_s=settings.seconds,
        captions=clip_captions(facts, settings.seed * 1_000_003 + number),
        tags=clip_tags(facts),
        facts=facts,
        artist_id=order.family,
        split=order.split,
        source=SOURCE,
        licence=licence_of(settings, is_score=bool(arrangement.title)),
        extra=extra,
    )


def write_clip(made: MadeClip, folder: Path, settings: RenderSettings) -> int:
    """Write a clip's audio whole or not at all; returns its size in bytes."""
    path = folder / made.clip.audio_path
    with whole_file(path) as file:
        kind = {"flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"), "wav": ("WAV", "PCM_16")}[
            settings.format
        ]
        soundfile.write(file, made.waveform, settings.sample_rate, format=kind[0], subtype=kind[1])
    return path.stat().st_size
