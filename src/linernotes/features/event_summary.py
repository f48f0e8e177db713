"""What the voice events of a stretch amount to, in the few numbers that the content and voice estimators weigh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linernotes.features.frames import Frames
from linernotes.features.voice_events import MUSIC, SINGING, SPEECH

FLOOR = 0.01
"""Added to shares before their logarithm: what is under one hundredth of the time weighs no more than noise."""

SUSTAINED_S = 3.0
SUSTAINED_LEVEL = 0.7


def summarise_events(frames: Frames) -> dict[str, float] | None:
    """Logarithms (base 10) of mean probabilities and shares of time, by name; None where no event frame falls.

    "sustained_singing" is the share of 3-second runs that are sung nearly throughout: false alarms are short.
    "any_voice" and "any_sound" take, frame by frame, the likelier of two and of three events.
    """
    series = frames.series.get("voice_events")
    if series is None or not len(series.values):
        return None
    events = series.values.astype(np.float64)
    run = min(len(events), max(1, round(SUSTAINED_S * series.rate_hz)))
    shares = {
        "speech": float(events[:, SPEECH].mean()),
        "singing": float(events[:, SINGING].mean()),
        "music": float(events[:, MUSIC].mean()),
        "any_voice": float(events[:, :MUSIC].max(axis=1).mean()),
        "any_sound": float(events.max(axis=1).mean()),
        "sustained_singing": float((running_mean(events[:, SINGING], run) > SUSTAINED_LEVEL).mean()),
        "sustained_music": float((running_mean(events[:, MUSIC], run) > SUSTAINED_LEVEL).mean()),
    }
    return {name: float(np.log10(share + FLOOR)) for name, share in shares.items()}


def running_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Means of all runs of `width` values, (n,) -> (n - width + 1,)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: NDArray[np.float64] = (sums[width:] - sums[:-width]) / width
    return means
