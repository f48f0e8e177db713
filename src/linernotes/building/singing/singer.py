"""What mix and voice together tell of a singer: how high the voice lies on average, and whether it is a man's or a
woman's.

The gender is heard as in any recording (docs/voice.md), but by better evidence: the network looks at the voice
that was taken out of the mix too, the height is the one measured on it, and the third formant has a say where it
can be heard. The tags are those of the mix.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.building.singing import UNSURE, Attribute
from linernotes.building.singing.hearing import Turn
from linernotes.building.singing.vocal_pitch import MeanPitch, mean_pitch, voiced_pitch
from linernotes.building.singing.vocal_tract import log_odds_of_tract
from linernotes.features.frames import Frames, Series
from linernotes.features.voice.gender import (
    FEWEST_LOOKS,
    MIDDLE_PITCH,
    SOURCE,
    UNSURE_BETWEEN,
    GenderEvidence,
    female_chance,
    gender_evidence,
    log_odds,
)
from linernotes.features.voice.singer_gender import looks_at
from linernotes.features.voice.voice_events import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Singer:
    """The attribute "singer_gender", and the mean F0 where enough of the voice is voiced."""

    gender: Attribute
    pitch: MeanPitch | None


def hear_singer(mix_frames: Frames, mix: Audio, voice: Audio, *, method: str = "dio") -> Singer:
    """Gender and mean pitch of the singer of a segment.

    Args:
        mix_frames: what the listeners of the everyday path heard of `mix`.
        mix: the segment.
        voice: what was taken out of it.
        method: "dio" or "harvest".

    Raises:
        RenderError: pyworld is not installed.
        MissingExtraError: swift-f0 is not installed.
    """
    alone, pitch_hz = voice.at_rate(SAMPLE_RATE), voiced_pitch(voice, mix, method=method)
    pitch = mean_pitch(pitch_hz, method=method)
    evidence = with_voice(gender_evidence(mix_frames), looks_at(alone))
    return Singer(gender_of(evidence, pitch, tract=log_odds_of_tract(alone, pitch_hz)), pitch)


def with_voice(evidence: GenderEvidence, looks: NDArray[np.float32]) -> GenderEvidence:
    """What was heard of a mix, with what the network says of its voice (looks,): the mean where both are heard.

    A demixer takes something from a voice, and a band hides something: the network errs in different clips.
    """
    if len(looks) < FEWEST_LOOKS:
        return evidence
    alone = log_odds(looks.astype(np.float64), np.ones(len(looks)))
    network = (alone + evidence.network) / 2 if evidence.looks else alone
    return replace(evidence, looks=len(looks), network=network)


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


def gender_of(evidence: GenderEvidence, pitch: MeanPitch | None, *, tract: float = 0.0) -> Attribute:
    """male, female, or unsure where the looks are few or the evidence undecided; `tract` are its log odds."""
    if pitch is not None:
        height = 69.0 + 12.0 * math.log2(pitch.mean_hz / 440.0)
        evidence = replace(evidence, pitch=height - MIDDLE_PITCH)
    heard = min(max(female_chance(evidence), 1e-6), 1.0 - 1e-6) if evidence.looks else 0.5
    female = 1.0 / (1.0 + (1.0 - heard) / heard * math.exp(-tract))
    value, sure = ("female", female) if female > 0.5 else ("male", 1.0 - female)
    if UNSURE_BETWEEN[0] <= female <= UNSURE_BETWEEN[1] or evidence.looks < FEWEST_LOOKS:
        value, sure = UNSURE, 1.0 - sure
    more = ([pitch.source] if pitch else []) + (["third formant"] if tract else [])
    source = f"{SOURCE} with {' and '.join(more)}" if more else SOURCE
    return Attribute("singer_gender", value, round(sure, 3), source)
