"""128 mel bands in decibels, 100 frames a second, in numpy: what LP-MusicCaps hears (Doh et al. 2023, 4.1).

The authors' code squares the real part of the Fourier transform only, where a power spectrum takes the squared
magnitude. Their weights need "released"; "power" is right for whatever is trained anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

from linernotes.spectra import Framer, hann, mel_filterbank

Floats = NDArray[np.float32]
Transform = Callable[[Floats], NDArray[np.complex64]]
"""Real Fourier transform of rows, (frames, 1024) -> (frames, 513)."""

SAMPLE_RATE = 16_000
FRAME, HOP, BANDS = 1024, 160, 128
FLOOR = 1e-10
SILENCE_DB = 10 * float(np.log10(FLOOR))
WINDOW_S = 10.0
CONVENTIONS = ("power", "released")


@dataclass(frozen=True, slots=True)
class MelTables:
    """The numbers of a mel spectrogram; published weights bring theirs, rounded in their own way."""

    window: Floats  # (1024,)
    filters: Floats  # (513, 128)


@lru_cache(maxsize=1)
def mel_tables() -> MelTables:
    """Hann's window, and triangles of height one at equal steps of HTK's mel from 0 to 8 kHz."""
    filters = mel_filterbank(SAMPLE_RATE, FRAME, BANDS, scale="htk", area_normalised=False)
    return MelTables(hann(FRAME), filters.T)


def frames_of(samples: int) -> int:
    """Frames of a window of `samples`: one every 10 ms, the first and the last centred on its ends."""
    return samples // HOP + 1


def scipy_transform(frames: Floats) -> NDArray[np.complex64]:
    """The transform without PyTorch."""
    spectra: NDArray[np.complex64] = sp_fft.rfft(frames, axis=1)
    return spectra


def decibel_mel(
    waveform: Floats,
    convention: str = "power",
    window_s: float = WINDOW_S,
    *,
    tables: MelTables | None = None,
    transform: Transform = scipy_transform,
) -> Floats:
    """Mel powers in decibels of the frames that hold sound, (frames, 128), as part of a window of `window_s`.

    A shorter waveform is followed by silence, of which no frames are returned; what a longer one has beyond the
    window is not heard. Transforms differ by the rounding of float32, which a band that is all but empty shows
    in the third decimal.

    Raises:
        ValueError: there are no samples, or no such convention.
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"spectrogram is one of {', '.join(CONVENTIONS)}, got {convention!r}")
    if len(waveform) == 0:
        raise ValueError("a clip holds no samples: check its start and end, and the file")
    tables = tables or mel_tables()
    window = np.zeros(round(window_s * SAMPLE_RATE), np.float32)
    heard = waveform[: len(window)]
    window[: len(heard)] = heard
    framer = Framer(FRAME, HOP, pad_mode="reflect")
    frames = np.concatenate([framer.push(window), framer.finish()])
    touched = (len(heard) + FRAME // 2 - 1) // HOP + 1
    spectra = transform(frames[:touched] * tables.window)
    powers = np.square(spectra.real)
    if convention == "power":
        powers += np.square(spectra.imag)
    decibels: Floats = (10 * np.log10(np.maximum(powers @ tables.filters, FLOOR))).astype(np.float32)
    return decibels
