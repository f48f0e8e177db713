"""How the voice that is heard sounds: inaSpeechSegmenter's male/female network, and how high the voice lies.

The network looks at 0.68 s of a 24-band log mel spectrum. Of every two seconds only the stretch in which the
voice events are surest of a voice is shown to it, and none where they hear none, so that it stays cheap.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sp_fft

from linernotes.features.frames import Series
from linernotes.features.voice.voice_events import (
    FRAME_LENGTH,
    FRAMES_AVERAGED,
    HOP,
    MUSIC,
    N_FFT,
    SAMPLE_RATE,
    VoiceEventsListener,
)
from linernotes.features.voice.voice_pitch import voice_pitch
from linernotes.networks import open_network
from linernotes.spectra import mel_filterbank

Floats = NDArray[np.float32]

BANDS, LOWEST_HZ = 24, 100.0
PATCH_FRAMES = 68
PATCH_SAMPLES = (PATCH_FRAMES - 1) * HOP + FRAME_LENGTH
PATCH_STEPS = -(-PATCH_FRAMES // FRAMES_AVERAGED)
"""Frames of the voice events that a patch reaches into."""

WINDOW_S = 2.0
LEAST_VOICE = 0.5
LEAST_POWER = 0.1
"""Of a voice alone, what has less power than this share of its loud parts is not looked at."""
STEP_SAMPLES = HOP * FRAMES_AVERAGED
WINDOW_STEPS = round(WINDOW_S * SAMPLE_RATE / STEP_SAMPLES)


@lru_cache(maxsize=1)
def bands() -> Floats:
    """The network's mel filters, shape (24, N_FFT // 2 + 1).

    They are area-normalised triangles on the HTK scale whose last, partial bin is left out.
    """
    filters = mel_filterbank(SAMPLE_RATE, N_FFT, BANDS, low_hz=LOWEST_HZ, scale="htk").copy()
    for band in filters:
        upper_hz = (np.flatnonzero(band)[-1] + 1) * SAMPLE_RATE / N_FFT
        if upper_hz < SAMPLE_RATE / 2:
            band[np.flatnonzero(band)[-1]] = 0.0
    return filters


def log_mel_24(waveform: Floats) -> Floats:
    """Log energies in 24 mel bands, 100 frames a second, (samples,) -> (frames, 24); frame i starts at 10 i ms."""
    windows = np.lib.stride_tricks.sliding_window_view(waveform, FRAME_LENGTH)[::HOP]
    emphasised = windows.astype(np.float32, copy=True)
    emphasised[:, 1:] -= np.float32(0.97) * windows[:, :-1]
    emphasised[:, 0] *= np.float32(0.03)
    spectrum = sp_fft.rfft(emphasised * np.hanning(FRAME_LENGTH).astype(np.float32), n=N_FFT, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    energies: Floats = np.log(np.maximum(power @ bands().T, np.float32(1e-20))).astype(np.float32)
    return energies


def patch(waveform: Floats) -> Floats:
    """What the network is shown of PATCH_SAMPLES samples: mean 0, deviation 1, shape (68, 24)."""
    energies = log_mel_24(waveform)
    scaled: Floats = (energies - energies.mean()) / max(float(energies.std()), 1e-6)
    return scaled


def looks_at(voice: Floats) -> Floats:
    """How female all that is sung of a voice alone sounds, (samples,) at 16 kHz -> (looks,), 0 to 1.

    Half a patch lies between two looks; what is much quieter than the loudest is not sung.
    """
    starts = range(0, len(voice) - PATCH_SAMPLES + 1, PATCH_SAMPLES // 2)
    stretches = [voice[start : start + PATCH_SAMPLES] for start in starts]
    powers = [float(np.mean(stretch**2)) for stretch in stretches]
    least = LEAST_POWER * float(np.percentile(powers, 90)) if powers else 0.0
    patches = [patch(one) for one, power in zip(stretches, powers, strict=True) if power > least]
    if not patches:
        return np.zeros(0, np.float32)
    probabilities: Floats = open_network("gender_cnn.onnx").run(None, {"patches": np.stack(patches)})[0]
    return probabilities[:, 0]


def surest_stretch(voice: Floats) -> int:
    """Where to look: first of PATCH_STEPS consecutive frames of `voice` (frames,) whose mean is greatest."""
    sums = np.convolve(voice, np.ones(PATCH_STEPS), mode="valid")
    return int(np.argmax(sums))


def is_looked_at(window: int) -> bool:
    """Whether the window with this number may be shown: all of the first minute, then ever fewer of them."""
    start_s = window * WINDOW_S
    return window % (1 if start_s < 60 else 2 if start_s < 600 else 4) == 0


class SingerGenderListener:
    """Listener for "singer_gender" and, since it hears them anyway, "voice_events".

    "singer_gender" has a frame every 2 s, values (n, 3): the probability that the voice sounds female, the
    probability that there was a voice, and its mean MIDI pitch; 0.5, 0 and 0 where nothing was looked at.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._events = VoiceEventsListener()
        self._network = open_network("gender_cnn.onnx")
        self._waveform: Floats = np.zeros(0, np.float32)
        self._voice: Floats = np.zeros(0, np.float32)
        self._looks: list[tuple[float, float, float]] = []

    def push(self, waveform: Floats) -> None:
        self._waveform = np.concatenate([self._waveform, waveform])
        self._look(self._events.hear(waveform))

    def finish(self) -> Mapping[str, Series]:
        self._look(self._events.flush())
        if len(self._voice) >= WINDOW_STEPS // 2:
            self._look_at(len(self._voice))
        values = np.array(self._looks, np.float32).reshape(len(self._looks), 3)
        gender = Series(values, 1.0 / WINDOW_S, WINDOW_S / 2)
        return {"voice_events": self._events.series(), "singer_gender": gender}

    def _look(self, events: Floats) -> None:
        self._voice = np.concatenate([self._voice, events[:, :MUSIC].max(axis=1, initial=0.0)])
        while len(self._voice) >= WINDOW_STEPS:
            self._look_at(WINDOW_STEPS)

    def _look_at(self, steps: int) -> None:
        """Judge the window made of the first `steps` frames of voice, and let its audio go."""
        voice = self._voice[:steps]
        first = surest_stretch(voice) if steps >= PATCH_STEPS else 0
        stretch = self._waveform[first * STEP_SAMPLES : first * STEP_SAMPLES + PATCH_SAMPLES]
        sureness = float(voice[first : first + PATCH_STEPS].mean())
        self._voice = self._voice[steps:]
        self._waveform = self._waveform[steps * STEP_SAMPLES :]
        if sureness < LEAST_VOICE or len(stretch) < PATCH_SAMPLES or not is_looked_at(len(self._looks)):
            self._looks.append((0.5, 0.0, 0.0))
            return
        female = self._network.run(None, {"patches": patch(stretch)[None]})[0][0, 0]
        self._looks.append((float(female), sureness, voice_pitch(stretch)))
