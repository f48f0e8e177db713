"""A clip's sound as a file that every browser plays and that tells nothing: cut out, FLAC, without tags."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from linernotes.audio import MIN_DURATION_S
from linernotes.audio.errors import AudioError, shown
from linernotes.audio.sources import Source, open_source
from linernotes.clip import Clip

SUFFIX = ".flac"
HIGHEST_RATE = 48_000
LOWEST_RATE = 8_000
"""In Hz; what lies outside is resampled to the nearer end, since not every browser plays it."""
BLOCK_FRAMES = 1 << 16

Samples = NDArray[np.float32]


def write_clip_file(clip: Clip, source: Path, out: Path) -> float:
    """Cut `clip` out of `source` and write it to `out`; returns its seconds.

    One and two channels stay; more become one. Values beyond full scale are cut off.

    Raises:
        AudioError: the file can't be decoded, or ends before the clip begins.
    """
    with closing(open_source(source)) as opened:
        samples = _read_span(opened, clip)
        rate = opened.sample_rate
    if len(samples) < MIN_DURATION_S * rate:
        raise AudioError(
            f"{shown(source)} holds {len(samples) / rate:.2g} s of clip {clip.clip_id!r}, which begins at "
            f"{clip.start_s:g} s; at least {MIN_DURATION_S:g} s are needed"
        )
    if samples.shape[1] > 2:
        samples = samples.mean(axis=1, keepdims=True)
    wanted = min(max(rate, LOWEST_RATE), HIGHEST_RATE)
    if wanted != rate:
        samples = soxr.resample(samples, rate, wanted)
    samples = np.clip(np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    soundfile.write(out, samples, wanted, format="FLAC", subtype="PCM_16")
    return len(samples) / wanted


def _read_span(source: Source, clip: Clip) -> Samples:
    """The clip's samples (frames, channels); decoders here only go forward, so what is before it is read too."""
    start = round(clip.start_s * source.sample_rate)
    end = None if clip.end_s is None else round(clip.end_s * source.sample_rate)
    buffer = np.empty((BLOCK_FRAMES, source.channels), np.float32)
    kept: list[Samples] = []
    position = 0
    while (end is None or position < end) and (count := source.read_into(buffer)):
        first = max(0, start - position)
        last = count if end is None else min(count, end - position)
        if first < last:
            kept.append(buffer[first:last].copy())
        position += count
    return np.concatenate(kept) if kept else np.zeros((0, source.channels), np.float32)
