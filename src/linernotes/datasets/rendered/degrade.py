"""What recordings suffer: a room, a tilted spectrum, saturation, noise and levels. Coding comes with the file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, sosfilt

from linernotes.datasets.rendered.piece import Sound

PIVOT_HZ = 1000.0


def degrade(
    waveform: NDArray[np.float32], sample_rate: int, sound: Sound, *, seed: int
) -> NDArray[np.float32]:
    """A clean mix, shape (samples, channels), with all that `sound` asks for; peaks at `sound.gain_db` dBFS."""
    rng = np.random.default_rng(seed)
    heard = normalise(waveform, 0.0)
    if sound.drive:
        heard = np.tanh(sound.drive * heard).astype(np.float32)
    if sound.room_share:
        heard = in_room(heard, sample_rate, sound.room_s, sound.room_share, rng)
    heard = normalise(tilt(heard, sample_rate, sound.tilt_db), sound.gain_db)
    noise = rng.standard_normal(heard.shape, dtype=np.float32) * np.float32(10 ** (sound.noise_db / 20))
    noisy: NDArray[np.float32] = np.clip(heard + noise, -1.0, 1.0)
    return noisy


def normalise(waveform: NDArray[np.float32], peak_db: float) -> NDArray[np.float32]:
    """Scaled so that the largest sample has `peak_db` dBFS; silence stays silence."""
    peak = float(np.abs(waveform).max(initial=0.0))
    scale = 10 ** (peak_db / 20) / peak if peak > 0 else 0.0
    return (waveform * scale).astype(np.float32)


def in_room(
    waveform: NDArray[np.float32], sample_rate: int, room_s: float, share: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Mixed with a diffuse tail that falls by 60 dB in `room_s`; `share` 0..1 is the amplitude of the tail."""
    length = int(room_s * sample_rate)
    decay = 10 ** (-3.0 * np.arange(length) / length)
    tails = rng.standard_normal((length, waveform.shape[1])) * decay[:, None]
    tails /= np.sqrt((tails**2).sum(axis=0, keepdims=True))
    wet = fftconvolve(waveform, tails, axes=0)[: len(waveform)]
    return ((1 - share) * waveform + share * wet).astype(np.float32)


def tilt(waveform: NDArray[np.float32], sample_rate: int, tilt_db: float) -> NDArray[np.float32]:
    """A first-order shelf around 1 kHz: `tilt_db` is the gain of the treble against the bass."""
    gain, warped = 10 ** (tilt_db / 40), np.tan(np.pi * PIVOT_HZ / sample_rate)
    # Bilinear transform of (gain s + w) / (s / gain + w): 1 at low frequencies, gain squared at high ones.
    upper, lower = gain, 1.0 / gain
    section = np.array([[upper + warped, warped - upper, 0.0, lower + warped, warped - lower, 0.0]])
    section = section / section[0, 3]
    return np.asarray(sosfilt(section, waveform, axis=0), np.float32)
