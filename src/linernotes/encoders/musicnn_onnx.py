"""The shipped musicnn taggers on onnxruntime: tag probabilities every three seconds of a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.encoders import musicnn_frontend as frontend
from linernotes.encoders.musicnn_vocabulary import TAGS
from linernotes.features.frames import Series
from linernotes.networks import open_network

Floats = NDArray[np.float32]

EVERY_WINDOW_UNTIL_S = 60.0
EVERY_SECOND_UNTIL_S = 600.0


@dataclass(frozen=True, slots=True)
class TaggedWindows:
    """What one tagger says of each window."""

    probabilities: Floats  # (windows, 50)
    penultimate: Floats  # (windows, 200)
    chunk_features: Floats  # (windows, 753)


@lru_cache(maxsize=2)
def musicnn_session(vocabulary: str) -> Any:
    """The onnxruntime session of the tagger "mtt" or "msd", on one thread."""

    if vocabulary not in TAGS:
        raise ValueError(f"There is no musicnn tagger {vocabulary!r}; there are {', '.join(TAGS)}.")
    return open_network(f"musicnn_{vocabulary}.onnx")


def tag_windows(vocabulary: str, windows: Floats) -> TaggedWindows:
    """Tags of log-mel windows, (windows, 187, 96)."""
    return TaggedWindows(*musicnn_session(vocabulary).run(None, {"log_mel": windows}))


def is_heard(window: int) -> bool:
    """Whether the window with this number is tagged.

    All are in the first minute, every second one up to ten minutes, every fourth one after that: tags move
    slowly and the network is the most expensive listener (docs/models/musicnn.md has what the thinning costs).
    """
    start_s = window / frontend.WINDOW_RATE_HZ
    if start_s < EVERY_WINDOW_UNTIL_S:
        return True
    return window % (2 if start_s < EVERY_SECOND_UNTIL_S else 4) == 0


class MusicnnListener:
    """Gives `tags_mtt`, `tags_msd` (windows, 50) and `musicnn_mtt`, `musicnn_msd` (windows, 200).

    The latter two are the penultimate features. A window that is not tagged holds the values of the one before
    it, so that a mean over rows weighs every stretch of time alike.
    """

    sample_rate = frontend.SAMPLE_RATE

    def __init__(self, vocabularies: Sequence[str] = ("mtt", "msd")) -> None:
        self.vocabularies = tuple(vocabularies)
        self._stream = frontend.WindowStream()
        self._tagged: dict[str, list[TaggedWindows]] = {name: [] for name in self.vocabularies}
        self._windows = 0

    def push(self, waveform: Floats) -> None:
        """Take the next samples at 16 kHz, shape (samples,), of any length."""
        for window in self._stream.push(waveform):
            self._hear(window, is_heard(self._windows))

    def finish(self) -> Mapping[str, Series]:
        """Flush the tail and return the series, by name."""
        for window in self._stream.finish():
            self._hear(window, True)
        frames = min(self._stream.frames_heard, frontend.WINDOW_FRAMES)
        centre_s = (frames - 1) / 2 * frontend.HOP_SAMPLES / frontend.SAMPLE_RATE
        series: dict[str, Series] = {}
        for name, tagged in self._tagged.items():
            series[f"tags_{name}"] = _series([part.probabilities for part in tagged], 50, centre_s)
            series[f"musicnn_{name}"] = _series([part.penultimate for part in tagged], 200, centre_s)
        return series

    def _hear(self, window: Floats, heard: bool) -> None:
        for name, tagged in self._tagged.items():
            tagged.append(tag_windows(name, window[None]) if heard else tagged[-1])
        self._windows += 1


def _series(rows: Sequence[Floats], width: int, centre_s: float) -> Series:
    values = np.concatenate([np.zeros((0, width), np.float32), *rows])
    return Series(values, frontend.WINDOW_RATE_HZ, max(0.0, centre_s))
