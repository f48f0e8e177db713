"""Sounds that are not music, and music at the edge of what a gate might reject; every one from a random generator.

Used to fit the content gate (`fit_voice.py`). All give mono audio at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from linernotes.datasets.rendered.midi import write_midi
from linernotes.datasets.rendered.notes import PlayedNote
from linernotes.datasets.rendered.performance import DRUM_CHANNEL, Performance
from linernotes.datasets.rendered.render import SAMPLE_RATE as RENDERED_RATE
from linernotes.datasets.rendered.render import play_midi
from linernotes.datasets.rendered.singing import SungNote, sing, speak
from linernotes.datasets.rendered.voices import TUNING_SINGERS

Wave = NDArray[np.float64]
Dice = np.random.Generator
RATE = 16_000
SECONDS = 20.0
LENGTH = round(SECONDS * RATE)
TALK = "Tonight we play one more record for everybody who is still awake, and then we say good night."
SCALE = (0, 2, 4, 5, 7, 9, 11)


def levelled(wave: Wave, dice: Dice) -> Wave:
    """At a random level between -40 and -6 dB of full scale."""
    return wave / max(1e-9, float(np.abs(wave).max())) * 10 ** (dice.uniform(-40, -6) / 20)


def smooth(dice: Dice, rate_hz: float) -> Wave:
    """A random curve with deviation 1 that changes about `rate_hz` times a second, shape (LENGTH,)."""
    knots = dice.normal(size=max(4, round(SECONDS * rate_hz) + 2))
    return np.interp(np.linspace(0, len(knots) - 1, LENGTH), np.arange(len(knots)), knots)


def tone(pitch_hz: Wave, harmonics: int, dice: Dice) -> Wave:
    """A harmonic tone that follows `pitch_hz`, with random strengths of its harmonics."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE
    strengths = dice.uniform(0.2, 1.0, harmonics) / np.arange(1, harmonics + 1) ** dice.uniform(0.5, 1.8)
    parts = (gain * np.sin(k * phase) * (k * pitch_hz < RATE / 2) for k, gain in enumerate(strengths, 1))
    return np.sum(list(parts), axis=0)


def band(wave: Wave, low_hz: float, high_hz: float) -> Wave:
    return np.asarray(sosfilt(butter(2, [low_hz, high_hz], "bandpass", fs=RATE, output="sos"), wave))


def bursts(dice: Dice, a_second: float, low_s: float, high_s: float) -> list[tuple[int, int]]:
    """Spans in samples at irregular times, in order, not overlapping."""
    spans, now = [], dice.exponential(1 / a_second)
    while now < SECONDS - high_s:
        length_s = dice.uniform(low_s, high_s)
        spans.append((round(now * RATE), round((now + length_s) * RATE)))
        now += length_s + dice.exponential(1 / a_second)
    return spans


def calls(dice: Dice, *, low_hz: float, high_hz: float, low_s: float, high_s: float, a_second: float) -> Wave:
    """Gliding harmonic calls, each from one pitch to another, as animals make them."""
    wave = np.zeros(LENGTH)
    for first, last in bursts(dice, a_second, low_s, high_s):
        knots = low_hz * (high_hz / low_hz) ** dice.uniform(0, 1, int(dice.integers(2, 5)))
        place = np.linspace(0, len(knots) - 1, last - first)
        pitch_hz = np.exp(np.interp(place, np.arange(len(knots)), np.log(knots)))
        rough = 1 + dice.uniform(0, 0.03) * dice.normal(size=last - first)
        envelope = np.sin(np.linspace(0, np.pi, last - first)) ** dice.uniform(0.3, 1.5)
        wave[first:last] = (
            envelope * tone(pitch_hz * rough, int(dice.integers(1, 12)), dice) * dice.uniform(0.3, 1)
        )
    echo = np.zeros(LENGTH)
    delay = round(dice.uniform(0.1, 0.6) * RATE)
    echo[delay:] = wave[:-delay] * dice.uniform(0, 0.5)
    return wave + echo + noise_floor(dice, 0.03)


def noise_floor(dice: Dice, most: float) -> Wave:
    return band(dice.normal(size=LENGTH), 50, dice.uniform(500, 7500)) * dice.uniform(0, most)


def sea_calls(dice: Dice) -> Wave:
    wave = calls(dice, low_hz=80, high_hz=2500, low_s=0.4, high_s=3.5, a_second=0.7)
    return wave + noise_floor(dice, 0.3)


