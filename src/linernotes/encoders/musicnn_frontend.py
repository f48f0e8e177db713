"""The log-mel spectrogram that musicnn was trained on, as one array or as a stream of 3-second windows.

16 kHz, 96 Slaney mel bands, 512-sample Hann frames every 256 samples, log10(10000 mel + 1). The powers pass
through half precision as in training; the logarithm is taken in single precision, because 10000 times a loud
bass note exceeds what half precision holds (the original then fed infinities to its network).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linernotes.spectra import Framer, mel_filterbank, power_spectrum

SAMPLE_RATE = 16_000
FRAME_SAMPLES, HOP_SAMPLES = 512, 256
MEL_BANDS = 96
WINDOW_FRAMES = 187
"""Three seconds: what the network was trained on."""

WINDOW_RATE_HZ = SAMPLE_RATE / (HOP_SAMPLES * WINDOW_FRAMES)

Floats = NDArray[np.float32]


def log_mel(frames: Floats) -> Floats:
    """Log-mel spectra of frames of samples, (frames, 512) -> (frames, 96)."""
    mel = power_spectrum(frames) @ mel_filterbank(SAMPLE_RATE, FRAME_SAMPLES, MEL_BANDS).T
    largest = np.finfo(np.float16).max
    halved = np.minimum(mel, largest).astype(np.float16).astype(np.float32)
    spectra: Floats = np.log10(10_000.0 * halved + 1.0)
    return spectra


def spectrogram(waveform: Floats) -> Floats:
    """Log-mel spectrogram of a whole recording at 16 kHz, (samples,) -> (frames, 96)."""
    framer = Framer(FRAME_SAMPLES, HOP_SAMPLES, pad_mode="reflect")
    pieces = [log_mel(framer.push(waveform)), log_mel(framer.finish())]
    return np.concatenate(pieces)


def fill_window(spectra: Floats) -> Floats:
    """The last 187 frames; fewer are repeated until they fill the window, (frames, 96) -> (187, 96)."""
    if len(spectra) < WINDOW_FRAMES:
        spectra = np.tile(spectra, (-(-WINDOW_FRAMES // len(spectra)), 1))[:WINDOW_FRAMES]
    return spectra[-WINDOW_FRAMES:]


class WindowStream:
    """Cuts a stream of samples into consecutive log-mel windows and keeps the tail.

    The last, incomplete window is moved back so that it ends with the recording; a recording shorter than a
    window is repeated until it fills one.
    """

    def __init__(self) -> None:
        self._framer = Framer(FRAME_SAMPLES, HOP_SAMPLES, pad_mode="reflect")
        self._pending: Floats = np.zeros((0, MEL_BANDS), np.float32)
        self._previous: Floats = np.zeros((0, MEL_BANDS), np.float32)
        self.frames_heard = 0

    def push(self, waveform: Floats) -> list[Floats]:
        """Windows that are now complete, each (187, 96)."""
        return self._cut(self._framer.push(waveform))

    def finish(self) -> list[Floats]:
        """The windows that the end of the recording completes, the tail included."""
        windows = self._cut(self._framer.finish())
        if len(self._pending):
            windows.append(fill_window(np.concatenate([self._previous, self._pending])))
        return windows

    def _cut(self, frames: Floats) -> list[Floats]:
        if not len(frames):
            return []
        self.frames_heard += len(frames)
        self._pending = np.concatenate([self._pending, log_mel(frames)])
        whole = len(self._pending) // WINDOW_FRAMES
        windows = list(self._pending[: whole * WINDOW_FRAMES].reshape(whole, WINDOW_FRAMES, MEL_BANDS))
        if windows:
            self._previous = windows[-1]
            self._pending = self._pending[whole * WINDOW_FRAMES :].copy()
        return windows
