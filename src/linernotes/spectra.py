"""The few spectral transforms that everything shares: framing of a stream, power spectra, mel filters.

Tested against librosa; kept here because librosa would nearly triple the base install.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

Floats = NDArray[np.float32]


class Framer:
    """Cuts a stream of samples into overlapping frames, whatever the length of the pieces it is fed.

    With `centred`, frame `i` is centred on sample `i * hop` of the stream, the ends padded by `pad_mode`
    (as librosa does it); without, frame `i` starts at sample `i * hop` and no padding is added.
    """

    def __init__(
        self,
        length: int,
        hop: int,
        *,
        centred: bool = True,
        pad_mode: Literal["constant", "reflect"] = "constant",
    ) -> None:
        self.length, self.hop, self.centred, self.pad_mode = length, hop, centred, pad_mode
        self._kept: Floats = np.zeros(0, np.float32)
        self._padded = not centred

    def push(self, waveform: Floats) -> Floats:
        """Frames that are now complete, shape (frames, length); a view, to be used before the next push."""
        self._kept = np.concatenate([self._kept, waveform.astype(np.float32, copy=False)])
        half = self.length // 2
        if not self._padded:
            if len(self._kept) <= half:
                return np.zeros((0, self.length), np.float32)
            self._pad_start()
        return self._take()

    def finish(self) -> Floats:
        """The last frames, with the end padded, shape (frames, length)."""
        if not self.centred or not len(self._kept):
            return np.zeros((0, self.length), np.float32)
        half = self.length // 2
        if not self._padded:
            self._pad_start()
        reflect = self.pad_mode == "reflect" and len(self._kept) > half
        tail = self._kept[-half - 1 : -1][::-1] if reflect else np.zeros(half, np.float32)
        self._kept = np.concatenate([self._kept, tail])
        return self._take()

    def _pad_start(self) -> None:
        half = self.length // 2
        reflect = self.pad_mode == "reflect" and len(self._kept) > half
        head = self._kept[1 : half + 1][::-1] if reflect else np.zeros(half, np.float32)
        self._kept = np.concatenate([head, self._kept])
        self._padded = True

    def _take(self) -> Floats:
        count = max(0, (len(self._kept) - self.length) // self.hop + 1)
        if not count:
            return np.zeros((0, self.length), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._kept, self.length)
        frames: Floats = windows[: (count - 1) * self.hop + 1 : self.hop]
        self._kept = self._kept[count * self.hop :]
        return frames


@lru_cache(maxsize=16)
def hann(length: int) -> Floats:
    """Periodic Hann window, shape (length,)."""
    window: Floats = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
    window.setflags(write=False)
    return window


def power_spectrum(frames: Floats, n_fft: int | None = None) -> Floats:
    """Squared magnitudes of Hann-windowed frames, (frames, length) -> (frames, n_fft // 2 + 1)."""
    length = frames.shape[1]
    spectrum = sp_fft.rfft(frames * hann(length), n=n_fft or length, axis=1)
    power: Floats = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
    return power


def hz_to_mel(hz: NDArray[np.float64], scale: Literal["slaney", "htk"] = "slaney") -> NDArray[np.float64]:
    """Mel of frequencies in Hz, by Slaney's Auditory Toolbox or by HTK's formula."""
    hz = np.asarray(hz, np.float64)
    if scale == "htk":
        htk: NDArray[np.float64] = 2595.0 * np.log10(1.0 + hz / 700.0)
        return htk
    linear = hz * 3.0 / 200.0
    log = 15.0 + 27.0 * np.log(np.maximum(hz, 1e-9) / 1000.0) / np.log(6.4)
    return np.where(hz < 1000.0, linear, log)


def mel_to_hz(mel: NDArray[np.float64], scale: Literal["slaney", "htk"] = "slaney") -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    mel = np.asarray(mel, np.float64)
    if scale == "htk":
        htk: NDArray[np.float64] = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
        return htk
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp(np.log(6.4) * (mel - 15.0) / 27.0))


@lru_cache(maxsize=16)
def mel_filterbank(
    sample_rate: int,
    n_fft: int,
    bands: int,
    *,
    low_hz: float = 0.0,
    high_hz: float | None = None,
    scale: Literal["slaney", "htk"] = "slaney",
    area_normalised: bool = True,
) -> Floats:
    """Triangular filters, shape (bands, n_fft // 2 + 1); `area_normalised` as librosa's norm="slaney"."""
    high_hz = sample_rate / 2 if high_hz is None else high_hz
    ends = hz_to_mel(np.array([low_hz, high_hz]), scale)
    edges = mel_to_hz(np.linspace(ends[0], ends[1], bands + 2), scale)
    bins = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)
    rising = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    if area_normalised:
        weights *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    filters: Floats = weights.astype(np.float32)
    filters.setflags(write=False)
    return filters
