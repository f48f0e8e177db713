"""The samples of one clip, decoded no further than it reaches."""

from __future__ import annotations

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
    end_s = min(example.end_s, example.start_s + max_seconds)
    start, end = round(example.start_s * sample_rate), round(end_s * sample_rate)
    parts, decoded = [], 0
    for block in audio.stream(example.path, [sample_rate], BLOCK_S):
        samples = block[sample_rate]
        parts.append(samples[max(0, start - decoded) : max(0, end - decoded)])
        decoded += len(samples)
        if decoded >= end:
            break
    waveform = np.concatenate(parts)
    if not len(waveform):
        raise ValueError(
            f"clip {example.clip_id!r} starts at {example.start_s:g} s, where {str(example.path)!r} has ended: "
            "correct the manifest"
        )
    return waveform
