"""The voice taken out of a mix by a mask of its spectrogram, where no separation network is at hand.

The leading melody is followed by dynamic programming over the salience of pitches: harmonics speak for a pitch,
what lies half-way between them against it. All pitches are weighed that people sing: a range for men or women
would hold the melody better, but by a gender that is wrong it would be lost. What lies on its harmonics is kept.

A stand-in: consonants are lost, drums and chords that fall on the harmonics stay, and an instrument that leads is
taken for a voice. (Masks against percussion and repetition, tried on top, made the level of the voice worse:
docs/s2cap.md.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

Floats = NDArray[np.float32]

SAMPLE_RATE = 16_000
WINDOW, HOP = 2048, 512
LOWEST_PITCH, HIGHEST_PITCH, PITCH_STEP = 40.0, 79.0, 0.25
"""MIDI pitches that are weighed."""
SALIENT_FROM_HZ, SALIENT_TO_HZ = 200.0, 3500.0
"""Below is the bass."""
HARMONICS, DECAY, BETWEEN = 10, 0.85, 0.8
STEP_PENALTY = 0.1
"""Price of a semitone between two frames, in units of a loud frame's salience; at most that of an octave."""
HARMONIC_WIDTH_HZ, VIBRATO = 16.0, 0.02
HIGHEST_HZ, LOWEST_HZ = 6000.0, 90.0
FLOOR = 1e-9


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Complex frames (frames, WINDOW // 2 + 1) of a waveform of `samples` samples at 16 kHz."""

    frames: NDArray[np.complex64]
    samples: int


@dataclass(frozen=True, slots=True)
class Masked:
    """What was taken for the voice (samples,), and the melody that was followed: MIDI pitch (frames,)."""

    vocals: Floats
    pitches: Floats


def spectrogram(waveform: Floats) -> Spectrogram:
    """Hann windows of 128 ms every 32 ms, centred; samples (samples,) at 16 kHz."""
    padded = np.pad(waveform.astype(np.float32), (WINDOW // 2, WINDOW + HOP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    frames = sp_fft.rfft(windows * _window(), axis=1).astype(np.complex64)
    return Spectrogram(frames, len(waveform))


def waveform_of(spectra: Spectrogram) -> Floats:
    """The waveform of a (masked) spectrogram by weighted overlap and add, shape (samples,)."""
    window = _window()
    pieces = sp_fft.irfft(spectra.frames, WINDOW, axis=1).astype(np.float32) * window
    total = np.zeros(len(pieces) * HOP + WINDOW, np.float32)
    weight = np.zeros_like(total)
    for number, piece in enumerate(pieces):
        total[number * HOP : number * HOP + WINDOW] += piece
        weight[number * HOP : number * HOP + WINDOW] += window**2
    first = WINDOW // 2
    end = first + spectra.samples
    return np.asarray(total[first:end] / np.maximum(weight[first:end], 1e-3), np.float32)


def _window() -> Floats:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


def vocals_of(waveform: Floats) -> Masked:
    """The voice in a mix, both (samples,) at 16 kHz."""
    spectra = spectrogram(waveform)
    magnitudes = np.abs(spectra.frames)
    pitches = leading_melody(magnitudes)
    mask = harmonics_of(pitches, magnitudes.shape[1])
    masked = (spectra.frames * mask).astype(np.complex64)
    return Masked(waveform_of(Spectrogram(masked, spectra.samples)), pitches)


def leading_melody(magnitudes: Floats) -> Floats:
    """MIDI pitch of the leading voice in every frame, (frames,): the path of greatest salience less its steps."""
    pitches = np.arange(LOWEST_PITCH, HIGHEST_PITCH + PITCH_STEP / 2, PITCH_STEP).astype(np.float32)
    salience = magnitudes @ _weights(magnitudes.shape[1]).T
    salience -= salience.mean(axis=1, keepdims=True)
    scores = salience / max(float(np.percentile(salience.max(axis=1), 80)), FLOOR)
    steps = STEP_PENALTY * np.minimum(np.abs(pitches[:, None] - pitches[None]), 12.0)
    best, back = scores[0], np.zeros(scores.shape, np.int16)
    for frame in range(1, len(scores)):
        arriving = best[None] - steps
        back[frame] = arriving.argmax(axis=1)
        best = arriving.max(axis=1) + scores[frame]
    path = [int(best.argmax())]
    for frame in range(len(scores) - 1, 0, -1):
        path.append(int(back[frame, path[-1]]))
    return np.asarray(pitches[path[::-1]], np.float32)


@lru_cache(maxsize=1)
def _weights(bins: int) -> Floats:
    """What every bin counts for every pitch, (pitches, bins), each place shared by its two nearest bins."""
    pitches = np.arange(LOWEST_PITCH, HIGHEST_PITCH + PITCH_STEP / 2, PITCH_STEP)
    weights = np.zeros((len(pitches), bins), np.float32)
    pitch_hz = 440.0 * 2 ** ((pitches - 69.0) / 12)
    for harmonic in range(1, HARMONICS + 1):
        for multiple, sign in ((harmonic, 1.0), (harmonic - 0.5, -BETWEEN)):
            place_hz = multiple * pitch_hz
            able = np.flatnonzero((place_hz > SALIENT_FROM_HZ) & (place_hz < SALIENT_TO_HZ))
            place = place_hz[able] * WINDOW / SAMPLE_RATE
            lower = place.astype(int)
            share = place - lower
            weights[able, lower] += sign * DECAY ** (harmonic - 1) * (1 - share)
            weights[able, lower + 1] += sign * DECAY ** (harmonic - 1) * share
    return weights


def harmonics_of(pitches: Floats, bins: int) -> Floats:
    """1 near the harmonics of each frame's pitch, 0 elsewhere, (frames, bins)."""
    pitch_hz = 440.0 * 2 ** ((pitches[:, None].astype(np.float64) - 69.0) / 12)
    bin_hz = np.arange(bins) * SAMPLE_RATE / WINDOW
    nearest = np.maximum(1.0, np.round(bin_hz[None] / pitch_hz))
    away = np.abs(bin_hz[None] - nearest * pitch_hz)
    inside = away <= HARMONIC_WIDTH_HZ + VIBRATO * nearest * pitch_hz * 0.5
    heard = (bin_hz >= LOWEST_HZ) & (bin_hz <= HIGHEST_HZ)
    return (inside & heard[None]).astype(np.float32)
