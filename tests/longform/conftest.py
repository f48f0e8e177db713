"""One short recording, analysed once."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from linernotes.captioner import Analysis, load_captioner

RATE = 22_050


@pytest.fixture(scope="session")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Struck chords for 12 s, then the same much louder and brighter for 13.4 s."""
    time_s = np.arange(round(25.4 * RATE)) / RATE
    roots = np.where(time_s % 4 < 2, 220.0, 174.61)
    thirds = np.where(time_s % 4 < 2, 261.63, 220.0)
    wave = sum(np.sin(2 * np.pi * hz * time_s) for hz in (roots, thirds, roots * 1.5))
    bright = sum(np.sin(2 * np.pi * hz * time_s) for hz in (4 * roots, 4 * thirds, 8 * roots))
    level = np.where(time_s < 12, 0.02, 0.1)
    wave = level * np.exp(-4 * (time_s % 0.5)) * (wave + np.where(time_s < 12, 0, bright))
    path = tmp_path_factory.mktemp("long") / "song.wav"
    soundfile.write(path, wave.astype(np.float32), RATE)
    return load_captioner(threads=1).analyse(path)
