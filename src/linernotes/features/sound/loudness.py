"""Loudness as ITU-R BS.1770-4 measures it, its range as EBU Tech 3342 does, and how it moves.

Measured on the mono mix: a stereo recording whose channels are alike is 3 LU louder by the letter of BS.1770,
which adds the channels' powers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

from linernotes.clip import Fact
from linernotes.features.frames import Frames, Series

SAMPLE_RATE = 22050
SOURCE = "bs1770"
RATE_HZ = 10.0
"""Momentary loudness (400 ms) and power are given every 100 ms."""

_OFFSET_DB = -0.691
_FLOOR_DB = -120.0
_STEP = int(SAMPLE_RATE / RATE_HZ)
_MOMENTARY_STEPS, _SHORT_TERM_STEPS = 4, 30
_ABSOLUTE_GATE_LUFS = -70.0
_STEADY_LU = 5.0
_TREND_SHARE = 0.5
_TREND_LU = 5.0
_MEMORY = 4096
"""Samples after which the weighting has forgotten: the high-pass falls by 60 dB in 30 ms."""

Doubles = NDArray[np.float64]


def _second_order(b: Doubles, a: Doubles) -> Doubles:
    return np.concatenate([b / a[0], a / a[0]])[None]


@lru_cache(maxsize=4)
def k_weighting(sample_rate: int) -> Doubles:
    """The two stages of BS.1770's weighting as second-order sections, (2, 6).

    The recommendation gives coefficients for 48 kHz; these are the analogue prototypes behind them (a shelf of
    +4 dB above 1.7 kHz and a high-pass at 38 Hz), carried to any rate by the bilinear transform.
    """
    shelf_hz, shelf_db, shelf_q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    high = 10.0 ** (shelf_db / 20.0)
    band = high**0.4996667741545416
    k = np.tan(np.pi * shelf_hz / sample_rate)
    b = np.array([high + band * k / shelf_q + k * k, 2 * (k * k - high), high - band * k / shelf_q + k * k])
    a = np.array([1 + k / shelf_q + k * k, 2 * (k * k - 1), 1 - k / shelf_q + k * k])
    shelf = _second_order(b, a)
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * pass_hz / sample_rate)
    a = np.array([1 + k / pass_q + k * k, 2 * (k * k - 1), 1 - k / pass_q + k * k])
    # The numerator stays 1, -2, 1 at every rate, as in the recommendation.
    high_pass = np.concatenate([[1.0, -2.0, 1.0], a / a[0]])[None]
    sections: Doubles = np.concatenate([shelf, high_pass])
    return sections


def weighted(samples: Doubles) -> Doubles:
    """K-weighted samples, (n,) -> (n,); right from `_MEMORY` samples on, where the end's echo has died away.

    Filtering by FFT spares the import of scipy.signal, which takes as long as everything else together.
    """
    size = sp_fft.next_fast_len(len(samples), real=True)
    spectrum = sp_fft.rfft(samples, size) * _response(size)
    filtered: Doubles = sp_fft.irfft(spectrum, size)[: len(samples)]
    return filtered


@lru_cache(maxsize=4)
def _response(size: int) -> NDArray[np.complex128]:
    """The weighting's response at the frequencies of a real FFT of `size` samples, (size // 2 + 1,)."""
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    powers = np.stack([np.ones_like(delay), delay, delay**2])
    stages = k_weighting(SAMPLE_RATE)
    response: NDArray[np.complex128] = np.prod([(s[:3] @ powers) / (s[3:] @ powers) for s in stages], axis=0)
    return response


