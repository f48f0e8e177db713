"""The colour of a voice in a word, from how its energy is spread: dark, warm, clear or bright.

The measure is the alpha ratio of phonetics (energy from 1 to 5 kHz over that from 50 Hz to 1 kHz, in dB: Frokjaer-
Jensen and Prytz, 1976); the borders are ours. It says how a voice is coloured here, in this recording and
after this demixing, and no more.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from linernotes.building.singing import Attribute, unsure

Floats = NDArray[np.float32]

WINDOW = 1024
BORDERS_DB = (-14.0, -9.0, -4.0)
WORDS = ("dark", "warm", "clear", "bright")
SOURCE = "alpha-ratio"
SOFTNESS_DB = 1.5
"""At a border both neighbours are as likely; this far from it the nearer one is fairly sure."""


def alpha_ratio_db(vocals: Floats, sample_rate: int) -> float | None:
    """Energy of 1-5 kHz over 50-1000 Hz of a vocal track (samples,), dB; None for silence."""
    if len(vocals) < WINDOW:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(vocals, WINDOW)[:: WINDOW // 2]
    power = (np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2).mean(axis=0)
    bin_hz = np.fft.rfftfreq(WINDOW, 1.0 / sample_rate)
    low = float(power[(bin_hz >= 50) & (bin_hz < 1000)].sum())
    high = float(power[(bin_hz >= 1000) & (bin_hz <= 5000)].sum())
    return 10.0 * math.log10(high / low) if low > 0 and high > 0 else None


def timbre_of(vocals: Floats, sample_rate: int, made_by: str) -> Attribute:
    """The attribute "timbre" of a vocal track that `made_by` took out of the mix."""
    ratio_db = alpha_ratio_db(vocals, sample_rate)
    if ratio_db is None:
        return unsure("timbre", source=SOURCE)
    word = WORDS[sum(ratio_db >= border for border in BORDERS_DB)]
    nearest = min(abs(ratio_db - border) for border in BORDERS_DB)
    confidence = 1.0 / (1.0 + math.exp(-nearest / SOFTNESS_DB))
    return Attribute("timbre", word, round(confidence, 3), f"{SOURCE} of {made_by}", round(ratio_db, 2), "dB")
