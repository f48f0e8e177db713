"""Features and network against golden numbers of the originals: madmom-infer 0.2.0, and BeatNet 1.1.3 in PyTorch.

scripts/convert_beatnet.py holds the whole arrays together where those packages are at hand.
"""

from __future__ import annotations

import numpy as np
import pytest

from linernotes.features.rhythm.beats_net import SAMPLE_RATE, BeatNet, spectral_features

T = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
GLIDE = 0.2 * np.sin(2 * np.pi * (200 * T + 150 * T * T))
CLICKS = 0.5 * np.exp(-60 * (T % 0.5)) * np.sin(2 * np.pi * 3000 * T)
FEATURES = spectral_features((GLIDE + CLICKS).astype(np.float32))


@pytest.mark.parametrize(
    ("frame", "column", "golden"),
    [
        (0, 10, 1.558126),
        (25, 60, 0.222800),
        (75, 100, 0.264756),
        (75, 236, 0.164910),
        (200, 90, 1.442153),
        (250, 40, 0.199279),
    ],
)
def test_features_are_those_the_network_was_trained_on(frame: int, column: int, golden: float) -> None:
    assert FEATURES[frame, column] == pytest.approx(golden, abs=2e-5)


def test_activation_is_that_of_the_original_network() -> None:
    activation = BeatNet().activation(FEATURES)
    golden = {
        0: (0.11025, 0.09161, 0.79814),
        101: (0.09476, 0.03093, 0.87432),
        150: (0.24067, 0.60591, 0.15342),
        275: (0.40689, 0.38256, 0.21055),
    }
    for frame, values in golden.items():
        assert activation[frame] == pytest.approx(values, abs=1e-4)
    assert activation.mean(axis=0) == pytest.approx((0.06331, 0.09016, 0.84653), abs=1e-4)
