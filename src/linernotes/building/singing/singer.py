"""What mix and voice together tell of a singer: how high the voice lies on average, and whether it is a man's or a
woman's.

The gender is heard in the mix by the shipped network and tags (docs/voice.md); the height of the voice, which is
weighed with them, is the one measured on the voice instead of the one guessed from short looks at the mix. (The
network on the voice of the stand-in, tried too, takes men for women: the stand-in loses what it goes by.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from linernotes.audio import Audio
from linernotes.building.singing import UNSURE, Attribute
from linernotes.building.singing.hearing import Turn
from linernotes.building.singing.vocal_pitch import MeanPitch, mean_pitch
from linernotes.features.frames import Frames, Series
from linernotes.features.voice.gender import (
    FEWEST_LOOKS,
    MIDDLE_PITCH,
    SOURCE,
    UNSURE_BETWEEN,
    GenderEvidence,
    female_chance,
    gender_evidence,
)

STAND_IN_MARK = "stand-in"


@dataclass(frozen=True, slots=True)
class Singer:
    """The attribute "singer_gender", and the mean F0 where enough of the voice is voiced."""

    gender: Attribute
    pitch: MeanPitch | None


def is_stand_in(made_by: str) -> bool:
    """Whether a voice was taken out by something that only stands in for a separation network."""
    return STAND_IN_MARK in made_by


def hear_singer(
    mix_frames: Frames, mix: Audio, vocals: Audio, *, made_by: str, method: str = "dio"
) -> Singer:
    """Gender and mean pitch of the singer of a segment, from what was heard of the mix and from its voice.

    Args:
        mix_frames: what the listeners of the everyday path heard of `mix`.
        mix: the segment.
        vocals: its voice, taken out by `made_by`.
        made_by: of a stand-in's voice, only what is heard in the mix too counts for the pitch.
        method: "dio" or "harvest".

    Raises:
        RenderError: pyworld is not installed.
        MissingExtraError: swift-f0 is not installed, and the voice is a stand-in's.
    """
    second = mix if is_stand_in(made_by) else None
    pitch = mean_pitch(vocals.waveform, vocals.sample_rate, method=method, mix=second)
    return Singer(gender_of(gender_evidence(mix_frames), pitch), pitch)


def gender_over(mix_frames: Frames, turns: Iterable[Turn]) -> Attribute:
    """The gender of one singer from all turns in a track together, as far as the mix tells it."""
    heard = [mix_frames.between(turn.start_s, turn.end_s) for turn in turns]
    joined = {
        name: Series(np.concatenate([one[name].values for one in heard]), series.rate_hz)
        for name, series in mix_frames.series.items()
    }
    return gender_of(gender_evidence(Frames(heard[0].start_s, heard[-1].end_s, joined)), None)


def contradict(part: Attribute, whole: Attribute) -> bool:
    """Whether the same listeners hear a man in the whole and a woman in a part of it, or the other way round.

    What somebody else was asked for stands for itself.
    """
    differ = part.is_known and whole.is_known and part.value != whole.value
    return differ and part.source.startswith(whole.source)


def gender_of(evidence: GenderEvidence, pitch: MeanPitch | None) -> Attribute:
    """male, female, or unsure where the looks are few or the evidence undecided."""
    if pitch is not None:
        height = 69.0 + 12.0 * math.log2(pitch.mean_hz / 440.0)
        evidence = replace(evidence, pitch=height - MIDDLE_PITCH)
    female = female_chance(evidence) if evidence.looks else 0.5
    value, sure = ("female", female) if female > 0.5 else ("male", 1.0 - female)
    if UNSURE_BETWEEN[0] <= female <= UNSURE_BETWEEN[1] or evidence.looks < FEWEST_LOOKS:
        value, sure = UNSURE, 1.0 - sure
    source = f"{SOURCE} with {pitch.source}" if pitch else SOURCE
    return Attribute("singer_gender", value, round(sure, 3), source)
