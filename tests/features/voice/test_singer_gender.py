"""The gender network must say what the Keras file says on the features that it was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from voices import RATE, chords, noise, sung_vowels

from linernotes.features.voice.singer_gender import (
    PATCH_SAMPLES,
    WINDOW_S,
    SingerGenderListener,
    log_mel_24,
    patch,
    surest_stretch,
)
from linernotes.features.voice.voice_events import HOP, VoiceEventsListener
from linernotes.networks import open_network

GOLDEN = np.load(Path(__file__).with_name("voice_golden.npz"))


def test_mel_bands_are_those_of_the_training() -> None:
    """Golden: the log mel spectrum that inaSpeechSegmenter 0.6.8 computes of the same samples."""
    waveform = np.concatenate([noise(2), sung_vowels(50, 4)])[2 * RATE :]
    expected = GOLDEN["mel_24"]
    assert log_mel_24(waveform)[: len(expected)] == pytest.approx(expected, abs=0.1)
    audible = expected > -20
    assert log_mel_24(waveform)[: len(expected)][audible] == pytest.approx(expected[audible], abs=2e-3)


def test_the_network_says_what_keras_says() -> None:
    """Golden: female probabilities by TensorFlow 2.21 from the published file; ours has half precision."""
    starts = [int(frame) * HOP for frame in GOLDEN["patches_at"]]
    waveform = sung_vowels(50, 4)
    shown = [patch(waveform[start : start + PATCH_SAMPLES]) for start in starts]
    other = (sung_vowels(64, 2, formant_scale=1.18), sung_vowels(45, 2))
    shown += [patch(wave[50 * HOP : 50 * HOP + PATCH_SAMPLES]) for wave in other]
    network = open_network("gender_cnn.onnx")
    female = network.run(None, {"patches": np.stack(shown)})[0][:, 0]
    assert female == pytest.approx(GOLDEN["female"], abs=0.01)


def test_only_voices_are_looked_at() -> None:
    listener = SingerGenderListener()
    waveform = np.concatenate([sung_vowels(50, 6), chords(6)])
    for piece in np.array_split(waveform, 5):
        listener.push(piece)
    series = listener.finish()["singer_gender"]
    assert series.rate_hz == 1 / WINDOW_S
    assert len(series.values) == 6
    assert (series.values[:3, 1] > 0.5).all()
    assert series.values[:3, 2] == pytest.approx(52.4, abs=3)
    assert series.values[4:].tolist() == [[0.5, 0.0, 0.0]] * 2


def test_blocks_change_nothing_and_events_are_the_same() -> None:
    waveform = np.concatenate([sung_vowels(50, 5), noise(26), sung_vowels(60, 7)])
    at_once, in_parts, events = SingerGenderListener(), SingerGenderListener(), VoiceEventsListener()
    at_once.push(waveform)
    events.push(waveform)
    for piece in np.array_split(waveform, 17):
        in_parts.push(piece)
        assert len(in_parts._waveform) < 40 * RATE
    one, other = at_once.finish(), in_parts.finish()
    assert one["singer_gender"].values == pytest.approx(other["singer_gender"].values, abs=1e-3)
    assert one["voice_events"].values == pytest.approx(events.finish()["voice_events"].values, abs=1e-5)


def test_the_surest_stretch_is_found() -> None:
    voice = np.zeros(20, np.float32)
    voice[9:18] = 1.0
    assert surest_stretch(voice) in (9, 10, 11)


@pytest.mark.parametrize("samples", [0, 100, RATE])
def test_short_audio_is_taken(samples: int) -> None:
    listener = SingerGenderListener()
    listener.push(np.zeros(samples, np.float32))
    assert listener.finish()["singer_gender"].values.shape[1] == 3
