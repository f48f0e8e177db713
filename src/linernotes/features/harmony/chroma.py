"""What is heard of pitch: a semitone spectrum in tune with the recording, and the chroma that follow from it.

The spectrum is taken at three bins a semitone, whitened over its neighbourhood (after Mauch and Dixon,
"Approximate note transcription for the improved identification of difficult chords", ISMIR 2010), and folded to
semitones in the tuning of the last minute or two, so that a mix of recordings in different tunings works and a
ten-hour file fits in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from linernotes.features.frames import Series
from linernotes.features.harmony.chord_net import LOWEST_NOTE, NOTES, load_chord_net
from linernotes.spectra import Floats, Framer, power_spectrum

SAMPLE_RATE = 16000
RATE_HZ = 10.0
BASS_NOTES = 24
"""The lowest semitones, E1 to D#3, make the bass chroma."""

_BINS_PER_NOTE = 3
_FINE_BINS = (NOTES + 2) * _BINS_PER_NOTE
_LONG, _SHORT = 16384, 8192
_SPLIT_NOTE = 52
"""Below E3 the long window (1.0 s) separates semitones; above it the short one (0.5 s) follows the chords."""
_FRAMES_AT_ONCE = 32
"""So that spectra stay in the processor's cache."""
_BATCH_FRAMES = 300
_TUNING_KEEPS = 0.75
"""What is left of the tuning heard before, after each batch of 30 s: a memory of about two minutes."""
_WHITENED_BINS = 12 * _BINS_PER_NOTE + 1
_FLOOR = 4e-3
"""Square root of the magnitude (-96 dB) that a peak must well exceed to count."""


class ChromaListener:
    """Hears the pitched content of a recording at 10 frames a second.

    Series: "chroma" and "bass_chroma" (frames, 12), whitened strength of the pitch classes from C; "chords"
    (frames, 97), log probabilities of the chord network (`chord_net.QUALITIES` root by root, no chord last);
    "tuning" (frames, 2), cosine and sine of the deviation of the spectral peaks from A = 440 Hz (a full turn is
    100 cents, length 0 to 1 says how well they agree); "harmony_level" (frames,), level in dB of what lies
    between E1 and G7 (a full-scale sine has 0).
    """

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._framer = Framer(_LONG, int(SAMPLE_RATE / RATE_HZ))
        self._fine: list[Floats] = []
        self._waiting_tunings: list[Floats] = []
        self._tuning_so_far = np.zeros(2)
        self._semitones: list[NDArray[np.float16]] = []
        self.tunings: list[Floats] = []
        self.levels: list[Floats] = []

    def push(self, waveform: NDArray[np.float32]) -> None:
        """Take the next samples, shape (samples,), of any length."""
        self._hear(self._framer.push(waveform))
        while sum(map(len, self._fine)) >= _BATCH_FRAMES:
            self._fold()

    def finish(self) -> Mapping[str, Series]:
        """Flush the tail and return the series, by name."""
        semitones = self.finish_semitones()
        return {
            "chords": Series(load_chord_net()(semitones), RATE_HZ),
            "chroma": Series(fold_octaves(semitones), RATE_HZ),
            "bass_chroma": Series(fold_octaves(semitones[:, :BASS_NOTES]), RATE_HZ),
            "tuning": Series(_joined(self.tunings, np.zeros((0, 2), np.float32)), RATE_HZ),
            "harmony_level": Series(_joined(self.levels, np.zeros(0, np.float32)), RATE_HZ),
        }

    def finish_semitones(self) -> NDArray[np.float16]:
        """Flush the tail and return the whitened strength of each semitone from E1, (frames, 76)."""
        self._hear(self._framer.finish())
        while sum(map(len, self._fine)):
            self._fold()
        semitones = _joined(self._semitones, np.zeros((0, NOTES), np.float16))
        self._semitones.clear()
        return semitones

    def _hear(self, frames: Floats) -> None:
        for start in range(0, len(frames), _FRAMES_AT_ONCE):
            long = frames[start : start + _FRAMES_AT_ONCE]
            margin = (_LONG - _SHORT) // 2
            low = np.sqrt(power_spectrum(long)) * np.float32(4 / _LONG)
            high = np.sqrt(power_spectrum(long[:, margin : margin + _SHORT])) * np.float32(4 / _SHORT)
            split = (_SPLIT_NOTE - LOWEST_NOTE + 1) * _BINS_PER_NOTE
            fine = np.hstack([low @ _note_filters(_LONG)[:, :split], high @ _note_filters(_SHORT)[:, split:]])
            self._fine.append(fine)
            self._waiting_tunings.append(deviation_of_peaks(low))
            self.levels.append(level_db(low))

    def _fold(self) -> None:
        """Turn waiting frames, up to 30 s of them, into semitones in the tuning heard until now."""
        waiting = np.concatenate(self._fine)
        batch, self._fine = waiting[:_BATCH_FRAMES], [waiting[_BATCH_FRAMES:]]
        heard = np.concatenate(self._waiting_tunings)
        self._waiting_tunings = [heard[len(batch) :]]
        self.tunings.append(heard[: len(batch)])
        self._tuning_so_far = _TUNING_KEEPS * self._tuning_so_far + heard[: len(batch)].sum(axis=0)
        cents = cents_of(self._tuning_so_far)
        self._semitones.append((whitened(batch) @ _semitone_filters(round(cents))).astype(np.float16))


