"""Whether a stretch is sung, spoken or instrumental, how its singer sounds, and where it is sung."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.content import MODELS, content_chances
from linernotes.features.event_summary import running_mean, summarise_events
from linernotes.features.frames import Frames
from linernotes.features.softmax_model import read_models
from linernotes.features.voice_events import SINGING

SOURCE = "firered-aed"
GENDER_SOURCE = "inaspeechsegmenter-gender"

LEAST_CHANCE = 0.6
"""A voice that is less probable than this is "unsure"."""
LEAST_HEARD_S = 1.5

UNSURE_BETWEEN = (0.4, 0.6)
"""Mean probabilities of a female voice that say nothing."""
FEWEST_LOOKS = 2
PRIOR_LOOKS = 2.0
"""Looks that say 0.5, added to those at the singer: a few looks alone must not be sure."""

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
    facts = [_fact(frames, "voice", value, confidence, SOURCE)]
    return [*facts, *estimate_singer_gender(frames)] if value == "sung" else facts


def voice_chances(frames: Frames) -> dict[str, float]:
    """Probability of sung, spoken, instrumental; they miss 1 by the chance of neither music nor speech."""
    summary = summarise_events(frames)
    if summary is None:
        return {}
    content = content_chances(frames)
    told = content["music"] + content["speech"]
    voices = read_models(MODELS)["voice"].probabilities(summary)
    return {voice: chance * told for voice, chance in voices.items()}


@dataclass(frozen=True, slots=True)
class GenderEvidence:
    """Mean probability of a female voice over `looks` short looks at the singer."""

    female: float
    looks: int


def gender_evidence(frames: Frames) -> GenderEvidence:
    """What the looks inside the stretch say, the surer of a voice the weightier."""
    series = frames.series.get("singer_gender")
    values = np.zeros((0, 2)) if series is None else series.values.astype(np.float64)
    weights: NDArray[np.float64] = values[:, 1]
    if not weights.any():
        return GenderEvidence(0.5, 0)
    female = (float(values[:, 0] @ weights) + 0.5 * PRIOR_LOOKS) / (float(weights.sum()) + PRIOR_LOOKS)
    return GenderEvidence(female, int((weights > 0).sum()))


def estimate_singer_gender(frames: Frames) -> list[Fact]:
    """Fact "singer_gender": male, female, or unsure where the looks are few or undecided."""
    evidence = gender_evidence(frames)
    undecided = UNSURE_BETWEEN[0] <= evidence.female <= UNSURE_BETWEEN[1]
    value = "female" if evidence.female > 0.5 else "male"
    confidence = max(evidence.female, 1.0 - evidence.female)
    if undecided or evidence.looks < FEWEST_LOOKS:
        value, confidence = "unsure", 1.0 - confidence
    return [_fact(frames, "singer_gender", value, confidence, GENDER_SOURCE)]


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


def _fact(frames: Frames, name: str, value: str, confidence: float, source: str) -> Fact:
    return Fact(name, name, value, "", confidence, source, frames.start_s, frames.end_s)