def bird_calls(dice: Dice) -> Wave:
    return calls(dice, low_hz=1500, high_hz=6500, low_s=0.03, high_s=0.4, a_second=dice.uniform(1, 6))


def barks(dice: Dice) -> Wave:
    wave = calls(dice, low_hz=150, high_hz=900, low_s=0.08, high_s=0.5, a_second=1.5)
    return wave * (1 + 0.5 * dice.normal(size=LENGTH))


def whistling(dice: Dice) -> Wave:
    """A wandering whistle that keeps to no notes."""
    pitch_hz = dice.uniform(700, 1500) * 2 ** (0.6 * smooth(dice, dice.uniform(0.5, 3)))
    return tone(pitch_hz, 2, dice) * np.clip(smooth(dice, 1.0) + 0.7, 0, None) + noise_floor(dice, 0.05)


def siren(dice: Dice) -> Wave:
    times = np.arange(LENGTH) / RATE
    pitch_hz = dice.uniform(500, 900) * 2 ** (
        dice.uniform(0.2, 0.6) * np.sin(2 * np.pi * dice.uniform(0.1, 3) * times)
    )
    return tone(pitch_hz, 8, dice) + noise_floor(dice, 0.3)


def wind(dice: Dice) -> Wave:
    wave = band(dice.normal(size=LENGTH), dice.uniform(40, 200), dice.uniform(400, 1500))
    return wave * np.exp(0.8 * smooth(dice, 0.6))


def rain(dice: Dice) -> Wave:
    drops = dice.normal(size=LENGTH) * (dice.random(LENGTH) < 10 ** dice.uniform(-3.5, -2))
    return band(drops, 800, 7000) + band(dice.normal(size=LENGTH), 300, 7000) * dice.uniform(0.01, 0.3)


def hum(dice: Dice) -> Wave:
    pitch_hz = np.full(LENGTH, dice.choice([50.0, 60.0, 100.0, 120.0]) * dice.uniform(0.999, 1.001))
    return tone(pitch_hz, int(dice.integers(3, 20)), dice) + noise_floor(dice, 0.5)


def engine(dice: Dice) -> Wave:
    pitch_hz = dice.uniform(30, 120) * 2 ** (0.5 * smooth(dice, dice.uniform(0.1, 0.6)))
    return tone(pitch_hz, 30, dice) * (1 + 0.3 * dice.normal(size=LENGTH)) + noise_floor(dice, 0.8)


def knocks(dice: Dice) -> Wave:
    """Steps, knocks, things falling: short thuds at irregular times."""
    wave = np.zeros(LENGTH)
    for first, last in bursts(dice, dice.uniform(0.5, 4), 0.05, 0.4):
        decay = np.exp(-np.linspace(0, dice.uniform(4, 9), last - first))
        wave[first:last] = (
            band(dice.normal(size=last - first), dice.uniform(60, 500), dice.uniform(800, 6000)) * decay
        )
    return wave + noise_floor(dice, 0.05)


def applause(dice: Dice) -> Wave:
    claps = dice.normal(size=LENGTH) * (dice.random(LENGTH) < dice.uniform(0.005, 0.05))
    return band(claps, 600, 5000) * np.exp(0.5 * smooth(dice, 0.3))


def crickets(dice: Dice) -> Wave:
    times = np.arange(LENGTH) / RATE
    chirp = np.sin(2 * np.pi * dice.uniform(2500, 5500) * times) * (
        np.sin(2 * np.pi * dice.uniform(15, 50) * times) > 0
    )
    return chirp * (np.sin(2 * np.pi * dice.uniform(0.5, 3) * times) > dice.uniform(-0.5, 0.5)) + noise_floor(
        dice, 0.2
    )


def static(dice: Dice) -> Wave:
    colour = dice.uniform(-1.2, 0.2)
    spectrum = np.fft.rfft(dice.normal(size=LENGTH))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** colour
    return np.fft.irfft(spectrum, LENGTH)


MADE_UP_SOUNDS: dict[str, Callable[[Dice], Wave]] = {
    make.__name__: (lambda dice, make=make: levelled(make(dice), dice))
    for make in (
        sea_calls, bird_calls, barks, whistling, siren, wind, rain, hum, engine, knocks, applause, crickets,
        static,
    )
}  # fmt: skip