def level_db(magnitudes: Floats) -> Floats:
    """Level from E1 to G7 of long spectra, (frames, bins) -> (frames,); a full-scale sine has 0 dB."""
    first, last = int(41 * _LONG / SAMPLE_RATE), int(3200 * _LONG / SAMPLE_RATE)
    # A Hann window spreads a sine over bins whose squared magnitudes add up to 1.5.
    power = (magnitudes[:, first:last] ** 2).sum(axis=1) / 1.5
    return np.asarray(10 * np.log10(power + 1e-12), np.float32)


def whitened(fine: Floats) -> Floats:
    """How far each bin stands out of the six semitones to either side, (frames, bins), never negative."""
    root = np.sqrt(fine)
    mean = uniform_filter1d(root, _WHITENED_BINS, axis=1, mode="nearest")
    variance = uniform_filter1d(root**2, _WHITENED_BINS, axis=1, mode="nearest") - mean**2
    above = np.maximum(root - mean, 0) / (np.sqrt(np.maximum(variance, 0)) + np.float32(_FLOOR))
    return np.asarray(above, np.float32)


def fold_octaves(semitones: NDArray[Any]) -> NDArray[np.float16]:
    """Sum of the octaves of each pitch class, (frames, notes from E1) -> (frames, 12) from C."""
    chroma = np.zeros((len(semitones), 12), np.float32)
    for note in range(semitones.shape[1]):
        chroma[:, (LOWEST_NOTE + note) % 12] += semitones[:, note]
    return chroma.astype(np.float16)


def cents_of(deviation: NDArray[Any]) -> float:
    """Cents from A = 440 Hz, -50 to 50, of a deviation given as (cosine, sine)."""
    return float(np.degrees(np.arctan2(deviation[1], deviation[0])) / 3.6)


def deviation_of_peaks(magnitudes: Floats) -> Floats:
    """Mean deviation of the peaks of long spectra from equal temperament, (frames, bins) -> (frames, 2).

    Peaks are refined by a parabola through three log magnitudes, and weigh as the root of their magnitude.
    """
    bin_hz = SAMPLE_RATE / _LONG
    first, last = int(110 / bin_hz), int(2000 / bin_hz)
    root = np.sqrt(magnitudes[:, first - 1 : last + 1])
    before, here, after = root[:, :-2], root[:, 1:-1], root[:, 2:]
    threshold = 2 * here.mean(axis=1, keepdims=True) + _FLOOR
    frame, peak = np.nonzero((here > before) & (here >= after) & (here > threshold))
    weight = here[frame, peak]
    logs = [np.log(part[frame, peak] + 1e-9) for part in (before, here, after)]
    shift = 0.5 * (logs[0] - logs[2]) / (logs[0] - 2 * logs[1] + logs[2] - 1e-9)
    notes = 12 * np.log2((first + peak + shift) * bin_hz / 440)
    turn = 2 * np.pi * notes
    sums = [
        np.bincount(frame, part, len(root)) for part in (weight * np.cos(turn), weight * np.sin(turn), weight)
    ]
    mean: Floats = (np.stack(sums[:2], axis=1) / (sums[2][:, None] + 1e-9)).astype(np.float32)
    return mean


def _joined(parts: Sequence[NDArray[Any]], empty: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([empty, *parts])


@lru_cache(maxsize=4)
def _note_filters(length: int) -> Floats:
    """Triangles a third of a semitone wide, or a spectral bin where that is more, (bins, fine bins)."""
    steps = np.arange(_FINE_BINS) / _BINS_PER_NOTE - 1 - 1 / _BINS_PER_NOTE
    centres_hz = 440 * 2 ** ((LOWEST_NOTE + steps - 69) / 12)
    bin_hz = SAMPLE_RATE / length
    widths_hz = np.maximum(centres_hz * (2 ** (1 / 12 / _BINS_PER_NOTE) - 1), bin_hz)
    distance = np.abs(np.arange(length // 2 + 1)[:, None] * bin_hz - centres_hz) / widths_hz
    weights = np.maximum(0, 1 - distance)
    return np.asarray(weights / weights.sum(axis=0), np.float32)


@lru_cache(maxsize=101)
def _semitone_filters(cents: int) -> Floats:
    """Triangles a semitone wide around the notes of a tuning, (fine bins, notes)."""
    steps = np.arange(_FINE_BINS) / _BINS_PER_NOTE - 1 - 1 / _BINS_PER_NOTE
    distance = np.abs(steps[:, None] - np.arange(NOTES) - cents / 100)
    return np.asarray(np.maximum(0, 1 - distance / 0.6), np.float32)
