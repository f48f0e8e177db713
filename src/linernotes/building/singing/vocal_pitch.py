"""How high a voice sings on average: mean F0 of the voiced frames, by WORLD.

A stand-in's voice has frames in which it follows another part. There a second tracker is asked that knows nothing
of the stand-in: SwiftF0 (Nieradzik, 2025), a small network, on the mix itself. Only frames count in which both say
the same; they fail in different ways, so what they agree on is nearly always the singer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.registry import need_extra

Floats = NDArray[np.float32]

FRAME_MS = 10.0
LOWEST_HZ, HIGHEST_HZ = 70.0, 900.0
"""F0 that is looked for, whoever sings: a range chosen by a gender that is wrong would be wrong by an octave."""
LEAST_VOICED_S = 0.5
LEVEL_BELOW_LOUD_DB = 25.0
"""Frames this much quieter than the loud ones are not the singer."""
AGREE_SEMITONES, SURE_FROM = 0.8, 0.3
"""How near the two trackers must be, and how sure the second; both chosen on seeds 98 and 99 of the corpus."""
FARTHEST_SEMITONES = 12.0
"""What lies farther from the median of what they agree on is another part."""
EXTRA = "singing"
METHODS = ("dio", "harvest")
"""Of WORLD, to track F0."""


@dataclass(frozen=True, slots=True)
class MeanPitch:
    """Mean F0 in Hz over `voiced_s` seconds of voiced frames, `share` of the whole; by `source`."""

    mean_hz: float
    voiced_s: float
    share: float
    source: str


def mean_pitch(
    vocals: Floats, sample_rate: int, *, method: str = "dio", mix: Audio | None = None
) -> MeanPitch | None:
    """Mean F0 of a vocal track (samples,); None where less than half a second of it is voiced.

    `method` is "dio" (quick) or "harvest" (surer, some ten times slower), both refined by StoneMask
    (Morise et al., 2016). With the `mix` that a stand-in took the voice from, only frames count in which the
    second tracker hears the same there.

    Raises:
        RenderError: pyworld is not installed.
        MissingExtraError: swift-f0 is not installed, and there is a mix.
    """
    if method not in METHODS:
        raise ValueError(f"pitch is tracked by dio or harvest, not {method!r}")
    world = _world()
    samples = np.ascontiguousarray(vocals, np.float64)
    track = getattr(world, method)
    rough, times_s = track(
        samples, sample_rate, f0_floor=LOWEST_HZ, f0_ceil=HIGHEST_HZ, frame_period=FRAME_MS
    )
    pitch_hz = world.stonemask(samples, rough, times_s, sample_rate)
    counted = (pitch_hz > 0) & _loud(samples, sample_rate, len(pitch_hz))
    source = f"world-{method}+stonemask"
    if mix is not None:
        counted &= _agreed(pitch_hz, mix)
        source += "+swift-f0"
    heard = pitch_hz[counted]
    if mix is not None and len(heard):
        heard = heard[12 * np.abs(np.log2(heard / np.median(heard))) <= FARTHEST_SEMITONES]
    voiced_s = len(heard) * FRAME_MS / 1000
    if voiced_s < LEAST_VOICED_S:
        return None
    return MeanPitch(float(heard.mean()), voiced_s, len(heard) / len(pitch_hz), source)


def _world() -> Any:
    from linernotes.datasets.rendered.singing import load_world

    return load_world()


def _agreed(pitch_hz: NDArray[np.float64], mix: Audio) -> NDArray[np.bool_]:
    """Which frames of `FRAME_MS` sound at the same pitch (frames,) to the second tracker in the mix."""
    found = _second_tracker().detect(mix.waveform, mix.sample_rate)
    if not len(found.timestamps):
        return np.zeros(len(pitch_hz), np.bool_)
    at_s = np.arange(len(pitch_hz)) * FRAME_MS / 1000
    nearest = np.searchsorted((found.timestamps[1:] + found.timestamps[:-1]) / 2, at_s)
    apart = 12 * np.abs(np.log2(np.maximum(pitch_hz, 1.0) / np.maximum(found.pitch_hz[nearest], 1.0)))
    agreed: NDArray[np.bool_] = (apart < AGREE_SEMITONES) & (found.confidence[nearest] > SURE_FROM)
    return agreed


@lru_cache(maxsize=1)
def _second_tracker() -> Any:
    return need_extra("swift_f0", EXTRA).SwiftF0(threads=1, spin=False)


def _loud(samples: NDArray[np.float64], sample_rate: int, frames: int) -> NDArray[np.bool_]:
    """Which frames of `FRAME_MS` are loud enough to be the singer, (frames,)."""
    length = round(FRAME_MS / 1000 * sample_rate)
    padded = np.zeros(frames * length)
    padded[: len(samples)] = samples[: len(padded)]
    levels = np.sqrt((padded.reshape(frames, length) ** 2).mean(axis=1))
    loud: NDArray[np.bool_] = levels > np.percentile(levels, 90) * 10 ** (-LEVEL_BELOW_LOUD_DB / 20)
    return loud
