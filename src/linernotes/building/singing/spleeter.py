"""The voice taken out of a mix by Spleeter (Hennequin et al., 2020): a U-Net that says of every place of the
spectrogram how much of it is sung. Its network for two stems ships with linernotes (docs/models/spleeter.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

from linernotes.audio import Audio
from linernotes.networks import open_network

Floats = NDArray[np.float32]

SAMPLE_RATE = 44_100
WINDOW, HOP = 4096, 1024
BINS = 1024
"""The lowest bins, to 11 kHz, are what the network knows; nothing above is taken for voice."""
PATCH_FRAMES, FRAMES_STEP = 512, 64
"""What the network is shown at once, 12 s, and of how many frames that must be a multiple."""
LEVEL_DB = -15.0
"""RMS that recordings are brought to: quieter than it was trained on, the network hears fewer voices."""
LOST_DB = 0.8
"""What masks take of the voice itself, on average; it is given back (docs/models/spleeter.md)."""
BLOCK = 1 << 20
OVERLAPPED = 1.5
"""What squared Hann windows at a quarter of their length add up to."""


@dataclass(frozen=True, slots=True)
class Spleeter:
    """Takes the voice out of a recording, on one thread."""

    name: str = "spleeter 2stems"

    def __call__(self, audio: Audio) -> Audio:
        """The voice at 44.1 kHz, as long as the mix and, on average, as loud as it is there."""
        mix = audio.at_rate(SAMPLE_RATE)
        level = _rms(mix)
        if level <= 0.0:
            return Audio(np.zeros_like(mix), SAMPLE_RATE)
        gain = np.float32(10 ** (LEVEL_DB / 20) / level)
        window = np.float32(10 ** (LOST_DB / 20) / OVERLAPPED) * _hann()
        voice = np.zeros(len(mix) + 2 * WINDOW, np.float32)
        for first, spectra in _patches(mix):
            pieces = sp_fft.irfft(spectra * _mask(gain * np.abs(spectra)), axis=1) * window
            for number, piece in enumerate(pieces, first):
                voice[number * HOP : number * HOP + WINDOW] += piece
        return Audio(voice[WINDOW : WINDOW + len(mix)], SAMPLE_RATE)


def _rms(waveform: Floats) -> float:
    """Root mean square of (samples,), without a copy of them all; 0 for nothing."""
    blocks = (waveform[start : start + BLOCK] for start in range(0, len(waveform), BLOCK))
    return math.sqrt(sum(float(np.dot(block, block)) for block in blocks) / max(1, len(waveform)))


def _patches(waveform: Floats) -> Iterator[tuple[int, NDArray[np.complex64]]]:
    """Spectra (frames, WINDOW // 2 + 1) of PATCH_FRAMES frames at a time, and the number of the first of them.

    Frame i starts at sample i * HOP - WINDOW: silence is thought before and behind the recording.
    """
    frames = (len(waveform) + WINDOW) // HOP + 1
    for first in range(0, frames, PATCH_FRAMES):
        last = min(first + PATCH_FRAMES, frames)
        start, end = first * HOP - WINDOW, (last - 1) * HOP
        part = np.pad(waveform[max(0, start) : max(0, end)], (max(0, -start), max(0, end - len(waveform))))
        windows = np.lib.stride_tricks.sliding_window_view(part, WINDOW)[::HOP]
        yield first, sp_fft.rfft(windows * _hann(), axis=1)


def _mask(magnitudes: Floats) -> Floats:
    """How much of every place is voice, 0 to 1, (frames, WINDOW // 2 + 1) -> the same shape."""
    frames = len(magnitudes)
    shown = np.zeros((1, 2, -(-frames // FRAMES_STEP) * FRAMES_STEP, BINS), np.float32)
    shown[:, :, :frames] = magnitudes[:, :BINS]
    mask = np.zeros(magnitudes.shape, np.float32)
    mask[:, :BINS] = _network().run(None, {"magnitudes": shown})[0][0].mean(axis=0)[:frames]
    return mask


@lru_cache(maxsize=1)
def _hann() -> Floats:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _network() -> Any:
    return open_network("spleeter.onnx")
