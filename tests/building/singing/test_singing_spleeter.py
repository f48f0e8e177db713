"""The shipped separation network: against its original, and on sounds whose parts are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.building.singing.classes import level_db
from linernotes.building.singing.demixing import VOICE_RATE, voice_of
from linernotes.building.singing.spleeter import LOST_DB, SAMPLE_RATE, Spleeter, _mask, _patches
from linernotes.networks import open_network

GOLDEN = (
    ((1, 6, 246), 0.551),
    ((1, 12, 272), 0.689),
    ((0, 8, 242), 0.448),
    ((0, 13, 248), 0.435),
    ((1, 10, 274), 0.626),
    ((0, 6, 258), 0.347),
    ((1, 27, 271), 0.654),
    ((1, 7, 201), 0.435),
    ((1, 21, 253), 0.145),
    ((0, 12, 190), 0.110),
    ((1, 7, 226), 0.231),
    ((1, 37, 270), 0.111),
    ((1, 56, 765), 0.003),
    ((1, 58, 140), 0.0),
    ((0, 41, 136), 0.0),
    ((1, 46, 265), 0.0),
)
"""What the published weights say in TensorFlow 2.21, in single precision, of `magnitudes` at some places."""


def magnitudes() -> NDArray[np.float32]:
    """Noise that falls off, with the harmonics of a gliding tone in it: (2, 64, 1024)."""
    bins, frames = np.arange(1024), np.arange(64)[:, None]
    noise = np.abs(np.random.default_rng(5).standard_normal((2, 64, 1024))) * 40 / (1 + bins / 20)
    spacing = 20 + 3 * np.sin(frames / 9.0)
    away = (bins / spacing - np.round(bins / spacing)) * spacing
    tone = 30 * np.exp(-0.5 * (away / 1.2) ** 2) * (bins > 10) / (1 + bins / 60)
    return (noise + tone[None]).astype(np.float32)


def test_eight_bits_say_what_the_published_network_says() -> None:
    mask = open_network("spleeter.onnx").run(None, {"magnitudes": magnitudes()[None]})[0][0]
    off = [abs(float(mask[place]) - expected) for place, expected in GOLDEN]
    assert max(off) < 0.1
    assert float(np.mean(off)) < 0.03


def tone(seconds: float = 3.0, level: float = 0.1) -> Audio:
    times_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return Audio((level * np.sin(2 * np.pi * 330 * times_s)).astype(np.float32), SAMPLE_RATE)


def vowel(seconds: float = 3.0) -> Audio:
    """Twenty harmonics of a tone with vibrato."""
    times_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * 250 * (times_s + 0.0004 * np.sin(2 * np.pi * 5.5 * times_s))
    return Audio((0.1 * sum(np.sin(h * phase) / h for h in range(1, 21))).astype(np.float32), SAMPLE_RATE)


def test_with_a_mask_of_ones_everything_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linernotes.building.singing.spleeter._mask", np.ones_like)
    for seconds in (0.01, 3.0, 13.1):  # shorter than a window; one patch; more than one
        given = tone(seconds)
        louder = 10 ** (LOST_DB / 20)
        assert np.allclose(Spleeter()(given).waveform, louder * given.waveform, atol=1e-4)


def test_frames_are_counted_from_a_window_before_the_start() -> None:
    impulse = np.zeros(3 * 1024, np.float32)
    impulse[0] = 1.0
    (first, spectra), *more = _patches(impulse)
    energy = (np.abs(spectra) ** 2).sum(axis=1)
    assert first == 0
    assert not more
    assert list(np.flatnonzero(energy > 1e-9)) == [
        1,
        2,
        3,
    ]  # frame 0 ends before it, and at frame 4 Hann's is zero


@pytest.mark.parametrize("level", [0.2, 0.002])
def test_a_quieter_recording_gives_the_same_voice_but_quieter(level: float) -> None:
    loud = vowel()
    voice = Spleeter()(Audio(loud.waveform * np.float32(level), loud.sample_rate)).waveform / level
    expected = Spleeter()(loud).waveform
    assert np.sqrt(np.mean((voice - expected) ** 2)) < 0.01 * np.sqrt(np.mean(expected**2))


def test_nothing_above_what_the_network_knows_is_voice() -> None:
    mask = _mask(np.ones((10, 2049), np.float32))
    assert mask.shape == (10, 2049)
    assert not mask[:, 1024:].any()


@pytest.mark.parametrize("samples", [0, 1, 100, 5000])
def test_silence_and_scraps_keep_their_length(samples: int) -> None:
    voice = Spleeter()(Audio(np.zeros(samples, np.float32), SAMPLE_RATE))
    assert len(voice.waveform) == samples
    assert not voice.waveform.any()
    assert len(Spleeter()(tone(samples / SAMPLE_RATE)).waveform) == samples


def test_voices_are_measured_at_one_rate() -> None:
    voice = voice_of(Spleeter(), tone())
    assert voice.sample_rate == VOICE_RATE
    assert len(voice.waveform) == 3 * VOICE_RATE


def test_clicks_are_no_voice() -> None:
    clicks = np.zeros(4 * SAMPLE_RATE, np.float32)
    rng = np.random.default_rng(2)
    for start in range(0, len(clicks) - 2000, SAMPLE_RATE // 4):
        clicks[start : start + 2000] = rng.standard_normal(2000) * np.exp(-np.arange(2000) / 300)
    voice = Spleeter()(Audio(clicks, SAMPLE_RATE))
    assert level_db(voice.waveform) < level_db(clicks) - 10.0
