"""Fits what tempo and metre rest on: decoder, metrical level, confidences; on tuning seeds only.

    python benchmarks/tempo_fit.py --pieces 90 --cache CACHE

Every piece is heard twice: as rendered, and at another tape speed (0.75 to 1.35), so that tempi from 45 to 240 BPM
occur. Pieces are weighted so that their tempi follow the log-normal of Ellis, "Beat tracking by dynamic
programming", 2007 (120 BPM, 0.9 octaves), whatever the generator prefers. Sounds without pulse (pads, irregular
plucks, babble, glides, noise) teach the confidence of a tempo what nothing looks like. The weights are printed;
they are copied into `linernotes.features` by hand.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.optimize import minimize

from linernotes.audio import decode
from linernotes.datasets.rendered import FIRST_TUNING_SEED, render_set
from linernotes.features.frames import Frames, Series
from linernotes.features.rhythm import beat_level, metre, tempo
from linernotes.features.rhythm.beat_level import LevelWeights, beats_of_pulses, level_evidence
from linernotes.features.rhythm.beats import BeatDecoder, BeatModel, beat_positions, beat_times
from linernotes.features.rhythm.beats_net import RATE_HZ, SAMPLE_RATE, BeatNet, spectral_features
from linernotes.features.rhythm.local_tempo import dominant_bpm, local_tempo
from linernotes.features.rhythm.onsets import onset_filters

SLOWEST_TAPE, FASTEST_TAPE = 0.75, 1.35
TOLERANCE = 0.04
PRIOR_BPM, PRIOR_OCTAVES = 120.0, 0.9
NOISES = 60

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """What the network made of one recording, and the truth; `bpm` is 0 where there is no pulse."""

    name: str
    bpm: float
    metre: str
    activation: Floats  # (frames, 2)
    onset_bands: Floats  # (frames, 5)


def hear(waveform: Floats, cache: Path) -> tuple[Floats, Floats]:
    """Activation (frames, 2) and onset bands (frames, 5), kept in `cache`."""
    if not cache.is_file():
        features = spectral_features(waveform)
        activation = BeatNet().activation(features)[:, :2]
        onset_bands = features[:, features.shape[1] // 2 :] @ onset_filters()
        np.savez(cache, activation=activation, onset_bands=onset_bands)
    with np.load(cache) as kept:
        return kept["activation"], kept["onset_bands"]


def heard_pieces(count: int, cache: Path) -> Iterator[Heard]:
    """Each piece as it is, and at another tape speed."""
    seeds = range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + count)
    for item in render_set(seeds, cache):
        piece = item.piece
        speed = float(
            np.exp(np.random.default_rng(piece.seed).uniform(*np.log([SLOWEST_TAPE, FASTEST_TAPE])))
        )
        waveform: Floats | None = None
        for factor in (1.0, speed):
            name = f"{piece.seed}-{factor:.3f}"
            kept = cache / f"{name}.npz"
            if not kept.is_file():
                waveform = decode(item.audio_path, SAMPLE_RATE).waveform if waveform is None else waveform
                played = soxr.resample(waveform, SAMPLE_RATE * factor, SAMPLE_RATE)
                hear(played.astype(np.float32), kept)
            activation, onset_bands = hear(np.zeros(0, np.float32), kept)
            yield Heard(name, piece.tempo_bpm * factor, piece.metre, activation, onset_bands)


def pulseless(seed: int, seconds: float = 20.0) -> Floats:
    """A sound without pulse: pads, irregular plucks, babble, glides or noise, by turns."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = 0.01 * rng.standard_normal(len(t))
    kind = seed % 5
    rate_hz = (0.3, 3.0, 4.0, 0.4, 0.1)[kind]
    start = 0.0
    while (start := start + rng.gamma(2.0, 0.5 / rate_hz)) < seconds:
        sounding = (t >= start) & (t < start + (8.0, 2.0, 0.6, 6.0, 20.0)[kind])
        age = t[sounding] - start
        hz = 110.0 * 2.0 ** (rng.integers(0, 36) / 12)
        noise = rng.standard_normal(len(age))
        if kind == 0:
            sound = np.sin(2 * np.pi * hz * age) * age**2 * np.exp(-age)
        elif kind == 1:
            tone = sum(np.sin(2 * np.pi * hz * k * age) / k for k in range(1, 6))
            sound = rng.uniform(0.3, 1) * tone * np.exp(-rng.uniform(2, 8) * age)
        elif kind == 2:
            vowel = np.sin(2 * np.pi * hz * age) * noise.cumsum().clip(-3, 3)
            sound = 20 * vowel * age * np.exp(-age / rng.uniform(0.03, 0.1))
        elif kind == 3:
            bend_hz = rng.uniform(-200, 200)
            sound = np.sin(2 * np.pi * (hz * age + bend_hz * np.sin(age) / 2)) * age * np.exp(-age * 1.5)
        else:
            sound = noise * np.sin(np.pi * age / 20.0) * rng.uniform(0.2, 1)
        wave[sounding] += sound
    quiet: Floats = (0.5 * wave / np.abs(wave).max()).astype(np.float32)
    return quiet


