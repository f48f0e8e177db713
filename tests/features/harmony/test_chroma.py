"""What ChromaListener hears of tones whose pitch is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from linernotes.features.frames import Series
from linernotes.features.harmony.chroma import SAMPLE_RATE, ChromaListener, cents_of, fold_octaves


def notes(pitches: Sequence[float], seconds: float, cents: float = 0.0) -> NDArray[np.float32]:
    """MIDI pitches sounding together, each with six harmonics."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hz = [440 * 2 ** ((pitch - 69 + cents / 100) / 12) for pitch in pitches]
    wave = sum(np.sin(2 * np.pi * f * k * time + f) / k for f in hz for k in range(1, 7))
    return np.asarray(0.1 * wave, np.float32)


def hear(waveform: NDArray[np.float32], block: int = 50_000) -> Mapping[str, Series]:
    """All series of a waveform fed in blocks."""
    listener = ChromaListener()
    for start in range(0, len(waveform), block):
        listener.push(waveform[start : start + block])
    return listener.finish()


def test_a_triad_stands_out_of_the_chroma_and_its_root_out_of_the_bass() -> None:
    series = hear(notes([45, 60, 64, 69], 4))
    middle = series["chroma"].values[20].astype(float)
    assert set(np.argsort(middle)[-3:]) == {9, 0, 4}
    assert series["bass_chroma"].values[20].argmax() == 9


@pytest.mark.parametrize("cents", [-30, -10, 0, 20, 35])
def test_tuning_is_found_within_three_cents(cents: float) -> None:
    tuning = hear(notes([48, 60, 64, 67], 3, cents))["tuning"].values
    assert cents_of(tuning.sum(axis=0)) == pytest.approx(cents, abs=3)


@pytest.mark.parametrize("cents", [-40, -25, 25, 40])
def test_a_detuned_triad_keeps_its_chroma(cents: float) -> None:
    middle = hear(notes([48, 64, 67, 72], 4, cents))["chroma"].values[20].astype(float)
    assert set(np.argsort(middle)[-3:]) == {0, 4, 7}


def test_the_size_of_the_blocks_makes_no_difference() -> None:
    waveform = notes([50, 62, 65, 69], 3)
    whole, pieces = hear(waveform, 10**6), hear(waveform, 777)
    for name, series in whole.items():
        np.testing.assert_allclose(
            series.values.astype(np.float32), pieces[name].values.astype(np.float32), rtol=1e-2, atol=2e-2
        )


def test_each_part_of_a_recording_is_heard_in_its_own_tuning() -> None:
    parts = [np.tile(notes([48, 64, 67, 72], 2, cents), 75) for cents in (-40, 40)]
    chroma = hear(np.concatenate(parts))["chroma"].values.astype(float)
    for frame in (100, 1400, 2900):
        assert set(np.argsort(chroma[frame])[-3:]) == {0, 4, 7}


def test_level_of_a_full_scale_sine_is_near_zero_and_of_silence_far_below() -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    sine = hear(np.sin(2 * np.pi * 440 * time).astype(np.float32))["harmony_level"].values
    silence = hear(np.zeros(2 * SAMPLE_RATE, np.float32))["harmony_level"].values
    assert abs(sine[10]) < 3
    assert silence.max() < -100


def test_frames_come_at_ten_a_second_and_stay_in_step() -> None:
    series = hear(notes([60], 2.5))
    assert {len(part.values) for part in series.values()} == {26}
    assert {part.rate_hz for part in series.values()} == {10.0}


def test_nothing_gives_nothing() -> None:
    series = ChromaListener().finish()
    assert all(len(part.values) == 0 for part in series.values())


def test_a_blink_of_sound_is_taken_in() -> None:
    assert len(hear(notes([60], 0.05))["chroma"].values) == 1


def test_octaves_fold_onto_their_pitch_class() -> None:
    semitones = np.zeros((1, 76), np.float32)
    semitones[0, [8, 20, 33]] = [1, 2, 4]  # C2, C3, C#4
    assert fold_octaves(semitones)[0, :2].tolist() == [3, 4]
