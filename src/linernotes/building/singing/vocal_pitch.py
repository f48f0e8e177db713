"""How high a voice sings on average: mean F0 of its voiced frames (`pitch_votes`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.building.singing.pitch_votes import FRAME_MS, Hertz, sung_pitch

LEAST_VOICED_S = 0.5
LEVEL_BELOW_LOUD_DB = 25.0
"""Frames this much quieter than the loud ones are not the singer."""
FARTHEST_SEMITONES = 12.0
"""What lies farther from the median is another part."""
SOURCE = "world-{method}+swift-f0+melody"


@dataclass(frozen=True, slots=True)
class MeanPitch:
    """Mean F0 in Hz over `voiced_s` seconds of voiced frames, `share` of the whole; by `source`."""

    mean_hz: float
    voiced_s: float
    share: float
    source: str


def voiced_pitch(voice: Audio, mix: Audio, *, method: str = "dio") -> Hertz:
    """F0 of a voice, taken out of `mix`, every `FRAME_MS`, (frames,); 0 where the singer is not heard for certain.

    Raises:
        RenderError: pyworld is not installed.
        MissingExtraError: swift-f0 is not installed.
    """
    pitch_hz = sung_pitch(voice, mix, method=method)
    if not pitch_hz.any():
        return pitch_hz
    heard = (pitch_hz > 0) & _loud(voice, len(pitch_hz))
    if heard.any():
        middle_hz = np.median(pitch_hz[heard])
        heard &= np.abs(12 * np.log2(np.maximum(pitch_hz, 1.0) / middle_hz)) <= FARTHEST_SEMITONES
    return np.where(heard, pitch_hz, 0.0)


def mean_pitch(pitch_hz: Hertz, *, method: str = "dio") -> MeanPitch | None:
    """The mean of a voice's F0 (frames,), found by `method`; None where less than half a second is voiced."""
    heard = pitch_hz[pitch_hz > 0]
    voiced_s = len(heard) * FRAME_MS / 1000
    if voiced_s < LEAST_VOICED_S:
        return None
    return MeanPitch(float(heard.mean()), voiced_s, len(heard) / len(pitch_hz), SOURCE.format(method=method))


def _loud(voice: Audio, frames: int) -> NDArray[np.bool_]:
    """Which frames of `FRAME_MS` are loud enough to be the singer, (frames,)."""
    length = round(FRAME_MS / 1000 * voice.sample_rate)
    padded = np.zeros(frames * length)
    padded[: len(voice.waveform)] = voice.waveform[: len(padded)]
    levels = np.sqrt((padded.reshape(frames, length) ** 2).mean(axis=1))
    loud: NDArray[np.bool_] = levels > np.percentile(levels, 90) * 10 ** (-LEVEL_BELOW_LOUD_DB / 20)
    return loud
