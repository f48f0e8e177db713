"""Whether the singer sounds male or female, from three kinds of evidence; "unsure" where they are thin.

The network that was trained on radio speech, the height of the voice, and musicnn's tags for men and women
are wrong about different singers. A regression fitted on rendered singing weighs them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.encoders.musicnn_vocabulary import MTT_TAGS
from linernotes.features.frames import Frames
from linernotes.features.voice.content import MODELS
from linernotes.features.voice.softmax_model import read_models

SOURCE = "inaspeechsegmenter-gender+voice-pitch+musicnn-mtt"
UNSURE_BETWEEN = (0.4, 0.6)
"""Probabilities of a female voice that say nothing."""

FEWEST_LOOKS = 2
PRIOR_LOOKS = 2.0
"""Looks that say 0.5, added to the network's: a few looks must not be sure."""

MIDDLE_PITCH, MIDDLE_LEAN = 59.0, -0.7
"""Inputs are counted from here, so that missing evidence is 0: a MIDI pitch, and the usual lean of the tags."""

FEMALE_TAGS = tuple(MTT_TAGS.index(tag) for tag in ("female", "woman", "female vocal", "female voice"))
MALE_TAGS = tuple(MTT_TAGS.index(tag) for tag in ("male", "man", "male vocal", "male voice"))
LEAST_TAGS = 0.05


@dataclass(frozen=True, slots=True)
class GenderEvidence:
    """What a stretch says of its singer; `network` is the log odds of a female voice, the others are centred."""

    looks: int
    network: float
    pitch: float
    tags: float

    def inputs(self) -> dict[str, float]:
        """What the regression weighs, by name."""
        return {"network": self.network, "pitch": self.pitch, "tags": self.tags}


def gender_evidence(frames: Frames) -> GenderEvidence:
    """Evidence from the looks at the singer inside the stretch, the surer of a voice the weightier."""
    series = frames.series.get("singer_gender")
    values = np.zeros((0, 3)) if series is None else series.values.astype(np.float64)
    weights: NDArray[np.float64] = values[:, 1]
    if not weights.any():
        return GenderEvidence(0, 0.0, 0.0, 0.0)
    pitch = float(values[:, 2] @ weights / weights.sum())
    network = log_odds(values[:, 0], weights)
    return GenderEvidence(int((weights > 0).sum()), network, pitch - MIDDLE_PITCH, tag_lean(frames))


def log_odds(female: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Log odds of a female voice, from what looks say (looks,) and what they weigh (looks,)."""
    chance = (float(female @ weights) + 0.5 * PRIOR_LOOKS) / (float(weights.sum()) + PRIOR_LOOKS)
    return math.log(chance / (1.0 - chance))


def tag_lean(frames: Frames) -> float:
    """How far musicnn's tags lean to a female voice (log of a ratio, centred); 0 where there are no tags."""
    series = frames.series.get("tags_mtt")
    if series is None or not len(series.values):
        return 0.0
    means = series.values.astype(np.float64).mean(axis=0)
    female, male = means[list(FEMALE_TAGS)].sum(), means[list(MALE_TAGS)].sum()
    return float(np.log((female + LEAST_TAGS) / (male + LEAST_TAGS))) - MIDDLE_LEAN


def female_chance(evidence: GenderEvidence) -> float:
    """Probability that the singer sounds female."""
    return read_models(MODELS)["gender"].probabilities(evidence.inputs())["female"]


def estimate_singer_gender(frames: Frames) -> list[Fact]:
    """Fact "singer_gender": male, female, or unsure where the looks are few or the evidence undecided."""
    evidence = gender_evidence(frames)
    female = female_chance(evidence) if evidence.looks else 0.5
    value, confidence = ("female", female) if female > 0.5 else ("male", 1.0 - female)
    if UNSURE_BETWEEN[0] <= female <= UNSURE_BETWEEN[1] or evidence.looks < FEWEST_LOOKS:
        value, confidence = "unsure", 1.0 - confidence
    return [
        Fact("singer_gender", "singer_gender", value, "", confidence, SOURCE, frames.start_s, frames.end_s)
    ]
