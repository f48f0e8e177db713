"""A small softmax regression kept as JSON: named inputs, labels, weights. Fitted by scripts, run by estimators."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SoftmaxModel:
    """Probabilities of `labels` from a vector of `inputs`: softmax(weights @ inputs + biases)."""

    labels: tuple[str, ...]
    inputs: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]  # (labels, inputs)
    biases: tuple[float, ...]

    def probabilities(self, inputs: Mapping[str, float]) -> dict[str, float]:
        """By label; they add up to 1."""
        vector = np.array([inputs[name] for name in self.inputs])
        scores: NDArray[np.float64] = np.array(self.weights) @ vector + np.array(self.biases)
        powers = np.exp(scores - scores.max())
        return {label: float(power / powers.sum()) for label, power in zip(self.labels, powers, strict=True)}


@lru_cache(maxsize=4)
def read_models(asset: str) -> Mapping[str, SoftmaxModel]:
    """The models of a JSON file of `linernotes.assets`, by name."""
    text = resources.files("linernotes").joinpath("assets", asset).read_text("utf-8")
    models: dict[str, SoftmaxModel] = {}
    for name, kept in json.loads(text)["models"].items():
        weights = tuple(tuple(row) for row in kept["weights"])
        models[name] = SoftmaxModel(
            tuple(kept["labels"]), tuple(kept["inputs"]), weights, tuple(kept["biases"])
        )
    return models
