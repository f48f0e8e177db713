"""What networks are fed, in numpy: the same arrays whether PyTorch or onnxruntime runs the network behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.encoders import musicnn_frontend
from linernotes.spectra import Framer, mel_filterbank, power_spectrum

Floats = NDArray[np.float32]

SAMPLE_RATE = 16_000
LOG_MEL_FRAME, LOG_MEL_HOP, LOG_MEL_BANDS = 1024, 512, 64
HARMONIC_CHUNK_S = 5
HARMONIC_FRAME, HARMONIC_HOP = 512, 256
SILENCE = 1e-10


@dataclass(frozen=True, slots=True)
class Frontend:
    """A function from samples (samples,) to rows (rows, ...), of which a network makes one embedding each."""

    sample_rate: int
    frame_s: float
    """Seconds from one row to the next."""
    rows: Callable[[Floats], Floats]


def musicnn_windows(waveform: Floats) -> Floats:
    """Log-mel windows of three seconds, (windows, 187, 96)."""
    _refuse_nothing(waveform)
    stream = musicnn_frontend.WindowStream()
    return np.stack([*stream.push(waveform), *stream.finish()])


def harmonic_powers(waveform: Floats) -> Floats:
    """Power spectra of chunks of five seconds, (chunks, frames, 257)."""
    _refuse_nothing(waveform)
    chunks = []
    for chunk in waveform[chunk_indices(len(waveform), HARMONIC_CHUNK_S * SAMPLE_RATE)]:
        framer = Framer(HARMONIC_FRAME, HARMONIC_HOP, pad_mode="reflect")
        chunks.append(np.concatenate([power_spectrum(framer.push(chunk)), power_spectrum(framer.finish())]))
    return np.stack(chunks)


def log_mel_64(waveform: Floats) -> Floats:
    """Natural logarithm of Hann-windowed mel powers, 31 frames a second, (frames, 64)."""
    framer = Framer(LOG_MEL_FRAME, LOG_MEL_HOP)
    frames = np.concatenate([framer.push(waveform), framer.finish()])
    if len(frames) == 0:
        raise ValueError(f"a clip holds {len(waveform)} samples, where at least {LOG_MEL_FRAME} are needed")
    mel = power_spectrum(frames) @ mel_filterbank(SAMPLE_RATE, LOG_MEL_FRAME, LOG_MEL_BANDS).T
    spectra: Floats = np.log(mel + SILENCE).astype(np.float32)
    return spectra


FRONTENDS: Mapping[str, Frontend] = {
    "musicnn-windows": Frontend(SAMPLE_RATE, 1 / musicnn_frontend.WINDOW_RATE_HZ, musicnn_windows),
    "harmonic-powers": Frontend(SAMPLE_RATE, float(HARMONIC_CHUNK_S), harmonic_powers),
    "log-mel-64": Frontend(SAMPLE_RATE, LOG_MEL_HOP / SAMPLE_RATE, log_mel_64),
}
"""By the name that an exported model gives."""


def chunk_indices(samples: int, chunk_samples: int) -> NDArray[np.int64]:
    """Which samples make up consecutive chunks, (chunks, chunk_samples).

    The last, incomplete chunk is moved back so that it ends with the waveform; a waveform shorter than a chunk is
    repeated until it fills one.
    """
    if samples < chunk_samples:
        return np.resize(np.arange(samples), (1, chunk_samples))
    starts = [*range(0, samples - chunk_samples + 1, chunk_samples)]
    if samples % chunk_samples:
        starts.append(samples - chunk_samples)
    return np.array(starts)[:, None] + np.arange(chunk_samples)


def _refuse_nothing(waveform: Floats) -> None:
    if len(waveform) == 0:
        raise ValueError("a clip holds no samples: check its start and end, and the file")
