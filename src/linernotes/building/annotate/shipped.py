"""The extractor of the base install: what `linernotes facts` measures, with beats, and what the taggers doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from linernotes import __version__
from linernotes.audio import Audio
from linernotes.building.annotate import NAMED
from linernotes.clip import Fact
from linernotes.features.estimate import estimate_facts, make_listeners, sounds_like_music
from linernotes.features.frames import Frames
from linernotes.features.listen import listen
from linernotes.features.rhythm.beat_facts import estimate_beats
from linernotes.features.tags import SOURCE, tag_probabilities

BLOCK_S = 20.0
LIKELY = 0.5
"""What the taggers hold for likelier than this and still do not claim is left unknown."""


class Shipped:
    """Tempo, beats, metre, key, chords, loudness, voice, instruments, genres and moods of a clip."""

    sample_rate: int | None = None
    version = __version__

    def __call__(self, audio: Audio) -> Sequence[Fact]:
        """All facts, claimed ones first; then those of the taggers that are likelier wrong than right."""
        frames = listen(blocks_of(audio), make_listeners(), threads=1)
        facts = estimate_facts(frames)
        if not sounds_like_music([fact for fact in facts if fact.name == "content"]):
            return facts
        return [*facts, *estimate_beats(frames, facts), *_doubts(frames, facts)]


def blocks_of(audio: Audio) -> Iterator[Mapping[int, NDArray[np.float32]]]:
    """The clip at every rate that a listener wants, in blocks of the same time."""
    rates = {listener.sample_rate for listener in make_listeners()}
    heard = {
        rate: audio.waveform
        if rate == audio.sample_rate
        else soxr.resample(audio.waveform, audio.sample_rate, rate, quality="HQ")
        for rate in rates
    }
    for block in range(max(1, int(np.ceil(audio.duration_s / BLOCK_S)))):
        yield {
            rate: waveform[round(block * BLOCK_S * rate) : round((block + 1) * BLOCK_S * rate)]
            for rate, waveform in heard.items()
        }


def _doubts(frames: Frames, facts: Sequence[Fact]) -> list[Fact]:
    """Targets of the taggers that are not claimed and at most as likely as not, with their probability."""
    claimed = {(fact.name, fact.value) for fact in facts}
    found = []
    for target, probability in tag_probabilities(frames).items():
        kind, _, name = target.partition(":")
        if kind in NAMED and probability <= LIKELY and (kind, name) not in claimed:
            chance = round(probability, 3)
            found.append(
                Fact(f"doubt:{target}", kind, name, "", chance, SOURCE, frames.start_s, frames.end_s)
            )
    return found