def pulses_of(heard: Heard, model: BeatModel) -> NDArray[np.int64]:
    decoder = BeatDecoder(model)
    decoder.push(heard.activation.sum(axis=1))
    return decoder.finish()


def prior_weights(heard: Sequence[Heard]) -> Doubles:
    """Weights that make tempi follow the log-normal prior, mean 1, (heard,)."""
    octaves = np.log2([item.bpm / PRIOR_BPM for item in heard])
    density = np.exp(-0.5 * ((octaves[:, None] - octaves) / 0.15) ** 2).mean(axis=1)
    weights = np.minimum(np.exp(-0.5 * (octaves / PRIOR_OCTAVES) ** 2) / density, 20.0)
    scaled: Doubles = np.minimum(weights / weights.mean(), 4.0)
    return scaled


def compare_models(heard: Sequence[Heard], weights: Doubles) -> None:
    """How often the pulse is the beat, or two or three times as fast, under various decoders."""
    for change, floor, rate, between in product((60.0, 120.0), (0.03, 0.06), (0.1, 0.2), (1.0, 1.5)):
        model = BeatModel(change_cost=change, floor=floor, beat_rate=rate, between_weight=between)
        ratios = []
        for item in heard:
            pulses = pulses_of(item, model)
            ratios.append(dominant_bpm(local_tempo(pulses / RATE_HZ)) / item.bpm if len(pulses) > 8 else 0.0)
        hits = np.abs(np.array(ratios)[:, None] / np.array(beat_level.LEVELS) - 1) < TOLERANCE
        found, direct = (np.average(hit, weights=weights) for hit in (hits.any(axis=1), hits[:, 0]))
        print(
            f"change {change:g} floor {floor} rate {rate} between {between}: {found:.3f}, level 1 {direct:.3f}"
        )


def fit_level(heard: Sequence[Heard], weights: Doubles) -> LevelWeights:
    """Conditional logit over the levels, and its accuracy in eightfold cross-validation."""
    rows, truths, kept = [], [], []
    for item, weight in zip(heard, weights, strict=True):
        pulses = pulses_of(item, BeatModel())
        bpm = dominant_bpm(local_tempo(pulses / RATE_HZ))
        level = [
            i for i, level in enumerate(beat_level.LEVELS) if abs(bpm / level / item.bpm - 1) < TOLERANCE
        ]
        if level:
            evidence = level_evidence(pulses, item.activation, item.onset_bands, bpm)
            rows.append([each.features for each in evidence])
            truths.append(level[0])
            kept.append(weight)
    x, y, w = np.array(rows), np.array(truths), np.array(kept)
    right = np.zeros(len(y))
    for fold in range(8):
        out = np.arange(len(y)) // 2 % 8 == fold  # both speeds of a piece are left out together
        right[out] = (x[out] @ fit_choice(x[~out], y[~out], w[~out])).argmax(axis=1) == y[out]
    print(
        f"level: {len(y)} of {len(heard)} pulses are at a level; chosen right {np.average(right, weights=w):.3f}"
    )
    return LevelWeights(*[float(value) for value in fit_choice(x, y, w).round(2)])


def fit_choice(x: Doubles, y: NDArray[np.int64], w: Doubles, ridge: float = 0.003) -> Doubles:
    """Weights of a conditional logit, x (n, choices, features), y (n,) -> (features,)."""

    def loss(beta: Doubles) -> float:
        score = x @ beta
        score = score - score.max(axis=1, keepdims=True)
        chosen = score[np.arange(len(y)), y] - np.log(np.exp(score).sum(axis=1))
        return float(-np.average(chosen, weights=w) + ridge * beta @ beta)

    fitted: Doubles = minimize(loss, np.zeros(x.shape[2])).x
    return fitted


def fit_yes(x: Doubles, y: Doubles, w: Doubles, ridge: float = 0.002) -> Doubles:
    """Weights of a logistic regression, offset first, x (n, features), y (n,) of 0 and 1 -> (1 + features,)."""
    x = np.concatenate([np.ones((len(x), 1)), x], axis=1)

    def loss(beta: Doubles) -> float:
        score = x @ beta
        return float(
            np.average(np.logaddexp(0.0, score) - y * score, weights=w) + ridge * beta[1:] @ beta[1:]
        )

    fitted: Doubles = minimize(loss, np.zeros(x.shape[1])).x
    return fitted


