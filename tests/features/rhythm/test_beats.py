"""Beats: the features of the network, decoding, positions, and that blocks and stretches change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from rhythms import Floats, drum_loop, heard, steady_beats

from linernotes.features.frames import Frames, Series
from linernotes.features.rhythm.beats import BeatDecoder, BeatModel, beat_positions, beat_times
from linernotes.features.rhythm.beats_net import (
    HOP_SAMPLES,
    RATE_HZ,
    SAMPLE_RATE,
    BeatNet,
    band_filters,
    spectral_features,
)


def pulses(period_frames: float, frames: int, first: float = 7.0) -> Floats:
    """Probability 0.9 at every period, 0.02 elsewhere, (frames,)."""
    probability = np.full(frames, 0.02, np.float32)
    probability[np.round(np.arange(first, frames, period_frames)).astype(int)] = 0.9
    return probability


def decode(probability: Floats, block: int = 500) -> np.ndarray:
    decoder = BeatDecoder()
    for start in range(0, len(probability), block):
        decoder.push(probability[start : start + block])
    return decoder.finish()


def test_filters_are_136_bands_that_each_sum_to_one() -> None:
    filters = band_filters()
    assert filters.shape == (705, 136)
    np.testing.assert_allclose(filters.sum(axis=0), 1.0, atol=1e-6)


def test_features_are_log_bands_beside_their_rise() -> None:
    waveform = np.zeros(SAMPLE_RATE, np.float32)
    waveform[10 * HOP_SAMPLES :] = np.sin(
        2 * np.pi * 440 * np.arange(SAMPLE_RATE - 10 * HOP_SAMPLES) / SAMPLE_RATE
    )
    features = spectral_features(waveform)
    assert features.shape == (50, 272)
    assert not features[0, 136:].any()
    assert not features[:7].any()
    peak = int(features[30, :136].argmax())
    np.testing.assert_allclose(features[11, 136 + peak], features[11, peak] - features[10, peak], atol=1e-6)


def test_the_network_may_be_fed_in_pieces() -> None:
    features = spectral_features(drum_loop(steady_beats(120, 4)))
    pieces = BeatNet()
    whole, joined = (
        BeatNet().activation(features),
        [pieces.activation(part) for part in np.array_split(features, 5)],
    )
    np.testing.assert_allclose(np.concatenate(joined), whole, atol=1e-5)
    np.testing.assert_allclose(whole.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("period", [17.65, 22.22, 25.0, 31.6, 50.0])
def test_beats_are_found_at_fractional_periods(period: float) -> None:
    frames = 1500
    expected = np.round(np.arange(7.0, frames, period)).astype(int)
    found = decode(pulses(period, frames))
    assert len(np.intersect1d(found, expected)) >= 0.95 * len(expected)
    assert len(found) <= len(expected) + 2


def test_a_missing_beat_is_filled_in() -> None:
    probability = pulses(25.0, 1000)
    probability[7 + 25 * 12] = 0.02
    assert 7 + 25 * 12 in decode(probability)


def test_a_change_of_tempo_is_followed() -> None:
    beats = decode(np.concatenate([pulses(30.0, 1500), pulses(24.0, 1500)]))
    assert np.median(np.diff(beats[beats < 1400])) == 30
    assert np.median(np.diff(beats[beats > 1600])) == 24


def test_blocks_do_not_matter_even_where_choices_were_settled() -> None:
    rng = np.random.default_rng(0)
    probability = np.clip(pulses(23.3, 12000) + 0.1 * rng.random(12000).astype(np.float32), 0, 1)
    whole, blocks = decode(probability, 12000), decode(probability, 137)
    assert len(np.intersect1d(whole, blocks)) >= 0.99 * len(whole)
    assert np.diff(blocks).min() >= 21


def test_the_decoder_forgets_what_is_settled() -> None:
    decoder = BeatDecoder()
    for _ in range(20):
        decoder.push(pulses(25.0, 1000))
    assert sum(map(len, decoder._choices)) < 6000


def test_nothing_gives_no_beats() -> None:
    assert len(BeatDecoder().finish()) == 0
    assert np.isnan(beat_positions(np.zeros(0, np.int64), 10)).all()


def test_positions_count_beats_and_go_on_outside_them() -> None:
    positions = beat_positions(np.array([20, 30, 40]), 61)
    np.testing.assert_allclose(positions[[10, 20, 25, 40, 60]], [-1.0, 0.0, 0.5, 2.0, 4.0])


def test_beat_times_of_a_stretch_are_those_of_the_whole_within_it() -> None:
    positions = beat_positions(np.arange(10, 1000, 25), 1000)
    frames = Frames(0.0, 20.0, {"beat_position": Series(positions, RATE_HZ)})
    whole, part = beat_times(frames), beat_times(frames.between(5.0, 15.0))
    np.testing.assert_allclose(part, whole[(whole >= 5.0) & (whole <= 15.0)], atol=1e-6)


def test_beats_of_a_drum_loop_stand_on_its_strokes() -> None:
    truth = np.array(steady_beats(104, 15))
    found = beat_times(heard(drum_loop(list(truth))))
    found = found[(found > 3) & (found < 14)]
    nearest = np.abs(found[:, None] - truth).min(axis=1)
    assert np.median(nearest) < 0.03
    assert len(found) == pytest.approx(11 * 104 / 60, abs=2)


def test_the_model_has_periods_for_all_its_tempi() -> None:
    model = BeatModel()
    assert model.bpm[0] == 50.0
    assert model.bpm[-1] <= 225.0
    assert model.early.shape == model.bpm.shape
    assert model.change.shape == (len(model.bpm), len(model.bpm))
