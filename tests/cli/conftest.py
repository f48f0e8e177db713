"""Short recordings for the command line to work on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray


def chords(seconds: float, rate: int = 22050) -> NDArray[np.float32]:
    """A minor chord and a major chord in turn, struck every half second."""
    time_s = np.arange(round(seconds * rate)) / rate
    roots = np.where(time_s % 4 < 2, 220.0, 174.61)
    thirds = np.where(time_s % 4 < 2, 261.63, 220.0)
    decay = np.exp(-4 * (time_s % 0.5))
    wave = sum(np.sin(2 * np.pi * hz * time_s) for hz in (roots, thirds, roots * 1.5))
    return (0.2 * decay * wave).astype(np.float32)


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of struck chords."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, chords(8.0), 22050)
    return path
