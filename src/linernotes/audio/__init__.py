"""Recordings as mono float32 samples: whole, streamed in bounded memory, or cut into windows.

Formats, limits and what happens to each kind of bad file: `docs/audio.md`. Whatever can't be used raises
`AudioError` with one line; whatever can be used in part is used, and `warn` is told.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from linernotes.audio.errors import AudioError, FilePath, open_regular_file, shown
from linernotes.audio.mixing import SILENCE_POWER, Mixer
from linernotes.audio.sources import Source, open_source

__all__ = [
    "Audio",
    "AudioError",
    "Probe",
    "Window",
    "decode",
    "is_silent",
    "probe",
    "sha256_of",
    "shown",
    "stream",
    "windows",
]

Floats = NDArray[np.float32]
Warn = Callable[[str], None]

MIN_DURATION_S = 0.5
MIN_SAMPLE_RATE = 4_000
"""Below this, in Hz, hardly an octave of overtones is left and nothing of music can be told."""
MAX_SAMPLE_RATE = 768_000
MAX_BUFFER = 1 << 22
"""Samples of all channels held at once while decoding."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono samples, float32, shape (samples,), and their rate in Hz."""

    waveform: Floats
    sample_rate: int

    @property
    def duration_s(self) -> float:
        return len(self.waveform) / self.sample_rate

    def at_rate(self, sample_rate: int) -> Floats:
        """The samples at another rate in Hz, (samples,)."""
        if sample_rate == self.sample_rate:
            return self.waveform
        resampled = soxr.resample(self.waveform, self.sample_rate, sample_rate, quality="HQ")
        return np.asarray(resampled, np.float32)


