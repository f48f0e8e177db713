"""Where a recording speaks, sings or plays: FireRedVAD's event detector, heard block by block.

The network is a feed-forward sequential memory network: every output frame sees 152 frames before it and 160
after it, so a block with that much context on either side gives exactly what the whole recording would.
Features are Kaldi's log mel energies, which the network was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

from linernotes.features.frames import Series
from linernotes.networks import open_network
from linernotes.spectra import Framer

Floats = NDArray[np.float32]

SAMPLE_RATE = 16_000
SPEECH, SINGING, MUSIC = 0, 1, 2
"""Columns of the series "voice_events"."""

FRAME_LENGTH, HOP, N_FFT, BANDS = 400, 160, 512, 80
LOWEST_HZ = 20.0
FULL_SCALE = 32768.0
"""The features are those of 16-bit samples."""

FRAMES_BEFORE, FRAMES_AFTER = 8 * 19, 8 * 20
BLOCK_FRAMES = 2000
FRAMES_AVERAGED = 10


@lru_cache(maxsize=1)
def mel_triangles() -> Floats:
    """Triangles of equal height, straight on the mel axis (Kaldi's), shape (bands, N_FFT // 2 + 1)."""

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = 1127.0 * np.log1p(hz / 700.0)
        return scaled

    ends = mel(np.array([LOWEST_HZ, SAMPLE_RATE / 2]))
    edges = np.linspace(ends[0], ends[1], BANDS + 2)[:, None]
    bins = mel(np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT)[None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles: Floats = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    triangles[:, -1] = 0.0  # Kaldi leaves the Nyquist bin out
    return triangles


@lru_cache(maxsize=1)
def povey_window() -> Floats:
    """A symmetric Hann window to the power of 0.85, shape (FRAME_LENGTH,)."""
    window: Floats = (np.hanning(FRAME_LENGTH) ** 0.85).astype(np.float32)
    return window


def log_mel(frames: Floats) -> Floats:
    """Kaldi's filter bank features of frames (frames, FRAME_LENGTH) in -1..1, shape (frames, BANDS)."""
    centred = frames * np.float32(FULL_SCALE)
    centred -= centred.mean(axis=1, keepdims=True)
    emphasised = centred.copy()
    emphasised[:, 1:] -= np.float32(0.97) * centred[:, :-1]
    emphasised[:, 0] *= np.float32(0.03)
    emphasised *= povey_window()
    spectrum = sp_fft.rfft(emphasised, n=N_FFT, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    energies = power @ mel_triangles().T
    features: Floats = np.log(np.maximum(energies, np.finfo(np.float32).eps)).astype(np.float32)
    return features


class EventFrames:
    """Streams features through the network; what it gives is independent of how the audio was cut."""

    def __init__(self) -> None:
        self._network = open_network("firered_aed.onnx")
        self._features: Floats = np.zeros((0, BANDS), np.float32)
        self._context = 0  # leading frames of `_features` whose output has been given already

    def push(self, features: Floats) -> Floats:
        """Probabilities of the frames that are now certain, shape (frames, 3)."""
        self._features = np.concatenate([self._features, features])
        given = [np.zeros((0, 3), np.float32)]
        while len(self._features) - self._context >= BLOCK_FRAMES + FRAMES_AFTER:
            given.append(self._run(BLOCK_FRAMES, FRAMES_AFTER))
        return np.concatenate(given)

    def finish(self) -> Floats:
        """Probabilities of the last frames."""
        remaining = len(self._features) - self._context
        return self._run(remaining, 0) if remaining else np.zeros((0, 3), np.float32)

    def _run(self, count: int, ahead: int) -> Floats:
        end = self._context + count
        block = self._features[: end + ahead].T[None]
        probabilities: Floats = self._network.run(None, {"features": np.ascontiguousarray(block)})[0][0].T
        given = probabilities[self._context : end]
        first_kept = max(0, end - FRAMES_BEFORE)
        self._features = self._features[first_kept:]
        self._context = end - first_kept
        return given


class VoiceEventsListener:
    """Listener for the series "voice_events": probabilities (n, 3) of speech, singing and music at 10 Hz."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._framer = Framer(FRAME_LENGTH, HOP, centred=False)
        self._events = EventFrames()
        self._unaveraged: Floats = np.zeros((0, 3), np.float32)
        self._averaged: list[Floats] = []

    def push(self, waveform: Floats) -> None:
        self.hear(waveform)

    def hear(self, waveform: Floats) -> Floats:
        """Take the next samples; gives the averaged probabilities that became certain, shape (n, 3)."""
        frames = self._framer.push(waveform)
        self._unaveraged = np.concatenate([self._unaveraged, self._events.push(log_mel(frames))])
        whole = len(self._unaveraged) // FRAMES_AVERAGED
        groups = self._unaveraged[: whole * FRAMES_AVERAGED].reshape(whole, FRAMES_AVERAGED, 3)
        self._unaveraged = self._unaveraged[whole * FRAMES_AVERAGED :]
        averaged: Floats = groups.mean(axis=1)
        self._averaged.append(averaged)
        return averaged

    def flush(self) -> Floats:
        """Take no more; gives the last averaged probabilities, shape (n, 3)."""
        last = np.concatenate([self._unaveraged, self._events.finish()])
        pieces = [last[i : i + FRAMES_AVERAGED].mean(axis=0) for i in range(0, len(last), FRAMES_AVERAGED)]
        self._averaged.append(np.array(pieces, np.float32).reshape(len(pieces), 3))
        return self._averaged[-1]

    def finish(self) -> Mapping[str, Series]:
        self.flush()
        return {"voice_events": self.series()}

    def series(self) -> Series:
        """All probabilities so far; a frame is centred on the audio it was averaged over."""
        rate_hz = SAMPLE_RATE / HOP / FRAMES_AVERAGED
        centre_s = (FRAME_LENGTH + (FRAMES_AVERAGED - 1) * HOP) / 2 / SAMPLE_RATE
        return Series(np.concatenate([np.zeros((0, 3), np.float32), *self._averaged]), rate_hz, centre_s)
