"""How high a voice sings on average: mean F0 of the voiced frames, by WORLD where it is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FRAME_MS = 10.0
RANGES_HZ = {"male": (70.0, 400.0), "female": (140.0, 900.0), "": (70.0, 900.0)}
"""F0 that is looked for, by who sings; "" where that is not known."""
LEAST_VOICED_S = 0.5
LEVEL_BELOW_LOUD_DB = 25.0
"""Frames this much quieter than the loud ones are not the singer."""


@dataclass(frozen=True, slots=True)
class MeanPitch:
    """Mean F0 in Hz over `voiced_s` seconds of voiced frames, `share` of the whole; by `source`."""

    mean_hz: float
    voiced_s: float
    share: float
    source: str


def mean_pitch(
    vocals: Floats, sample_rate: int, *, method: str = "dio", gender: str = ""
) -> MeanPitch | None:
    """Mean F0 of a vocal track (samples,); None where less than half a second of it is voiced.

    `method` is "dio" (quick) or "harvest" (surer, some ten times slower), both refined by StoneMask
    (Morise et al., 2016).

    Raises:
        RenderError: pyworld is not installed.
    """
    if method not in ("dio", "harvest"):
        raise ValueError(f"pitch is tracked by dio or harvest, not {method!r}")
    world = _world()
    samples = np.ascontiguousarray(vocals, np.float64)
    track = getattr(world, method)
    low_hz, high_hz = RANGES_HZ.get(gender, RANGES_HZ[""])
    rough, times_s = track(samples, sample_rate, f0_floor=low_hz, f0_ceil=high_hz, frame_period=FRAME_MS)
    pitch_hz = world.stonemask(samples, rough, times_s, sample_rate)
    heard = pitch_hz[(pitch_hz > 0) & _loud(samples, sample_rate, len(pitch_hz))]
    voiced_s = len(heard) * FRAME_MS / 1000
    if voiced_s < LEAST_VOICED_S:
        return None
    return MeanPitch(float(heard.mean()), voiced_s, len(heard) / len(pitch_hz), f"world-{method}+stonemask")


def _world() -> Any:
    from linernotes.datasets.rendered.singing import load_world

    return load_world()


def _loud(samples: NDArray[np.float64], sample_rate: int, frames: int) -> NDArray[np.bool_]:
    """Which frames of `FRAME_MS` are loud enough to be the singer, (frames,)."""
    length = round(FRAME_MS / 1000 * sample_rate)
    padded = np.zeros(frames * length)
    padded[: len(samples)] = samples[: len(padded)]
    levels = np.sqrt((padded.reshape(frames, length) ** 2).mean(axis=1))
    loud: NDArray[np.bool_] = levels > np.percentile(levels, 90) * 10 ** (-LEVEL_BELOW_LOUD_DB / 20)
    return loud