@dataclass(frozen=True, slots=True)
class Probe:
    """What the header of a file says. `duration_s` is a promise: decoding may find less."""

    path: str
    duration_s: float
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a recording, beginning at `start_s`."""

    start_s: float
    waveform: Floats


def _say_nothing(warning: str) -> None:
    del warning


def probe(path: FilePath) -> Probe:
    """Rate, channels and duration of a file; a file whose header has no duration is decoded to find it."""
    with closing(_open_checked(path)) as source:
        duration_s = source.promised_s
        if duration_s is None:
            buffer = _buffer(source, 30.0)
            duration_s = sum(_counts(source, buffer)) / source.sample_rate
        return Probe(os.fsdecode(path), duration_s, source.sample_rate, source.channels)


def decode(path: FilePath, sample_rate: int = 16_000, *, warn: Warn = _say_nothing) -> Audio:
    """The whole file at `sample_rate` Hz; `stream` is for what may be long."""
    blocks = [block[sample_rate] for block in stream(path, [sample_rate], warn=warn)]
    return Audio(np.concatenate(blocks), sample_rate)


def stream(
    path: FilePath, sample_rates: Sequence[int], block_s: float = 30.0, warn: Warn = _say_nothing
) -> Iterator[Mapping[int, Floats]]:
    """Decode a file once and give it, at every rate asked for, in blocks of at most about `block_s` seconds.

    Each block maps a rate in Hz to samples (samples,); laid end to end they are the recording. Memory does
    not grow with the length of the file. `warn` is told, a line each, what was repaired or is missing.
    """
    if not sample_rates or min(sample_rates) <= 0 or block_s <= 0:
        raise ValueError(
            f"sample_rates={list(sample_rates)!r}, block_s={block_s}: rates and block must be above 0"
        )
    with closing(_open_checked(path)) as source:
        mixer = Mixer(source.channels)
        resamplers = {rate: _Resampler(source.sample_rate, rate) for rate in sample_rates}
        for block in _mono_blocks(path, source, mixer, block_s):
            yield {
                rate: resampler.push(block.waveform, is_last=block.is_last)
                for rate, resampler in resamplers.items()
            }
        for warning in mixer.warnings():
            warn(f"{shown(path)} {warning}")
        if broken := source.damage():
            seconds = mixer.samples / source.sample_rate
            warn(f"{shown(path)} is cut off or damaged: {broken}; the {seconds:.1f} s that decode were used")


def windows(audio: Audio, length_s: float, hop_s: float) -> Iterator[Window]:
    """Stretches of `length_s` every `hop_s` seconds; the last one keeps the tail and may be shorter."""
    length, hop = round(length_s * audio.sample_rate), round(hop_s * audio.sample_rate)
    if length <= 0 or hop <= 0:
        raise ValueError(f"length_s={length_s}, hop_s={hop_s}: both must be above 0")
    for start in range(0, len(audio.waveform), hop):
        yield Window(start / audio.sample_rate, audio.waveform[start : start + length])
        if start + length >= len(audio.waveform):
            return


def is_silent(waveform: Floats) -> bool:
    """Whether nothing can be heard in samples (samples,): all zero, below -80 dB, or a mere offset (DC)."""
    return len(waveform) == 0 or float(np.var(waveform, dtype=np.float64)) < SILENCE_POWER


def sha256_of(path: FilePath) -> str:
    """Hexadecimal SHA-256 of the bytes of a file."""
    with open(open_regular_file(path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open_checked(path: FilePath) -> Source:
    source = open_source(path)
    rate = source.sample_rate
    if MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        return source
    source.close()
    limit = f"at least {MIN_SAMPLE_RATE}" if rate < MIN_SAMPLE_RATE else f"at most {MAX_SAMPLE_RATE}"
    raise AudioError(
        f"{shown(path)} has a sample rate of {rate} Hz, where {limit} Hz are needed: "
        "its header is probably wrong; export it again at 44100 Hz"
    )


def _buffer(source: Source, block_s: float) -> Floats:
    frames = min(round(block_s * source.sample_rate), MAX_BUFFER // source.channels)
    return np.empty((max(1, frames), source.channels), np.float32)


def _counts(source: Source, buffer: Floats) -> Iterator[int]:
    while count := source.read_into(buffer):
        yield count


@dataclass(frozen=True, slots=True)
class _MonoBlock:
    waveform: Floats
    is_last: bool


def _mono_blocks(path: FilePath, source: Source, mixer: Mixer, block_s: float) -> Iterator[_MonoBlock]:
    """Mono blocks one step behind the decoder, so that the last is known as such."""
    buffer = _buffer(source, block_s)
    held = np.zeros(0, np.float32)
    for count in _counts(source, buffer):
        waveform = mixer.mix(buffer[:count])
        if len(held):
            yield _MonoBlock(held, is_last=False)
        held = waveform
    if mixer.samples < MIN_DURATION_S * source.sample_rate:
        raise _too_short(path, source, mixer.samples)
    if mixer.unusable == mixer.samples:
        raise AudioError(
            f"{shown(path)} holds no numbers, only NaN or infinity: its export failed; export it again"
        )
    yield _MonoBlock(held, is_last=True)


class _Resampler:
    """Streaming change of rate; passes samples through where the rates agree."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        self._soxr: soxr.ResampleStream | None = None
        if from_rate != to_rate:
            # HQ takes as long as MQ here, to within the noise of timing: about 0.05 s for 3 min of 44.1 kHz.
            self._soxr = soxr.ResampleStream(from_rate, to_rate, 1, quality="HQ")

    def push(self, waveform: Floats, *, is_last: bool) -> Floats:
        if self._soxr is None:
            return waveform
        resampled: Floats = self._soxr.resample_chunk(waveform, last=is_last)
        return resampled


def _too_short(path: FilePath, source: Source, samples: int) -> AudioError:
    broken = source.damage()
    if samples == 0:
        cause = f"{broken}; copy it again" if broken else "its recording or export failed; make it again"
        return AudioError(f"{shown(path)} has a header but no audio after it: {cause}")
    cause = f"{broken}; copy it again" if broken else "it is a mere effect; give a longer recording"
    return AudioError(
        f"{shown(path)} holds {samples / source.sample_rate:.2g} s of audio, where at least "
        f"{MIN_DURATION_S:g} s are needed: {cause}"
    )
