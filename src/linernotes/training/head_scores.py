"""How often the detectors of a `FeatureModel` are right, and what saying one thing of every clip would reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.5

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadScore:
    """One detector on the clips whose label is known."""

    feature: str
    clips: int
    accuracy: float
    """Share of clips whose likeliest class holds."""
    constant_accuracy: float
    """The same of one class, the best for these clips, said of all of them."""
    f1: float
    """Micro-averaged over all classes, those counting as said that have a probability of 0.5 or more."""
    constant_f1: float
    """The same of one set of classes said of all clips, the best that adding them by frequency finds."""
    mean_average_precision: float
    """Over classes that hold for some clips and not for others; NaN without any."""


def head_scores(probabilities: Mapping[str, Floats], truth: Mapping[str, Floats]) -> tuple[HeadScore, ...]:
    """One score a feature that both name; arrays (clips, classes), truth NaN where nobody knows.

    Clips of which something is unknown in a head are left out of its score.
    """
    scores = []
    for feature, labels in truth.items():
        known = ~np.isnan(labels).any(axis=1)
        if feature in probabilities and known.any():
            scores.append(_score(feature, probabilities[feature][known], labels[known] > 0))
    return tuple(scores)


def _score(feature: str, chances: Floats, holds: NDArray[np.bool_]) -> HeadScore:
    likeliest = chances.argmax(axis=1)
    return HeadScore(
        feature=feature,
        clips=len(holds),
        accuracy=float(holds[np.arange(len(holds)), likeliest].mean()),
        constant_accuracy=float(holds.mean(axis=0).max()),
        f1=_f1(chances >= THRESHOLD, holds),
        constant_f1=_best_constant_f1(holds),
        mean_average_precision=_mean_average_precision(chances, holds),
    )


def _f1(said: NDArray[np.bool_], holds: NDArray[np.bool_]) -> float:
    counted = int(said.sum() + holds.sum())
    return 2 * int((said & holds).sum()) / counted if counted else 0.0


def _best_constant_f1(holds: NDArray[np.bool_]) -> float:
    order = np.argsort(-holds.sum(axis=0), kind="stable")
    best = 0.0
    for count in range(1, len(order) + 1):
        said = np.zeros_like(holds)
        said[:, order[:count]] = True
        best = max(best, _f1(said, holds))
    return best


def _mean_average_precision(chances: Floats, holds: NDArray[np.bool_]) -> float:
    found = [
        _average_precision(chances[:, column], holds[:, column])
        for column in range(holds.shape[1])
        if 0 < holds[:, column].sum() < len(holds)
    ]
    return float(np.mean(found)) if found else float("nan")


def _average_precision(chances: Floats, holds: NDArray[np.bool_]) -> float:
    """Mean precision at the clips where the class holds, likeliest first; equals share their places."""
    order = np.argsort(-chances, kind="stable")
    sorted_chances, hits = chances[order], np.cumsum(holds[order])
    # Where probabilities are equal all of them count as seen, or the order of the clips would.
    last = np.searchsorted(-sorted_chances, -sorted_chances, side="right") - 1
    precision = hits[last] / (last + 1)
    return float(precision[holds[order]].mean())


def head_table(scores: Sequence[HeadScore]) -> str:
    """Markdown."""
    lines = [
        "| head | clips | accuracy | constant | F1 | constant | mAP |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.feature} | {one.clips} | {one.accuracy:.3f} | {one.constant_accuracy:.3f} | {one.f1:.3f} | "
        f"{one.constant_f1:.3f} | {one.mean_average_precision:.3f} |"
        for one in scores
    ]
    return "\n".join(lines) + "\n"
