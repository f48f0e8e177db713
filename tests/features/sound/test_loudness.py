"""Loudness against the signals by which BS.1770, EBU Tech 3341 and Tech 3342 say a meter is to be checked."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linernotes.features.frames import Frames
from linernotes.features.sound.loudness import (
    SAMPLE_RATE,
    LoudnessListener,
    dynamics_of,
    estimate_loudness,
    k_weighting,
)


def sine(seconds: float, level_db: float, hz: float = 997.0) -> NDArray[np.float32]:
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def heard(waveform: NDArray[np.float32], block: int = 20000) -> Frames:
    listener = LoudnessListener()
    for start in range(0, len(waveform), block):
        listener.push(waveform[start : start + block])
    return Frames(0.0, len(waveform) / SAMPLE_RATE, listener.finish())


def facts(waveform: NDArray[np.float32]) -> dict[str, object]:
    return {fact.name: fact.value for fact in estimate_loudness(heard(waveform))}


def test_coefficients_at_48_khz_are_those_of_the_recommendation() -> None:
    shelf, high_pass = k_weighting(48000)
    np.testing.assert_allclose(
        shelf, [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585]
    )
    np.testing.assert_allclose(high_pass, [1, -2, 1, 1, -1.99004745483398, 0.99007225036621])


def test_full_scale_sine_in_one_channel_is_minus_3_01_lufs() -> None:
    assert facts(sine(10, 0.0))["loudness"] == pytest.approx(-3.01, abs=0.06)


@pytest.mark.parametrize("level_db", [-23.0, -33.0, -50.0])
def test_loudness_follows_level(level_db: float) -> None:
    assert facts(sine(10, level_db))["loudness"] == pytest.approx(level_db - 3.01, abs=0.06)


def test_gate_ignores_what_is_10_lu_quieter() -> None:
    """Tech 3341, case 3: 10 s at -36, 60 s at -23, 10 s at -36 dBFS read as the middle alone."""
    parts = [sine(10, -36.0), sine(60, -23.0), sine(10, -36.0)]
    assert facts(np.concatenate(parts))["loudness"] == pytest.approx(-26.01, abs=0.1)


@pytest.mark.parametrize(
    ("levels_db", "range_lu"), [((-20.0, -30.0), 10.0), ((-20.0, -15.0), 5.0), ((-40.0, -20.0), 20.0)]
)
def test_loudness_range_of_two_levels(levels_db: tuple[float, float], range_lu: float) -> None:
    """Tech 3342, cases 1 to 3: 20 s at either level."""
    waveform = np.concatenate([sine(20, level) for level in levels_db])
    assert facts(waveform)["loudness_range"] == pytest.approx(range_lu, abs=1.0)


def test_momentary_loudness_is_centred_on_its_400_ms() -> None:
    waveform = np.concatenate([np.zeros(2 * SAMPLE_RATE, np.float32), sine(2, -20.0)])
    series = heard(waveform)["loudness"]
    steepest = series.times_s[np.argmin(np.abs(series.values - (-23.01 - 3.01)))]
    assert steepest == pytest.approx(2.0, abs=0.06)


def test_blocks_do_not_matter() -> None:
    waveform = sine(3, -20.0, 300.0)
    whole, pieces = heard(waveform, len(waveform))["loudness"], heard(waveform, 777)["loudness"]
    np.testing.assert_allclose(whole.values, pieces.values, atol=1e-4)


def test_silence_has_no_loudness() -> None:
    assert facts(np.zeros(SAMPLE_RATE, np.float32)) == {}


def test_a_twentieth_of_a_second_is_enough_for_loudness_alone() -> None:
    assert set(facts(sine(0.05, -10.0))) == {"loudness"}


@pytest.mark.parametrize(
    ("levels_db", "dynamics"),
    [
        (np.full(60, -20.0), "steady"),
        (np.linspace(-40, -10, 60), "building"),
        (np.linspace(-10, -40, 60), "fading"),
        (np.repeat([-10.0, -30.0, -10.0, -30.0], 15), "varied"),
    ],
)
def test_how_loudness_moves(levels_db: NDArray[np.float64], dynamics: str) -> None:
    waveform = np.concatenate([sine(1, level) for level in levels_db])
    assert facts(waveform)["dynamics"] == dynamics
    stretch = heard(waveform).between(0.0, 60.0)
    assert {fact.value for fact in estimate_loudness(stretch) if fact.name == "dynamics"} == {dynamics}


def test_a_stretch_is_measured_alone() -> None:
    frames = heard(np.concatenate([sine(10, -10.0), sine(10, -30.0)]))
    second = {fact.name: fact for fact in estimate_loudness(frames.between(10.5, 20.0))}
    assert second["loudness"].value == pytest.approx(-33.01, abs=0.2)
    assert (second["loudness"].start_s, second["loudness"].end_s) == (10.5, 20.0)


def test_dynamics_of_a_flat_line() -> None:
    assert dynamics_of(np.full(100, -20.0)) == "steady"
