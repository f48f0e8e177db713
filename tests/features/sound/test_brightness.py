"""The spectral centroid of sounds whose centroid is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linernotes.features.frames import Frames
from linernotes.features.sound.brightness import SAMPLE_RATE, BrightnessListener, estimate_brightness

T = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE


def heard(waveform: NDArray[np.float64]) -> Frames:
    listener = BrightnessListener()
    for piece in np.array_split(waveform.astype(np.float32), 5):
        listener.push(piece)
    return Frames(0.0, len(waveform) / SAMPLE_RATE, listener.finish())


@pytest.mark.parametrize("hz", [440.0, 2000.0, 6000.0])
def test_a_sine_is_as_bright_as_its_frequency(hz: float) -> None:
    (fact,) = estimate_brightness(heard(0.3 * np.sin(2 * np.pi * hz * T)))
    assert fact.value == pytest.approx(hz, rel=0.05)


def test_white_noise_is_centred_at_half_the_band() -> None:
    (fact,) = estimate_brightness(heard(0.1 * np.random.default_rng(0).standard_normal(len(T))))
    assert fact.value == pytest.approx(SAMPLE_RATE / 4, rel=0.02)


def test_level_does_not_matter() -> None:
    tone = np.sin(2 * np.pi * 1000 * T)
    loud, quiet = (estimate_brightness(heard(gain * tone))[0].value for gain in (0.5, 0.005))
    assert loud == quiet


def test_pauses_do_not_count() -> None:
    tone = np.sin(2 * np.pi * 1000 * T) * (T < 2)
    (fact,) = estimate_brightness(heard(tone))
    assert fact.value == pytest.approx(1000, rel=0.15)


def test_ten_frames_a_second_centred() -> None:
    series = heard(np.sin(2 * np.pi * np.where(T < 2, 500, 4000) * T))["brightness"]
    assert series.rate_hz == 10.0
    assert series.between(0.5, 1.5).values == pytest.approx(500, rel=0.1)
    assert series.between(2.5, 3.5).values == pytest.approx(4000, rel=0.1)


def test_silence_has_no_brightness() -> None:
    assert estimate_brightness(heard(np.zeros(SAMPLE_RATE))) == []
