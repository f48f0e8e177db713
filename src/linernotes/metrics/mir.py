"""How right estimates of key, tempo, chords and beats are, by the measures of MIREX through mir_eval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linernotes.registry import need_extra

EXTRA = "mir"

TEMPO_TOLERANCE = 0.04
"""Share of the tempo by which an estimate may be off (Gouyon et al., 2006)."""

OCTAVES = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
"""Accuracy 2 also takes these multiples of the tempo."""

ChordSpan = tuple[float, float, str]
"""(start in s, end in s, label as Harte writes it, such as `A:min`; `N` is no chord)."""


def key_weighted_score(reference: str, estimate: str | None) -> float:
    """1 for the key, 0.5 a fifth above, 0.3 for its relative, 0.2 for its parallel, else 0; None is no answer.

    Keys are written as `C major` or `f# minor`.

    Raises:
        ValueError: a key can't be read.
    """
    return float(_mir_eval("key").weighted_score(reference, estimate)) if estimate else 0.0


def tempo_correct(
    reference_bpm: float | None, estimate_bpm: float | None, *, factors: Sequence[float] = (1.0,)
) -> float:
    """1 if the estimate is within 4 % of the tempo times one of `factors`: accuracy 1, or 2 with `OCTAVES`."""
    if reference_bpm is None or estimate_bpm is None:
        return 0.0
    tempos = [reference_bpm * factor for factor in factors]
    return float(any(abs(estimate_bpm - tempo) <= TEMPO_TOLERANCE * tempo for tempo in tempos))


def chord_overlap(
    reference: Sequence[ChordSpan], estimate: Sequence[ChordSpan], *, comparison: str = "majmin"
) -> float:
    """Share of the time whose chord is right by one of mir_eval's comparisons; time without an answer is `N`.

    Raises:
        ValueError: there is no reference, a label can't be read, or mir_eval has no such comparison.
    """
    chord, spans = _mir_eval("chord"), _mir_eval("util")
    if not hasattr(chord, comparison):
        raise ValueError(f"mir_eval compares no chords by {comparison!r}; majmin, sevenths, root, thirds ...")
    times, labels = _intervals(reference)
    answers, answer_labels = _intervals(estimate or [(0.0, float(times[-1, 1]), "N")])
    answers, answer_labels = spans.adjust_intervals(
        answers, answer_labels, times.min(), times.max(), chord.NO_CHORD, chord.NO_CHORD
    )
    merged, left, right = spans.merge_labeled_intervals(times, labels, answers, answer_labels)
    durations = spans.intervals_to_durations(merged)
    return float(chord.weighted_accuracy(getattr(chord, comparison)(left, right), durations))


def beat_f(reference_s: ArrayLike, estimate_s: ArrayLike) -> float:
    """F measure of beats that are within 70 ms, the first five seconds left out, as MIREX does."""
    beat = _mir_eval("beat")
    truth, found = (beat.trim_beats(np.sort(np.asarray(times, float))) for times in (reference_s, estimate_s))
    return float(beat.f_measure(truth, found)) if len(truth) and len(found) else 0.0


def _intervals(spans: Sequence[ChordSpan]) -> tuple[NDArray[np.float64], list[str]]:
    """((spans, 2) in s, labels)."""
    if not spans:
        raise ValueError("chords can't be compared with a reference that has none")
    return np.array([[start_s, end_s] for start_s, end_s, _ in spans]), [label for _, _, label in spans]


def _mir_eval(task: str) -> Any:
    need_extra("mir_eval", EXTRA)
    return need_extra(f"mir_eval.{task}", EXTRA)
