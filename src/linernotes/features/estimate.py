"""All listeners and all estimators of the everyday path, in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linernotes.clip import Fact
from linernotes.encoders.musicnn_onnx import MusicnnListener
from linernotes.features.frames import Frames, Listener
from linernotes.features.harmony.chords import estimate_chords
from linernotes.features.harmony.chroma import ChromaListener
from linernotes.features.harmony.key import estimate_key
from linernotes.features.rhythm.metre import estimate_metre
from linernotes.features.rhythm.onsets import OnsetListener
from linernotes.features.rhythm.tempo import estimate_tempo
from linernotes.features.sound.brightness import BrightnessListener, estimate_brightness
from linernotes.features.sound.loudness import LoudnessListener, estimate_loudness
from linernotes.features.sound.outline import OutlineListener
from linernotes.features.tags import estimate_tags
from linernotes.features.voice.content import estimate_content
from linernotes.features.voice.singer_gender import SingerGenderListener
from linernotes.features.voice.voice import estimate_voice

Estimator = Callable[[Frames], Sequence[Fact]]

MUSICAL: tuple[Estimator, ...] = (
    estimate_tempo,
    estimate_metre,
    estimate_key,
    estimate_chords,
    estimate_tags,
)
"""Estimators whose statements make sense of music only."""

GENERAL: tuple[Estimator, ...] = (estimate_voice, estimate_loudness, estimate_brightness)
"""Estimators that any sound allows."""


def make_listeners() -> list[Listener]:
    """Fresh listeners for one recording; the slowest come first, so that two cores share them evenly."""
    return [
        MusicnnListener(("mtt",)),
        MusicnnListener(("msd",)),
        OnsetListener(),
        ChromaListener(),
        SingerGenderListener(),
        LoudnessListener(),
        BrightnessListener(),
        OutlineListener(),
    ]


def estimate_facts(frames: Frames, *, within_music: bool = False) -> list[Fact]:
    """Every fact about the stretch that `frames` cover; musical ones only where it sounds like music.

    A stretch `within_music` is taken for music unless it is silent: a few seconds are too little to doubt it.
    """
    content = list(estimate_content(frames))
    if within_music and all(fact.value != "silence" for fact in content):
        content = []
    estimators = (*MUSICAL, *GENERAL) if sounds_like_music(content) else GENERAL
    return without_contradictions(content + [fact for estimate in estimators for fact in estimate(frames)])


def without_contradictions(facts: Sequence[Fact], others: Sequence[Fact] = ()) -> list[Fact]:
    """`facts` less what a voice fact among them or `others` rules out: instrumental music has no choir."""
    instrumental = any(fact.name == "voice" and fact.value == "instrumental" for fact in (*facts, *others))
    return [
        fact for fact in facts if not (instrumental and fact.name == "instrument" and fact.value == "choir")
    ]


def sounds_like_music(content: Sequence[Fact]) -> bool:
    """Whether the content facts leave room for music."""
    return all(fact.value == "music" for fact in content if fact.name == "content")
