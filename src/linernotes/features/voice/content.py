"""Whether a stretch is music at all: the gate before everything that only makes sense of music."""

from __future__ import annotations

import math

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.voice.event_summary import summarise_events
from linernotes.features.voice.softmax_model import read_models

MODELS = "voice.json"
SOURCE = "firered-aed"
SILENT_LUFS = -70.0
"""BS.1770 counts nothing below this as part of a programme."""

SILENCE_SLOPE_LU = 2.0


def estimate_content(frames: Frames) -> list[Fact]:
    """One fact "content": music, speech, other or silence; none where nothing was heard."""
    chances = content_chances(frames)
    if not chances:
        return []
    value = max(chances, key=chances.__getitem__)
    source = "loudness" if value == "silence" else SOURCE
    return [Fact("content", "content", value, "", chances[value], source, frames.start_s, frames.end_s)]


def content_chances(frames: Frames) -> dict[str, float]:
    """Probability of every content; empty where the series are missing or have no frame in the stretch."""
    summary = summarise_events(frames)
    if summary is None:
        return {}
    silence = silence_chance(frames)
    sounding = read_models(MODELS)["content"].probabilities(summary)
    return {"silence": silence} | {name: chance * (1.0 - silence) for name, chance in sounding.items()}


def silence_chance(frames: Frames) -> float:
    """How sure it is that even the loudest 400 ms can't be heard; 0 where loudness was not measured."""
    series = frames.series.get("loudness")
    if series is None or not len(series.values):
        return 0.0
    above_lu = float(series.values.max()) - SILENT_LUFS
    return 1.0 / (1.0 + math.exp(max(-50.0, min(50.0, above_lu / SILENCE_SLOPE_LU))))
