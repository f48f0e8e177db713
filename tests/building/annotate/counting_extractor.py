"""An extractor for tests: the pitch of a tone is a key, and every clip it hears is counted in a file.

LISTENED names that file; SLOW_S is how long a clip takes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import numpy as np

from linernotes.audio import Audio
from linernotes.clip import Fact
from linernotes.datasets.feature_classes import PITCHES


class ToneKeys:
    """States the key of a pure tone, surely, and that it is no trumpet; fails on tones above 2 kHz."""

    sample_rate: int | None = 8000
    version = "1"

    def __call__(self, audio: Audio) -> Sequence[Fact]:
        assert audio.sample_rate == self.sample_rate
        tone_hz = peak_hz(audio)
        if log := os.environ.get("LISTENED"):
            with open(log, "a") as file:
                file.write(f"{tone_hz:.0f} {audio.duration_s:.2f}\n")
        time.sleep(float(os.environ.get("SLOW_S", "0")))
        if tone_hz > 2000:
            raise RuntimeError("too shrill")
        pitch = PITCHES[round(12 * np.log2(tone_hz / 440.0) + 69) % 12]
        return [
            Fact("key", "key", f"{pitch} major", "", 0.96, "tone", 0.0, audio.duration_s),
            Fact("no trumpet", "instrument", "trumpet", "", 0.01, "tone", 0.0, audio.duration_s),
        ]


class Unlucky(ToneKeys):
    """States what is no fact."""

    version = "2"

    def __call__(self, audio: Audio) -> Sequence[Fact]:
        return [Fact("key", "key", "C major", "", float("nan"), "tone", 0.0, 1.0)]


class Forgetful:
    """Has no version."""

    sample_rate = None

    def __call__(self, audio: Audio) -> Sequence[Fact]:
        return []


def peak_hz(audio: Audio) -> float:
    """The strongest frequency."""
    spectrum = np.abs(np.fft.rfft(audio.waveform * np.hanning(len(audio.waveform))))
    return float(np.argmax(spectrum[1:]) + 1) * audio.sample_rate / len(audio.waveform)
