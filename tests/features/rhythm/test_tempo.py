"""Tempo and its changes on drum loops of known tempo, and silence about what has no pulse."""

from __future__ import annotations

import numpy as np
import pytest
from rhythms import drum_loop, heard, steady_beats

from linernotes.features.frames import Frames, Series
from linernotes.features.rhythm.beats_net import RATE_HZ, SAMPLE_RATE
from linernotes.features.rhythm.local_tempo import dominant_bpm, local_tempo, steady_stretches
from linernotes.features.rhythm.tempo import estimate_tempo, tempo_change_of


@pytest.mark.parametrize("bpm", [75.0, 97.0, 120.0, 132.5])
def test_tempo_of_a_drum_loop(bpm: float) -> None:
    facts = {fact.name: fact for fact in estimate_tempo(heard(drum_loop(steady_beats(bpm, 15))))}
    assert facts["tempo"].value == pytest.approx(bpm, rel=0.01)
    assert facts["tempo"].unit == "BPM"
    assert facts["tempo"].confidence > 0.6
    assert facts["tempo_change"].value == "steady"


def test_a_stretch_has_the_tempo_it_has_in_the_whole() -> None:
    frames = heard(drum_loop(steady_beats(110, 20)))
    (tempo,) = [fact for fact in estimate_tempo(frames.between(6.0, 14.0)) if fact.name == "tempo"]
    assert tempo.value == pytest.approx(110, rel=0.02)
    assert (tempo.start_s, tempo.end_s) == (6.0, 14.0)


def test_noise_and_silence_have_no_tempo_worth_saying() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE).astype(np.float32)
    for waveform in (noise, np.zeros_like(noise), noise[:2000]):
        assert all(fact.confidence < 0.3 for fact in estimate_tempo(heard(waveform)))


def test_a_slow_pad_has_no_tempo_worth_saying() -> None:
    t = np.arange(15 * SAMPLE_RATE) / SAMPLE_RATE
    pad = sum(np.sin(2 * np.pi * hz * t) * (1 + 0.5 * np.sin(0.7 * t + hz)) for hz in (110, 165, 220, 277))
    assert all(fact.confidence < 0.3 for fact in estimate_tempo(heard((0.1 * pad).astype(np.float32))))


def test_a_line_through_beats_is_finer_than_a_frame() -> None:
    times_s = np.round(np.arange(40) * 60 / 133.0 * RATE_HZ) / RATE_HZ
    assert dominant_bpm(local_tempo(times_s)) == pytest.approx(133.0, rel=0.005)


def test_the_dominant_tempo_is_that_of_most_of_the_time() -> None:
    slow, fast = np.arange(60) * 60 / 90.0, np.arange(1, 41) * 60 / 140.0
    assert dominant_bpm(local_tempo(np.concatenate([slow, slow[-1] + fast]))) == pytest.approx(
        90.0, rel=0.005
    )


@pytest.mark.parametrize(
    ("first_bpm", "last_bpm", "change"),
    [(120, 120, "steady"), (100, 130, "quickening"), (130, 100, "slowing")],
)
def test_how_tempo_moves(first_bpm: float, last_bpm: float, change: str) -> None:
    times_s = np.cumsum(60.0 / np.linspace(first_bpm, last_bpm, 80))
    local = local_tempo(times_s)
    assert tempo_change_of(local, dominant_bpm(local)) == change


def test_tempo_that_comes_and_goes_varies() -> None:
    times_s = np.cumsum(60.0 / (110.0 + 20.0 * np.sin(np.arange(120) / 10.0)))
    local = local_tempo(times_s)
    assert tempo_change_of(local, dominant_bpm(local)) == "varying"


def test_a_slip_to_double_time_is_no_change_of_tempo() -> None:
    single, double = np.arange(60) * 0.5, np.arange(1, 25) * 0.25
    times_s = np.concatenate([single, single[-1] + double, single[-1] + double[-1] + np.arange(1, 40) * 0.5])
    local = local_tempo(times_s)
    assert tempo_change_of(local, dominant_bpm(local)) == "steady"


def test_too_few_beats_say_nothing() -> None:
    series = {
        "beat_position": Series(np.linspace(0, 4, 100), RATE_HZ),
        "beat_activation": Series(np.ones((100, 2), np.float32), RATE_HZ),
        "onset_strength": Series(np.ones(100, np.float32), RATE_HZ),
    }
    assert estimate_tempo(Frames(0.0, 2.0, series)) == []


def test_stretches_of_other_tempo_are_told_apart() -> None:
    slow, fast = np.arange(60) * 60 / 90.0, np.arange(1, 81) * 60 / 120.0
    stretches = steady_stretches(local_tempo(np.concatenate([slow, slow[-1] + fast])), 10.0)
    assert [stretch.bpm for stretch in stretches] == pytest.approx([90.0, 120.0], rel=0.01)
    assert stretches[0].end_s == pytest.approx(slow[-1], abs=4.0)


def test_a_steady_tempo_is_one_stretch() -> None:
    times_s = np.round(np.arange(100) * 60 / 133.0 * RATE_HZ) / RATE_HZ
    assert len(steady_stretches(local_tempo(times_s), 10.0)) == 1


def test_a_recording_of_two_tempi_states_both() -> None:
    first, second = drum_loop(steady_beats(90, 16)), drum_loop(steady_beats(125, 16), seed=1)
    facts = {fact.id: fact for fact in estimate_tempo(heard(np.concatenate([first, second])))}
    assert facts["tempo_change"].value == "varying"
    assert facts["tempo:1"].value == pytest.approx(90, rel=0.02)
    assert facts["tempo:2"].value == pytest.approx(125, rel=0.02)
    assert facts["tempo:2"].start_s == pytest.approx(17, abs=4)