def frames_of(heard: Heard, weights: LevelWeights) -> Frames:
    """What a listener with these level weights would hand to the estimators."""
    beats = beats_of_pulses(pulses_of(heard, BeatModel()), heard.activation, heard.onset_bands, weights)
    count = len(heard.activation)
    series = {
        "beat_activation": Series(heard.activation, RATE_HZ),
        "onset_strength": Series(heard.onset_bands.mean(axis=1), RATE_HZ),
        "beat_position": Series(beat_positions(beats, count), RATE_HZ),
    }
    return Frames(0.0, count / RATE_HZ, series)


def stretches(frames: Frames) -> Iterator[Frames]:
    """The whole, and pieces of 20 and 10 s, since sections are judged by the same numbers."""
    yield frames
    for seconds in (20.0, 10.0):
        if frames.duration_s > seconds:
            start = (frames.duration_s - seconds) / 2
            yield frames.between(start, start + seconds)


def short_cuts(heard: Heard) -> Iterator[Heard]:
    """Clips of 6 s, whose pulse and level have to be found in so little."""
    frames = int(6 * RATE_HZ)
    start = len(heard.activation) // 3
    within = slice(start, start + frames)
    yield Heard(heard.name, heard.bpm, heard.metre, heard.activation[within], heard.onset_bands[within])


def fit_tempo_confidence(heard: Sequence[Heard], weights: LevelWeights) -> None:
    """Logistic regression on whether the tempo is within 4 %, with its calibration in cross-validation."""
    rows, right, groups = [], [], []
    for item in heard:
        for frames in stretches(frames_of(item, weights)):
            times_s = beat_times(frames)
            if len(times_s) < tempo.FEWEST_BEATS:
                continue
            local = local_tempo(times_s)
            bpm = dominant_bpm(local)
            rows.append(tempo.confidence_features(tempo.beat_evidence(frames, times_s, local, bpm)))
            right.append(bool(item.bpm) and abs(bpm / item.bpm - 1) < TOLERANCE)
            groups.append(zlib.crc32(item.name.split("-")[0].encode()))
    report_yes("tempo confidence", np.array(rows), np.array(right, float), np.array(groups))


def fit_metre(heard: Sequence[Heard], weights: LevelWeights) -> None:
    """Logistic regressions on whether a bar has four, or three beats, where the beat is right."""
    rows: list[tuple[float, ...]] = []
    four, three, six, groups = [], [], [], []
    for number, item in enumerate(heard):
        for frames in stretches(frames_of(item, weights)):
            times_s = beat_times(frames)
            if len(times_s) < metre.FEWEST_BEATS:
                continue
            evidence = metre.metre_evidence(frames, times_s)
            rows.append((evidence.four, evidence.three, evidence.two, evidence.ternary))
            four.append(item.metre == "4/4")
            three.append(item.metre == "3/4")
            six.append(item.metre == "6/8")
            groups.append(number // 2)
    for name, truth in (("4/4", four), ("3/4", three), ("6/8", six)):
        report_yes(f"metre {name}", np.array(rows), np.array(truth, float), np.array(groups))


def report_yes(name: str, x: Doubles, y: Doubles, groups: NDArray[np.int64]) -> None:
    """Print a logistic regression and how well it is calibrated when groups are left out."""
    ones, predicted = np.ones(len(y)), np.zeros(len(y))
    for fold in range(8):
        out = groups % 8 == fold
        beta = fit_yes(x[~out], y[~out], ones[~out])
        predicted[out] = 1 / (1 + np.exp(-beta[0] - x[out] @ beta[1:]))
    print(f"{name}: n {len(y)}, true {y.mean():.2f}, weights {fit_yes(x, y, ones).round(2).tolist()}")
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.01)):
        at = (predicted >= low) & (predicted < high)
        if at.any():
            said, true = predicted[at].mean(), y[at].mean()
            print(f"  said {low:.1f}-{high:.1f}: n {at.sum()}, said {said:.2f}, is {true:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pieces", type=int, default=90)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--models", action="store_true", help="compare settings of the decoder too")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    heard = list(heard_pieces(options.pieces, options.cache))
    weights = prior_weights(heard)
    if options.models:
        compare_models(heard, weights)
    level = fit_level(heard, weights)
    print(level)
    noises = [
        Heard(f"noise{seed}", 0.0, "", *hear(pulseless(seed), options.cache / f"noise-{seed}.npz"))
        for seed in range(NOISES)
    ]
    short = [cut for item in (*heard, *noises) for cut in short_cuts(item)]
    fit_tempo_confidence([*heard, *noises, *short], level)
    fit_metre(heard, level)


if __name__ == "__main__":
    main()