class LoudnessListener:
    """Series: "weighted_power" (frames,), K-weighted mean square of each 100 ms; "loudness" (frames,), momentary
    loudness in LUFS (400 ms every 100 ms, floor -120)."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._history = np.zeros(_MEMORY)
        self._kept = np.zeros(0)
        self._power: list[Doubles] = []

    def push(self, waveform: NDArray[np.float32]) -> None:
        """Take the next samples, shape (samples,), of any length."""
        samples = np.concatenate([self._history, waveform.astype(np.float64)])
        self._history = samples[-_MEMORY:]
        squares = np.concatenate([self._kept, np.square(weighted(samples)[_MEMORY:])])
        whole = len(squares) // _STEP
        self._power.append(squares[: whole * _STEP].reshape(whole, _STEP).mean(axis=1))
        self._kept = squares[whole * _STEP :]

    def finish(self) -> Mapping[str, Series]:
        """Flush the tail and return the series, by name."""
        if len(self._kept) >= _STEP // 2 or (len(self._kept) and not sum(map(len, self._power))):
            self._power.append(np.array([self._kept.mean()]))
        power = np.concatenate([np.zeros(0), *self._power])
        steps = min(_MOMENTARY_STEPS, max(1, len(power)))
        loudness = to_lufs(moving_mean(power, steps)).astype(np.float32)
        return {
            "weighted_power": Series(power, RATE_HZ, 0.5 / RATE_HZ),
            "loudness": Series(loudness, RATE_HZ, 0.5 * steps / RATE_HZ),
        }


def to_lufs(power: Doubles) -> Doubles:
    """Loudness of a K-weighted mean square, element by element."""
    floor = 10.0 ** ((_FLOOR_DB - _OFFSET_DB) / 10.0)
    lufs: Doubles = _OFFSET_DB + 10.0 * np.log10(np.maximum(power, floor))
    return lufs


def moving_mean(values: Doubles, width: int) -> Doubles:
    """Means of all runs of `width` values, (n,) -> (n - width + 1,), or (0,) where there are fewer."""
    if len(values) < width:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(values, width)
    means: Doubles = windows.mean(axis=1)
    return means


def integrated_lufs(power: Doubles) -> float | None:
    """Gated loudness of a whole programme (BS.1770-4, section 5), None if all of it is below the gate."""
    blocks = moving_mean(power, min(_MOMENTARY_STEPS, max(1, len(power))))
    loud = blocks[to_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return None
    relative_gate = to_lufs(loud.mean(keepdims=True))[0] - 10.0
    return float(to_lufs(loud[to_lufs(loud) > relative_gate].mean(keepdims=True))[0])


def short_term_lufs(power: Doubles) -> Doubles:
    """Loudness of 3 s every 100 ms (EBU Tech 3341), (n,) -> (n - 29,)."""
    return to_lufs(moving_mean(power, _SHORT_TERM_STEPS))


def loudness_range_lu(power: Doubles) -> float | None:
    """Spread of short-term loudness from its 10th to its 95th percentile, gated (EBU Tech 3342)."""
    means = moving_mean(power, _SHORT_TERM_STEPS)
    loud = means[to_lufs(means) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return None
    gated = to_lufs(loud[to_lufs(loud) > to_lufs(loud.mean(keepdims=True))[0] - 20.0])
    low, high = np.percentile(gated, [10, 95])
    return float(high - low)


def dynamics_of(short_term: Doubles) -> str:
    """How loudness moves, from short-term loudness in LUFS, (frames,): steady, building, fading or varied."""
    heard = np.maximum(short_term, short_term.max() - 30.0)
    low, high = np.percentile(heard, [5, 95])
    if high - low < _STEADY_LU:
        return "steady"
    position = np.linspace(-0.5, 0.5, len(heard))
    slope = float(np.polyfit(position, heard, 1)[0])
    explained = slope**2 * position.var() / heard.var()
    if explained < _TREND_SHARE or abs(slope) < _TREND_LU:
        return "varied"
    return "building" if slope > 0 else "fading"


def estimate_loudness(frames: Frames) -> list[Fact]:
    """Integrated loudness; from 6 s on its range and how it moves. Nothing of silence."""
    power = frames["weighted_power"].values
    lufs = integrated_lufs(power)
    if lufs is None:
        return []
    facts = [_fact(frames, "loudness", round(lufs, 1), "LUFS", 0.95)]
    short_term = short_term_lufs(power)
    spread = loudness_range_lu(power)
    if spread is not None and len(short_term) > _SHORT_TERM_STEPS:
        facts.append(_fact(frames, "loudness_range", round(spread, 1), "LU", 0.9))
        facts.append(_fact(frames, "dynamics", dynamics_of(short_term), "", 0.8))
    return facts


def _fact(frames: Frames, name: str, value: float | str, unit: str, confidence: float) -> Fact:
    return Fact(name, name, value, unit, confidence, SOURCE, frames.start_s, frames.end_s)
