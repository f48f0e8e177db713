"""One audio file heard: decoded once for all its clips, each shown to the extractors, each answer kept at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from linernotes import audio
from linernotes.audio import MIN_DURATION_S, Audio, is_silent, probe
from linernotes.building.annotate.extractors import Asked, load_extractor
from linernotes.building.annotate.kept import Heard, Kept
from linernotes.clip import FACT_NAMES, Fact
from linernotes.manifest import faults

BLOCK_S = 30.0
LATE_S = 0.1
"""How much earlier than its clip a file may end without a word about it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A clip of a file to show to the extractors in `wanted`; `key` is what its answers are kept under."""

    clip_id: str
    key: str
    start_s: float
    end_s: float | None
    wanted: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Clips of one file."""

    path: Path
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A clip's samples, at the rate of the file, and what is to be said about them."""

    span: Span
    audio: Audio
    warnings: tuple[str, ...]


def hear(group: Group, *, store: Path) -> int:
    """Ask about every clip of a file; returns how many clips. What is wrong with a file is kept as its answer."""
    kept = Kept(store)
    left = dict.fromkeys(group.spans)
    try:
        for excerpt in excerpts(group):
            _ask_all(excerpt, kept)
            del left[excerpt.span]
    except (ValueError, OSError) as error:
        for span in left:
            keep_error(span, _line(error), kept)
    finally:
        kept.close()
    return len(group.spans)


def keep_error(span: Span, reason: str, kept: Kept) -> None:
    """Keep the same reason as the answer of every extractor that has not answered."""
    for each in span.wanted:
        if not kept.has(each.identity, span.key):
            kept.put(each.identity, span.key, Heard(error=reason))


@dataclass(slots=True)
class _Open:
    """A clip that is being cut out; `start` and `end` in samples, the end None for that of the file."""

    span: Span
    start: int
    end: int | None
    parts: list[NDArray[np.float32]] = field(default_factory=list)

    def take(self, first: int, samples: NDArray[np.float32]) -> None:
        """Keep what of `samples`, which begin at sample `first` of the file, belongs to the clip."""
        end = len(samples) if self.end is None else max(0, self.end - first)
        part = samples[max(0, self.start - first) : end]
        if len(part):
            self.parts.append(part)


def excerpts(group: Group) -> Iterator[Excerpt]:
    """The samples of all clips of a file, each as soon as it is decoded.

    Raises:
        AudioError: the file can't be used.
    """
    rate = probe(group.path).sample_rate
    waiting = [
        _Open(span, round(span.start_s * rate), None if span.end_s is None else round(span.end_s * rate))
        for span in group.spans
    ]
    warnings: list[str] = []
    decoded = 0
    for block in audio.stream(group.path, [rate], BLOCK_S, warnings.append):
        for each in waiting:
            each.take(decoded, block[rate])
        decoded += len(block[rate])
        for each in [each for each in waiting if each.end is not None and each.end <= decoded]:
            waiting.remove(each)
            yield _excerpt(each, rate, decoded, ())
        if not waiting:
            return
    for each in waiting:
        yield _excerpt(each, rate, decoded, warnings)


def _excerpt(cut: _Open, rate: int, decoded: int, warnings: Sequence[str]) -> Excerpt:
    waveform = np.concatenate(cut.parts) if cut.parts else np.zeros(0, np.float32)
    cut.parts.clear()
    missing_s = 0.0 if cut.end is None else (cut.end - decoded) / rate
    late = [f"the file ends {missing_s:.1f} s before the clip does"] if missing_s > LATE_S else []
    return Excerpt(cut.span, Audio(waveform, rate), (*warnings, *late))


def _ask_all(excerpt: Excerpt, kept: Kept) -> None:
    reason = _unfit(excerpt)
    for each in excerpt.span.wanted:
        if kept.has(each.identity, excerpt.span.key):
            continue
        began = time.process_time()
        heard = Heard(error=reason) if reason else _ask(each, excerpt.audio)
        seconds = round(time.process_time() - began, 4)
        kept.put(each.identity, excerpt.span.key, Heard(heard.facts, heard.error, excerpt.warnings, seconds))


def _unfit(excerpt: Excerpt) -> str:
    """Why there is nothing to hear in a clip; "" where there is."""
    span, heard_s = excerpt.span, excerpt.audio.duration_s
    if heard_s == 0:
        return f"the clip starts at {span.start_s:g} s, where the file has ended: correct the manifest"
    if heard_s < MIN_DURATION_S:
        return f"the clip holds {heard_s:.2g} s of audio, where at least {MIN_DURATION_S:g} s are needed"
    return "the clip is silent: there is nothing to annotate" if is_silent(excerpt.audio.waveform) else ""


def _ask(extractor: Asked, heard: Audio) -> Heard:
    """One extractor's answer; whatever somebody else's code raises costs its own answer only."""
    try:
        asked = load_extractor(extractor.name)
        rate = asked.sample_rate or heard.sample_rate
        if rate != heard.sample_rate:
            heard = Audio(soxr.resample(heard.waveform, heard.sample_rate, rate, quality="HQ"), rate)
        facts = tuple(asked(heard))
        wrong = _wrong(facts)
    except MemoryError:
        raise
    except Exception as error:
        return Heard(error=f"extractor {extractor.name}: {_line(error)}")
    return Heard(error=f"extractor {extractor.name}: {wrong}") if wrong else Heard(facts)


def _wrong(facts: Sequence[object]) -> str:
    """What keeps facts out of a manifest; "" where nothing does."""
    for fact in facts:
        if not isinstance(fact, Fact):
            return f"it returned {type(fact).__name__}, not facts"
        if fact.name not in FACT_NAMES:
            return f"no fact is called {fact.name!r}; there are {', '.join(FACT_NAMES)}"
    plain = [asdict(fact) for fact in facts if isinstance(fact, Fact)]
    found = faults({"clip_id": "-", "audio_path": "-", "facts": plain})
    return found[0] if found else ""


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, ValueError | OSError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
