"""The samples of a recording at the rate that a method wants."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from linernotes.audio import Audio


def at_rate(audio: Audio, sample_rate: int) -> NDArray[np.float32]:
    """The samples of a recording at another rate, (samples,)."""
    if audio.sample_rate == sample_rate:
        return audio.waveform
    return np.asarray(soxr.resample(audio.waveform, audio.sample_rate, sample_rate, quality="HQ"), np.float32)
