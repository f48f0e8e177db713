"""How often the detectors of a `FeatureModel` are right, and what saying one thing of every clip would reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

    Unknown classes of a clip count for nothing. Left out of a head's score are clips of which no class is known to
    hold, and those of which every known class does: there a detector could not be wrong.
    """
    scores = []
    for feature, labels in truth.items():
        wholly = ~np.isnan(labels).any(axis=1)
        told = (labels > 0).any(axis=1) & (wholly | (labels == 0).any(axis=1))
        if feature in probabilities and told.any():
            scores.append(_score(feature, probabilities[feature][told], labels[told]))
    return tuple(scores)


def _score(feature: str, chances: Floats, labels: Floats) -> HeadScore:
    holds, known = labels > 0, ~np.isnan(labels)
    frequency = np.broadcast_to(holds.sum(axis=0), holds.shape)
    return HeadScore(
        feature=feature,
        clips=len(holds),
        accuracy=_accuracy(chances, holds, known),
        constant_accuracy=_accuracy(frequency, holds, known),
        f1=_f1((chances >= THRESHOLD) & known, holds),
        constant_f1=_best_constant_f1(holds, known),
        mean_average_precision=_mean_average_precision(chances, holds, known),
    )


def _accuracy(ranking: NDArray[Any], holds: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    """Share of clips whose highest class, of those that are known, holds."""
    highest = np.where(known, ranking, -1).argmax(axis=1)
    return float(holds[np.arange(len(holds)), highest].mean())


def _f1(said: NDArray[np.bool_], holds: NDArray[np.bool_]) -> float:
    counted = int(said.sum() + holds.sum())
    return 2 * int((said & holds).sum()) / counted if counted else 0.0


def _best_constant_f1(holds: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    order = np.argsort(-holds.sum(axis=0), kind="stable")
    best = 0.0
    for count in range(1, len(order) + 1):
        said = np.zeros_like(holds)
        said[:, order[:count]] = True
        best = max(best, _f1(said & known, holds))
    return best


def _mean_average_precision(chances: Floats, holds: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    columns = [(chances[rows, column], holds[rows, column]) for column, rows in enumerate(known.T)]
    found = [_average_precision(*column) for column in columns if 0 < column[1].sum() < len(column[1])]
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
