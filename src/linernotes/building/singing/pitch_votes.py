"""The pitch of a voice over time, by five trackers that vote.

WORLD, SwiftF0 (Nieradzik, 2025) and the most salient melody hear the voice that was taken out of the mix; the last
two hear the mix as well, where nothing of the voice is lost. They fail in different ways: into other parts, the
bass, an octave, or silence. Of all paths through the pitches the one is taken that most votes speak for, less the
price of its steps, and what only one tracker hears is not kept. A melody is found in silence as well: alone it
counts only where it goes on with a note that another tracker heard.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.building.singing.best_path import best_path
from linernotes.building.singing.melody import HOP, leading_melody
from linernotes.registry import need_extra

Hertz = NDArray[np.float64]

SAMPLE_RATE = 16_000
FRAME_MS = 10.0
LOWEST_HZ, HIGHEST_HZ = 70.0, 900.0
"""F0 that is looked for, whoever sings: a range chosen by a gender that is wrong would be wrong by an octave."""
SURE_FROM = 0.3
"""How sure SwiftF0 must be of a frame to have a vote."""
PITCHES = np.arange(36.0, 84.0, 0.5)
"""MIDI pitches that are voted on; a vote counts in full a quarter of a semitone around, and ends at `REACH`."""
REACH = 1.25
STEP_PENALTY, HIGHEST_PENALTY = 0.15, 1.5
"""Price of a semitone between two frames in votes, and the most a step costs."""
FEWEST_VOTES = 2
SAME_NOTE, LONGEST_GAP_S = 1.0, 0.3
"""Semitones and seconds that a melody alone may be away from what another tracker heard."""
EXTRA = "singing"
METHODS = ("dio", "harvest")
"""Of WORLD, to track F0."""


def sung_pitch(voice: Audio, mix: Audio, *, method: str = "dio") -> Hertz:
    """F0 every `FRAME_MS`, (frames,), 0 where fewer than `FEWEST_VOTES` agree; voice and mix begin together.

    `method` is "dio" (quick) or "harvest" (surer, some ten times slower), both refined by StoneMask
    (Morise et al., 2016).

    Raises:
        RenderError: pyworld is not installed.
        MissingExtraError: swift-f0 is not installed.
    """
    if method not in METHODS:
        raise ValueError(f"pitch is tracked by dio or harvest, not {method!r}")
    alone, all_of_it = voice.at_rate(SAMPLE_RATE), mix.at_rate(SAMPLE_RATE)
    if not len(alone) or not len(all_of_it):
        return np.zeros(0)
    by_world = _world(alone, method)
    at_s = np.arange(len(by_world)) * FRAME_MS / 1000
    hearing, following = (
        [track(samples, at_s) for samples in (alone, all_of_it)] for track in (_swift, _melody)
    )
    pitch_hz = voted([by_world, *hearing, *following])
    confirmed = (pitch_hz > 0) & np.any([_near(pitch_hz, one, REACH) for one in (by_world, *hearing)], axis=0)
    return np.where(confirmed | _continues(pitch_hz, confirmed), pitch_hz, 0.0)


def voted(tracks: list[Hertz]) -> Hertz:
    """The pitch that most of several tracks (frames,) agree on; 0 is no pitch."""
    heard = np.stack(tracks)
    pitches = 69.0 + 12.0 * np.log2(np.maximum(heard, 1.0) / 440.0)
    votes = np.zeros((heard.shape[1], len(PITCHES)), np.float32)
    for track, sounding in zip(pitches, heard > 0, strict=True):
        away = np.abs(PITCHES[None] - track[sounding, None])
        votes[sounding] += np.clip(REACH - away, 0.0, 1.0).astype(np.float32)
    steps = np.minimum(STEP_PENALTY * np.abs(PITCHES[:, None] - PITCHES[None]), HIGHEST_PENALTY)
    path = PITCHES[best_path(votes, steps.astype(np.float32))]
    agree = (heard > 0) & (np.abs(pitches - path[None]) < REACH)
    count = agree.sum(axis=0)
    mean = np.where(agree, pitches, 0.0).sum(axis=0) / np.maximum(count, 1)
    kept: Hertz = np.where(count >= FEWEST_VOTES, 440.0 * 2 ** ((mean - 69.0) / 12.0), 0.0)
    return kept


def _near(pitch_hz: Hertz, track: Hertz, semitones: float) -> NDArray[np.bool_]:
    """Where two tracks (frames,) sound less than `semitones` apart."""
    apart: Hertz = 12.0 * np.abs(np.log2(np.maximum(pitch_hz, 1.0) / np.maximum(track, 1.0)))
    return apart < semitones


def _continues(pitch_hz: Hertz, confirmed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which frames lie in pitch and time near the last or the next one that is `confirmed`, (frames,)."""
    sure = np.flatnonzero(confirmed)
    if not len(sure):
        return np.zeros(len(pitch_hz), np.bool_)
    frames, after = np.arange(len(pitch_hz)), np.searchsorted(sure, np.arange(len(pitch_hz)))
    found = np.zeros(len(pitch_hz), np.bool_)
    for nearest in (sure[np.maximum(after - 1, 0)], sure[np.minimum(after, len(sure) - 1)]):
        is_close = np.abs(frames - nearest) * FRAME_MS / 1000 <= LONGEST_GAP_S
        found |= is_close & _near(pitch_hz, pitch_hz[nearest], SAME_NOTE)
    return found


def _world(samples: NDArray[np.float32], method: str) -> Hertz:
    from linernotes.datasets.rendered.singing import load_world

    world, exact = load_world(), np.ascontiguousarray(samples, np.float64)
    rough, times_s = getattr(world, method)(
        exact, SAMPLE_RATE, f0_floor=LOWEST_HZ, f0_ceil=HIGHEST_HZ, frame_period=FRAME_MS
    )
    pitch_hz: Hertz = world.stonemask(exact, rough, times_s, SAMPLE_RATE)
    return pitch_hz


def _swift(samples: NDArray[np.float32], at_s: Hertz) -> Hertz:
    """SwiftF0's pitch at some times, (frames,)."""
    found = _swift_f0().detect(samples, SAMPLE_RATE)
    if not len(found.timestamps):
        return np.zeros(len(at_s))
    pitch_hz = np.where(found.confidence > SURE_FROM, found.pitch_hz, 0.0)
    nearest = np.searchsorted((found.timestamps[1:] + found.timestamps[:-1]) / 2, at_s)
    return np.asarray(pitch_hz[nearest], np.float64)


def _melody(samples: NDArray[np.float32], at_s: Hertz) -> Hertz:
    """The leading melody at some times, (frames,)."""
    pitches = leading_melody(samples).astype(np.float64)
    nearest = np.round(at_s * SAMPLE_RATE / HOP).astype(int)
    return np.asarray(440.0 * 2 ** ((pitches[np.minimum(nearest, len(pitches) - 1)] - 69.0) / 12.0))


@lru_cache(maxsize=1)
def _swift_f0() -> Any:
    return need_extra("swift_f0", EXTRA).SwiftF0(threads=1, spin=False)
