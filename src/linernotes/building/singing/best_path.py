"""The likeliest path through states over time (Viterbi), where a step has a price of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def best_path(scores: Floats, steps: Floats) -> NDArray[np.intp]:
    """The state of every frame, (frames,), on the path of greatest score; there must be a frame.

    Args:
        scores: of every state in every frame, (frames, states).
        steps: the price of going from one state to another, (states, states).
    """
    best, back = scores[0], np.zeros(scores.shape, np.int16)
    states = np.arange(scores.shape[1])
    for frame in range(1, len(scores)):
        arriving = best[:, None] - steps
        back[frame] = arriving.argmax(axis=0)
        best = arriving[back[frame], states] + scores[frame]
    path = np.zeros(len(scores), np.intp)
    path[-1] = best.argmax()
    for frame in range(len(scores) - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return path