def played(notes: list[PlayedNote], program: int, dice: Dice) -> Wave:
    performance = Performance(
        tuple(notes), {note.channel: program for note in notes}, {note.channel: 100 for note in notes}
    )
    stereo = play_midi(write_midi(performance, dice.uniform(-30, 30), SECONDS)).waveform
    return levelled(np.asarray(soxr.resample(stereo.mean(axis=1), RENDERED_RATE, RATE), np.float64), dice)


def tune(dice: Dice, lowest: int, beat_s: float) -> list[tuple[int, float, float]]:
    """A melody that walks over a major scale: pitch, start and end in seconds."""
    now, step, line = 0.2, int(dice.integers(0, 7)), []
    while now < SECONDS - 1:
        length_s = beat_s * float(dice.choice([0.5, 1, 1, 2]))
        step = int(np.clip(step + dice.integers(-2, 3), 0, 13))
        if dice.random() > 0.12:
            line.append((lowest + 12 * (step // 7) + SCALE[step % 7], now, now + 0.95 * length_s))
        now += length_s
    return line


def solo(dice: Dice) -> Wave:
    """One instrument alone: strings, brass, reeds, pipes, plucked or struck."""
    program = int(
        dice.choice([0, 4, 11, 13, 19, 21, 24, 26, 40, 42, 46, 56, 57, 60, 65, 68, 71, 73, 75, 79, 105, 108])
    )
    line = tune(dice, int(dice.integers(50, 68)), dice.uniform(0.25, 0.9))
    return played([PlayedNote(0, pitch, start, end, 90) for pitch, start, end in line], program, dice)


def drum_loop(dice: Dice) -> Wave:
    step_s, notes = dice.uniform(0.1, 0.2), []
    pattern = {
        int(piece): dice.random(16) < share for piece, share in ((36, 0.3), (38, 0.2), (42, 0.6), (45, 0.1))
    }
    for step in range(int((SECONDS - 1) / step_s)):
        for piece, hits in pattern.items():
            if hits[step % 16]:
                notes.append(PlayedNote(DRUM_CHANNEL, piece, step * step_s, step * step_s + 0.1, 90))
    notes.append(PlayedNote(DRUM_CHANNEL, 36, 0.0, 0.1, 90))
    return played(notes, int(dice.choice([0, 8, 16, 24, 25])), dice)


def pad(dice: Dice) -> Wave:
    """Slow chords on a synthesiser pad, an organ or strings."""
    notes, now = [], 0.0
    root = int(dice.integers(45, 58))
    while now < SECONDS - 2:
        length_s, degree = dice.uniform(3, 8), int(dice.integers(0, 7))
        pitches = (root + SCALE[(degree + third) % 7] + 12 * ((degree + third) // 7) for third in (0, 2, 4))
        notes += [PlayedNote(0, pitch, now, min(now + length_s, SECONDS), 80) for pitch in pitches]
        now += length_s
    return played(notes, int(dice.choice([16, 19, 48, 49, 50, 88, 89, 90, 92, 93, 94, 95, 97, 99])), dice)


def alone(dice: Dice) -> Wave:
    """Singing without a band."""
    singer = TUNING_SINGERS[int(dice.integers(len(TUNING_SINGERS)))]
    line = [SungNote(*note) for note in tune(dice, singer.centre - 7, dice.uniform(0.4, 0.8))]
    words = "morning light is falling over water and the road goes on without a sound"
    wave = sing(line, words, singer.voice, seed=int(dice.integers(1 << 30)))
    return levelled(np.asarray(soxr.resample(wave, RENDERED_RATE, RATE), np.float64), dice)


def talk_over(dice: Dice) -> Wave:
    """Somebody talking while music plays about as loudly: whatever the voice is, this is music."""
    music = (pad, drum_loop, solo)[int(dice.integers(3))](dice)
    singer = TUNING_SINGERS[int(dice.integers(len(TUNING_SINGERS)))]
    waveform, rate = speak(TALK, singer.voice)
    talk = np.resize(soxr.resample(waveform, rate, RATE), len(music)).astype(np.float64)
    return levelled(music / music.std() + dice.uniform(0.7, 1.4) * talk / talk.std(), dice)


MADE_UP_MUSIC: dict[str, tuple[str, Callable[[Dice], Wave]]] = {
    "solo": ("instrumental", solo),
    "drum_loop": ("instrumental", drum_loop),
    "pad": ("instrumental", pad),
    "alone": ("sung", alone),
    "talk_over": ("", talk_over),
}
