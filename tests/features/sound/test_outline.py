"""The outline holds the extremes of every stretch, however the audio was cut."""

from __future__ import annotations

import numpy as np

from linernotes.features.sound.outline import RATE_HZ, SAMPLE_RATE, OutlineListener


def test_extremes_of_a_growing_tone() -> None:
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = (time_s * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    listener = OutlineListener()
    for piece in np.array_split(tone, 7):
        listener.push(piece)
    outline = listener.finish()["outline"]
    assert outline.values.shape == (RATE_HZ, 2)
    assert np.allclose(outline.values[:, 1], outline.times_s + 0.5 / RATE_HZ, atol=0.01)
    assert np.allclose(outline.values[:, 0], -outline.values[:, 1], atol=0.01)


def test_nothing_heard_gives_no_frames() -> None:
    assert OutlineListener().finish()["outline"].values.shape == (0, 2)
