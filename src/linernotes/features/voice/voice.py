"""Whether a stretch is sung, spoken or instrumental, and where inside it is sung."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.voice.content import MODELS, content_chances
from linernotes.features.voice.event_summary import running_mean, summarise_events
from linernotes.features.voice.gender import estimate_singer_gender
from linernotes.features.voice.softmax_model import read_models
from linernotes.features.voice.voice_events import SINGING

SOURCE = "firered-aed+musicnn-mtt"

LEAST_CHANCE = 0.6
"""A voice that is less probable than this is "unsure"."""
LEAST_HEARD_S = 1.5

SPAN_JOIN_S, SHORTEST_SPAN_S, SPAN_SMOOTHED_S = 2.0, 2.0, 1.0


def estimate_voice(frames: Frames) -> list[Fact]:
    """Fact "voice" and, where it is sung, fact "singer_gender"; none where nothing was heard.

    The confidence of "unsure" is how likely it is that the best guess would be wrong.
    """
    chances = voice_chances(frames)
    if not chances:
        return []
    guess = max(chances, key=chances.__getitem__)
    sure = chances[guess] >= LEAST_CHANCE and frames.duration_s >= LEAST_HEARD_S
    value, confidence = (guess, chances[guess]) if sure else ("unsure", 1.0 - chances[guess])
    facts = [Fact("voice", "voice", value, "", confidence, SOURCE, frames.start_s, frames.end_s)]
    return [*facts, *estimate_singer_gender(frames)] if value == "sung" else facts


def voice_chances(frames: Frames) -> dict[str, float]:
    """Probability of sung, spoken, instrumental; they miss 1 by the chance of neither music nor speech."""
    summary = summarise_events(frames)
    if summary is None:
        return {}
    content = content_chances(frames)
    told = content["music"] + content["speech"]
    model = "voice" if "vocal_tags" in summary else "voice_untagged"
    voices = read_models(MODELS)[model].probabilities(summary)
    return {voice: chance * told for voice, chance in voices.items()}


def singing_spans(frames: Frames) -> list[Fact]:
    """Facts "voice" with ids "voice:span:1" ...: where inside the stretch it is sung, in order."""
    series = frames.series.get("voice_events")
    if series is None or not len(series.values):
        return []
    singing = series.values[:, SINGING].astype(np.float64)
    width = min(len(singing), max(1, round(SPAN_SMOOTHED_S * series.rate_hz)))
    padded = np.pad(singing, (width // 2, width - 1 - width // 2), mode="edge")
    smooth = running_mean(padded, width)
    facts: list[Fact] = []
    for first, last in joined_spans(smooth > 0.5, series.rate_hz):
        start_s = max(frames.start_s, series.start_s + (first - 0.5) / series.rate_hz)
        end_s = min(frames.end_s, series.start_s + (last - 0.5) / series.rate_hz)
        confidence = float(smooth[first:last].mean())
        facts.append(
            Fact(f"voice:span:{len(facts) + 1}", "voice", "sung", "", confidence, SOURCE, start_s, end_s)
        )
    return facts


def joined_spans(active: NDArray[np.bool_], rate_hz: float) -> list[tuple[int, int]]:
    """Runs of active frames as [first, last), short gaps closed, short runs dropped."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    spans: list[tuple[int, int]] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if spans and first - spans[-1][1] < SPAN_JOIN_S * rate_hz:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return [span for span in spans if span[1] - span[0] >= SHORTEST_SPAN_S * rate_hz]
