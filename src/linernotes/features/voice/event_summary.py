"""What voice events and vocal tags amount to, in the few numbers that the content and voice estimators weigh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linernotes.encoders.musicnn_vocabulary import MTT_TAGS
from linernotes.features.frames import Frames
from linernotes.features.voice.voice_events import MUSIC, SINGING, SPEECH

FLOOR = 0.01
"""Added to shares before their logarithm: what is under one hundredth of the time weighs no more than noise."""

VOCAL_TAGS = tuple(
    MTT_TAGS.index(tag)
    for tag in (
        "vocal", "vocals", "singing", "voice", "female", "male", "woman", "man", "female vocal", "male vocal",
        "female voice", "male voice",
    )
)  # fmt: skip
VOCAL_TAG_FLOOR = 0.05

SUSTAINED_S = 3.0
SUSTAINED_LEVEL = 0.7


def summarise_events(frames: Frames) -> dict[str, float] | None:
    """Logarithms (base 10) of mean probabilities and shares of time, by name; None where no event frame falls.

    "sustained_" names are shares of 3-second runs that are so nearly throughout: false alarms are short.
    "musical" and "any_sound" take, frame by frame, the likeliest of singing and music, and of all three.
    """
    series = frames.series.get("voice_events")
    if series is None or not len(series.values):
        return None
    events = series.values.astype(np.float64)
    run = min(len(events), max(1, round(SUSTAINED_S * series.rate_hz)))
    musical = events[:, (SINGING, MUSIC)].max(axis=1)
    shares = {
        "speech": float(events[:, SPEECH].mean()),
        "singing": float(events[:, SINGING].mean()),
        "music": float(events[:, MUSIC].mean()),
        "musical": float(musical.mean()),
        "any_sound": float(events.max(axis=1).mean()),
        "sustained_singing": float((running_mean(events[:, SINGING], run) > SUSTAINED_LEVEL).mean()),
        "sustained_musical": float((running_mean(musical, run) > SUSTAINED_LEVEL).mean()),
    }
    return {name: float(np.log10(share + FLOOR)) for name, share in shares.items()} | vocal_tags(frames)


def vocal_tags(frames: Frames) -> dict[str, float]:
    """Entry "vocal_tags": the logarithm of what musicnn's tags for voices add up to; empty without tags."""
    series = frames.series.get("tags_mtt")
    if series is None or not len(series.values):
        return {}
    total = float(series.values[:, list(VOCAL_TAGS)].astype(np.float64).sum(axis=1).mean())
    return {"vocal_tags": float(np.log10(total + VOCAL_TAG_FLOOR))}


def running_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Means of all runs of `width` values, (n,) -> (n - width + 1,)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: NDArray[np.float64] = (sums[width:] - sums[:-width]) / width
    return means
