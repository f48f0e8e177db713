"""The windows that a long recording is told from: ten seconds each, or snapped to beats or to sections."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linernotes import audio
from linernotes.captioner import Analysis
from linernotes.clip import Fact
from linernotes.features.rhythm.beats import beat_times
from linernotes.features.section_facts import section_facts, telling
from linernotes.longform.options import WindowKind
from linernotes.writers import Writer

WINDOW_S = 10.0
SHORTEST_TAIL_S = 1.0
"""A last window that is shorter belongs to the one before it."""
SHORTEST_BEAT_WINDOW_S = 5.0
"""A window is not cut back to a beat that would leave less of it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds `start_s` to `end_s` of a recording."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Window:
    """A span with what was measured in it and what was written about it."""

    span: Span
    facts: tuple[Fact, ...]
    caption: str


def window_spans(kind: WindowKind, analysis: Analysis) -> tuple[Span, ...]:
    """Windows of at most ten seconds (the last: eleven) that fill the recording from its start to its end."""
    frames = analysis.frames
    edges = [frames.start_s]
    if kind is WindowKind.sections:
        for fact in analysis.facts:
            if fact.name == "section":
                edges += _even(max(fact.start_s, edges[-1]), fact.end_s)
        edges += _even(edges[-1], frames.end_s) if frames.end_s - edges[-1] > SHORTEST_TAIL_S else []
    else:
        beats = beat_times(frames) if kind is WindowKind.beats else np.zeros(0)
        while frames.end_s - edges[-1] > WINDOW_S:
            edges.append(_cut(edges[-1], beats))
        edges.append(frames.end_s)
    edges[-1] = frames.end_s
    if len(edges) > 2 and edges[-1] - edges[-2] < SHORTEST_TAIL_S:
        del edges[-2]
    return tuple(Span(first, last) for first, last in pairwise(edges))


def _even(start_s: float, end_s: float) -> list[float]:
    """Ends of equal windows from `start_s` to `end_s`."""
    count = max(1, math.ceil((end_s - start_s) / WINDOW_S - 1e-9))
    return [start_s + (end_s - start_s) * number / count for number in range(1, count + 1)]


def _cut(start_s: float, beats: NDArray[np.float64]) -> float:
    """The last beat at which a window from `start_s` can end, else its full length."""
    within = beats[(beats >= start_s + SHORTEST_BEAT_WINDOW_S) & (beats <= start_s + WINDOW_S)]
    return float(within[-1]) if len(within) else start_s + WINDOW_S


def measured_windows(analysis: Analysis, spans: Sequence[Span], writer: Writer, seed: int) -> list[Window]:
    """Each span with its facts, whose ids begin with `w<number>/`, and the writer's caption of it."""
    windows = []
    for number, span in enumerate(spans, 1):
        stretch = Fact("section", "section", "", "", 1.0, "window", span.start_s, span.end_s)
        facts = section_facts(analysis.frames, stretch, number, analysis.facts)
        facts = tuple(replace(fact, id=f"w{fact.id[1:]}") for fact in facts)
        told = telling(facts, analysis.facts)
        caption = writer(told, "short", seed + number)
        text = caption.text if caption.claims else writer(facts, "short", seed + number).text
        windows.append(Window(span, facts, text))
    return windows


def waveforms(path: str, spans: Sequence[Span], sample_rate: int) -> Iterator[NDArray[np.float32]]:
    """Samples of spans that follow one another, (samples,) each; little more than one of them is in memory."""
    held, held_from = np.zeros(0, np.float32), 0
    blocks = audio.stream(path, [sample_rate], WINDOW_S)
    for span in spans:
        last = round(span.end_s * sample_rate)
        while held_from + len(held) < last and (block := next(blocks, None)) is not None:
            held = np.concatenate([held, block[sample_rate]])
        cut = max(0, last - held_from)
        yield held[:cut]
        held, held_from = held[cut:], held_from + len(held[:cut])
