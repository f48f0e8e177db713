"""How high a voice lies, alone and over chords."""

from __future__ import annotations

import numpy as np
import pytest
from voices import MELODY, chords, sung_vowels

from linernotes.features.voice.voice_pitch import voice_pitch


@pytest.mark.parametrize("lowest", [50, 57, 64, 70])
@pytest.mark.parametrize("over_chords", [False, True])
def test_the_mean_pitch_of_sung_vowels_is_heard(lowest: int, over_chords: bool) -> None:
    waveform = sung_vowels(lowest, 4) + (chords(4) if over_chords else 0)
    expected = lowest + float(np.mean(MELODY))
    assert voice_pitch(waveform.astype(np.float32)) == pytest.approx(
        expected, abs=2.5 if over_chords else 1.0
    )


def test_silence_has_some_pitch_and_no_warning() -> None:
    assert 45 <= voice_pitch(np.zeros(16_000, np.float32)) < 82
