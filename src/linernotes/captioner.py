"""The everyday path: a recording is listened to once, facts are estimated, sections found, words written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

from linernotes import __version__, audio
from linernotes.clip import AudioInfo, Fact, Notes, Producer, Section
from linernotes.features.estimate import estimate_facts, make_listeners, sounds_like_music
from linernotes.features.frames import Frames
from linernotes.features.listen import listen
from linernotes.features.section_facts import section_facts, telling
from linernotes.features.sections import estimate_sections
from linernotes.registry import licences, load_writer
from linernotes.trained_captioner import TrainedCaptioner, load_trained_captioner

if TYPE_CHECKING:
    from linernotes.writers import Writer

BLOCK_S = 20.0
"""Seconds decoded at a time: the bound on how much audio is ever in memory."""

MODELS = (
    "musicnn-mtt",
    "musicnn-msd",
    "musicnn-targets",
    "beatnet",
    "chord-net",
    "firered-aed",
    "singer-gender-cnn",
    "voice-models",
)
"""Registered components that every analysis uses."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What listening to a recording gave: enough to write about it, or to draw it, without the audio."""

    info: AudioInfo
    frames: Frames
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Captioner:
    """Writes `Notes` for recordings; `threads` is how many cores one recording may use."""

    writer: Writer
    writer_name: str
    style: str = "short"
    seed: int = 0
    threads: int = 2

    def __call__(self, path: str | os.PathLike[str]) -> Notes:
        """Listen to the recording at `path` and write its notes.

        Raises:
            AudioError: the file can't be used; the message says why and what to do.
        """
        return self.write(self.analyse(path))

    def analyse(
        self, path: str | os.PathLike[str], heard: Callable[[float], None] = lambda seconds: None
    ) -> Analysis:
        """Decode once and measure; `heard` is told how many seconds have been taken in."""
        warnings: list[str] = []
        probe = audio.probe(path)
        listeners = make_listeners()
        rates = sorted({listener.sample_rate for listener in listeners})
        blocks = audio.stream(path, rates, BLOCK_S, warnings.append)
        frames = listen(blocks, listeners, threads=self.threads, heard=heard)
        facts = estimate_facts(frames)
        if sounds_like_music(facts):
            facts += estimate_sections(frames)
        info = AudioInfo(os.fsdecode(path), round(frames.end_s, 3), probe.sample_rate, audio.sha256_of(path))
        return Analysis(info, frames, tuple(facts), tuple(warnings))

    def write(self, analysis: Analysis) -> Notes:
        """Put an analysis into words."""
        used = (*MODELS, self.writer_name)
        sections = self._sections(analysis)
        told = [*analysis.facts, *(fact for section in sections for fact in section.facts)]
        caption = self.writer(told if self.style == "long" else analysis.facts, self.style, self.seed)
        stood_in = (f"the composer wrote the caption: {caption.stand_in}",) if caption.stand_in else ()
        return Notes(
            audio=analysis.info,
            caption=caption,
            sections=sections,
            facts=analysis.facts,
            licences=licences(used),
            producer=Producer(
                __version__,
                used,
                {"writer": self.writer_name, "style": self.style, "seed": self.seed},
            ),
            warnings=(*analysis.warnings, *stood_in),
        )

    def _sections(self, analysis: Analysis) -> tuple[Section, ...]:
        found = [fact for fact in analysis.facts if fact.name == "section"]
        return tuple(self._section(analysis, fact, number) for number, fact in enumerate(found, 1))

    def _section(self, analysis: Analysis, section: Fact, number: int) -> Section:
        facts = section_facts(analysis.frames, section, number, analysis.facts)
        caption = self.writer(telling(facts, analysis.facts), "short", self.seed + number)
        if not caption.claims:
            caption = self.writer(facts, "short", self.seed + number)
        return Section(section.start_s, section.end_s, caption, facts, str(section.value))


@overload
def load_captioner(
    writer: str = "composer", *, style: str = "short", seed: int = 0, threads: int = 2, model: None = None
) -> Captioner: ...


@overload
def load_captioner(*, model: str | os.PathLike[str]) -> TrainedCaptioner: ...


def load_captioner(
    writer: str = "composer",
    *,
    style: str = "short",
    seed: int = 0,
    threads: int = 2,
    model: str | os.PathLike[str] | None = None,
) -> Captioner | TrainedCaptioner:
    """A captioner with the shipped models; `writer` is "composer" or "small".

    With `model`, the folder of a trained or an exported caption model, that model writes, and measures nothing.
    """
    if model is not None:
        return load_trained_captioner(model)
    return Captioner(load_writer(writer), writer, style, seed, threads)


def caption(path: str | Path, *, writer: str = "composer", style: str = "short", seed: int = 0) -> Notes:
    """Liner notes for the recording at `path`, offline.

    >>> notes = caption("song.mp3")  # doctest: +SKIP
    >>> print(notes.caption.text)  # doctest: +SKIP
    """
    return load_captioner(writer, style=style, seed=seed)(path)
