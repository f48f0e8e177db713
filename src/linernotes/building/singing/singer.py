"""What mix and voice together tell of a singer: how high the voice lies on average, and whether it is a man's or a
woman's.

The gender network hears the voice twice, in the mix and by itself, and errs on different singers each time; the
two are pooled. The height that was measured takes the place of the one guessed from short looks at the mix, and
the tags of a voice that a network took out that of the tags of the mix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import soxr

from linernotes.audio import Audio
from linernotes.building.singing import UNSURE, Attribute
from linernotes.building.singing.hearing import voice_frames
from linernotes.building.singing.vocal_pitch import MeanPitch, mean_pitch
from linernotes.features.frames import Frames
from linernotes.features.listen import listen
from linernotes.features.voice.gender import (
    FEWEST_LOOKS,
    MIDDLE_PITCH,
    SOURCE,
    UNSURE_BETWEEN,
    GenderEvidence,
    female_chance,
    gender_evidence,
)
from linernotes.features.voice.singer_gender import SingerGenderListener

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
    alone = _voice_alone(vocals) if second else voice_frames(vocals)
    evidence = pooled(gender_evidence(mix_frames), gender_evidence(alone), pitch)
    return Singer(gender_from(evidence), pitch)


def pooled(mix: GenderEvidence, voice: GenderEvidence, pitch: MeanPitch | None) -> GenderEvidence:
    """Both looks at one singer as one: mean log odds of the network, the measured height, and the tags of the
    voice or, where it has none, of the mix."""
    looked = [one for one in (mix, voice) if one.looks]
    if not looked:
        return mix
    network = sum(one.network for one in looked) / len(looked)
    height = sum(one.pitch for one in looked) / len(looked)
    if pitch is not None:
        height = 69.0 + 12.0 * math.log2(pitch.mean_hz / 440.0) - MIDDLE_PITCH
    return GenderEvidence(sum(one.looks for one in looked), network, height, voice.tags or mix.tags)


def gender_from(evidence: GenderEvidence) -> Attribute:
    """male, female, or unsure where the looks are few or the evidence undecided."""
    female = female_chance(evidence) if evidence.looks else 0.5
    value, sure = ("female", female) if female > 0.5 else ("male", 1.0 - female)
    if UNSURE_BETWEEN[0] <= female <= UNSURE_BETWEEN[1] or evidence.looks < FEWEST_LOOKS:
        value, sure = UNSURE, 1.0 - sure
    return Attribute("singer_gender", value, round(sure, 3), f"{SOURCE} of mix and voice")


def _voice_alone(vocals: Audio) -> Frames:
    """Without tags: those of a stand-in's voice tell no more than those of the mix."""
    rate = SingerGenderListener.sample_rate
    waveform = vocals.waveform
    if vocals.sample_rate != rate:
        waveform = np.asarray(soxr.resample(waveform, vocals.sample_rate, rate, quality="HQ"), np.float32)
    return listen([{rate: waveform}], [SingerGenderListener()], threads=1)
