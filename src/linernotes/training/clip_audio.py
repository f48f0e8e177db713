"""The samples of one clip, decoded no further than it reaches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linernotes import audio
from linernotes.training.examples import Example

BLOCK_S = 30.0


def clip_waveform(example: Example, sample_rate: int, max_seconds: float) -> NDArray[np.float32]:
    """The samples of an example's span (samples,), from its start for at most `max_seconds`.

    Raises:
        AudioError: the file can't be used.
        ValueError: the file ends before the clip begins.
    """
    return _stretch(example, example.path, sample_rate, max_seconds)


def clip_vocals(example: Example, sample_rate: int, max_seconds: float) -> NDArray[np.float32]:
    """The same stretch of its vocal stem, no samples where there is none.

    Raises:
        AudioError: the file can't be used.
        ValueError: the file ends before the clip begins.
    """
    if example.vocals is None:
        return np.zeros(0, np.float32)
    return _stretch(example, example.vocals, sample_rate, max_seconds)


def _stretch(example: Example, path: Path, sample_rate: int, max_seconds: float) -> NDArray[np.float32]:
    end_s = min(example.end_s, example.start_s + max_seconds)
    start, end = round(example.start_s * sample_rate), round(end_s * sample_rate)
    parts, decoded = [], 0
    for block in audio.stream(path, [sample_rate], BLOCK_S):
        samples = block[sample_rate]
        parts.append(samples[max(0, start - decoded) : max(0, end - decoded)])
        decoded += len(samples)
        if decoded >= end:
            break
    waveform = np.concatenate(parts)
    if not len(waveform):
        raise ValueError(
            f"clip {example.clip_id!r} starts at {example.start_s:g} s, where {str(path)!r} has ended: "
            "correct the manifest"
        )
    return waveform
