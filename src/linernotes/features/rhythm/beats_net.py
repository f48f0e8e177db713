"""The beat network: BeatNet's CRNN (Heydari, Cwitkowitz and Duan, ISMIR 2021) on ONNX, fed block by block.

Frames of 64 ms every 20 ms at 22.05 kHz; magnitudes in triangular bands, 24 to the octave; log10(1 + x); beside
them their rise since the frame before. A causal LSTM gives, for every frame, the probability of a beat, of a
downbeat and of neither. Weights under CC BY 4.0, converted by scripts/convert_beatnet.py.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

from linernotes.networks import open_network
from linernotes.spectra import Framer

SAMPLE_RATE = 22050
FRAME_SAMPLES = 1411
HOP_SAMPLES = 441
RATE_HZ = SAMPLE_RATE / HOP_SAMPLES
BANDS_PER_OCTAVE = 24
LOW_HZ, HIGH_HZ, REFERENCE_HZ = 30.0, 17000.0, 440.0
ASSET = Path(__file__).parents[2] / "assets" / "beatnet.onnx"

Floats = NDArray[np.float32]


@lru_cache(maxsize=1)
def band_filters() -> Floats:
    """Triangles on the bins nearest to quarter tones of A = 440 Hz, each summing to one, (bins, bands).

    Where quarter tones are closer than bins, bins are used once: the lowest bands are single bins.
    """
    # The network was trained with frequencies of an even transform (1410 for 1411 samples); so they are here.
    bin_hz = np.arange(FRAME_SAMPLES // 2) * SAMPLE_RATE / (FRAME_SAMPLES // 2 * 2)
    octaves = np.log2(np.array([LOW_HZ, HIGH_HZ]) / REFERENCE_HZ) * BANDS_PER_OCTAVE
    tones = REFERENCE_HZ * 2.0 ** (
        np.arange(np.ceil(octaves[0]), np.floor(octaves[1]) + 1) / BANDS_PER_OCTAVE
    )
    right = np.clip(np.searchsorted(bin_hz, tones), 1, len(bin_hz) - 1)
    nearer_left = tones - bin_hz[right - 1] < bin_hz[right] - tones
    corners = np.unique(right - nearer_left)
    filters = np.zeros((len(bin_hz), len(corners) - 2), np.float32)
    for band, (start, centre, stop) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
        if stop - start < 2:
            centre, stop = start, start + 1
        rise = np.linspace(0, 1, centre - start, endpoint=False)
        fall = np.linspace(1, 0, stop - centre, endpoint=False)
        triangle = np.concatenate([rise, fall]).astype(np.float32)
        filters[start:stop, band] = triangle / triangle.sum()
    filters.setflags(write=False)
    return filters


@lru_cache(maxsize=1)
def _window() -> Floats:
    window: Floats = np.hanning(FRAME_SAMPLES).astype(np.float32)
    window.setflags(write=False)
    return window


def log_bands(frames: Floats) -> Floats:
    """Log magnitudes in bands, (frames, FRAME_SAMPLES) -> (frames, 136)."""
    spectrum = np.abs(sp_fft.rfft(frames * _window(), axis=1)[:, : FRAME_SAMPLES // 2])
    bands: Floats = np.log10(spectrum @ band_filters() + 1.0)
    return bands


def with_rise(bands: Floats, before: Floats) -> Floats:
    """Bands beside their rise since the frame before, (frames, 136) and (136,) -> (frames, 272)."""
    previous = np.concatenate([before[None], bands[:-1]])
    return np.concatenate([bands, np.maximum(bands - previous, 0.0)], axis=1)


def spectral_features(waveform: Floats) -> Floats:
    """Input of the network for a whole waveform, (samples,) -> (frames, 272)."""
    framer = Framer(FRAME_SAMPLES, HOP_SAMPLES)
    bands = np.concatenate([log_bands(framer.push(waveform)), log_bands(framer.finish())])
    # The first frame has nothing before it, and so no rise.
    return with_rise(bands, np.full(bands.shape[1], np.inf, np.float32))


class BeatNet:
    """The network with its state: successive calls continue one recording."""

    def __init__(self, path: Path = ASSET) -> None:
        self._session = open_network(path)
        self._h = self._c = np.zeros((2, 1, 150), np.float32)

    def activation(self, features: Floats) -> Floats:
        """Probability of beat, downbeat and neither, (frames, 272) -> (frames, 3)."""
        if not len(features):
            return np.zeros((0, 3), np.float32)
        inputs = {"features": features, "h": self._h, "c": self._c}
        activation, self._h, self._c = self._session.run(None, inputs)
        result: Floats = activation
        return result
