"""The one prompt that a whole recording goes into, with true times; its words are data (`prompt.toml`)."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Protocol

from linernotes.clip import Fact, Section
from linernotes.export import clock
from linernotes.features.harmony.pitch_names import progression_name
from linernotes.llm import Message
from linernotes.longform.changes import is_of_a_span
from linernotes.longform.options import Length, LongOptions
from linernotes.longform.windows import Span, Window
from linernotes.writers.composer.content import measured_content, rounded_bpm

MOST_WINDOWS = 48
"""A recording with more windows has neighbours put together, so that a prompt is bounded for any duration."""
MOST_SPANS, MOST_CAPTIONS, MOST_CHORDS = 48, 3, 8
WORDS: Mapping[Length, int] = {Length.short: 80, Length.medium: 180, Length.full: 350}
TOLD = frozenset(
    "tempo tempo_change key metre chord_loop instrument genre mood voice singer_gender era".split()
)
TOLD_OF_STRETCHES = frozenset("instrument mood voice level dynamics".split())

_MARKUP = str.maketrans(dict.fromkeys("<>[]{}|`", None))
"""Signs of which chat templates make their own marks, such as `<|im_end|>` or `[/INST]`; no caption needs them."""


@dataclass(frozen=True, slots=True)
class LongPrompt:
    """The words around the material."""

    version: int
    instructions: str
    prose: str
    timeline: str
    repair: str


@lru_cache(maxsize=1)
def load_prompt() -> LongPrompt:
    """The shipped prompt."""
    data = (resources.files("linernotes.longform") / "prompt.toml").read_text("utf-8")
    return LongPrompt(**tomllib.loads(data))


@dataclass(frozen=True, slots=True)
class Material:
    """What a language model is shown, and every time in it, in seconds."""

    text: str
    times_s: frozenset[float]


def messages(material: Material, options: LongOptions) -> list[Message]:
    """The conversation that asks for a description."""
    prompt = load_prompt()
    manner = getattr(prompt, options.manner.value).format(words=WORDS[options.length])
    return [
        Message("system", f"{prompt.instructions.strip()}\n- {manner}"),
        Message("user", material.text),
    ]


def repair(faults: Sequence[str]) -> Message:
    """What is wrong with an answer, and the request for another."""
    listed = "\n".join(f"- {fault}" for fault in faults)
    return Message("user", load_prompt().repair.format(faults=listed).strip())


def make_material(
    facts: Sequence[Fact], sections: Sequence[Section], windows: Sequence[Window], duration_s: float
) -> Material:
    """Everything told, as JSON with a line for every stretch; `windows`: those that contradict no neighbours."""
    by_length = sorted(filter(is_of_a_span, facts), key=lambda fact: fact.start_s - fact.end_s)
    spans = sorted(by_length[:MOST_SPANS], key=lambda fact: fact.start_s)
    parts = list(sections) if len(sections) > 1 else []
    groups = _together(windows, MOST_WINDOWS)
    whole = _said([fact for fact in facts if fact.name in TOLD and not is_of_a_span(fact)])
    told = {
        "key and tempo over time": [_line(span, _said([span])) for span in spans],
        "sections, with what is known of them": [
            _line(
                part, [*_said(part.facts, TOLD_OF_STRETCHES), *_chords(part, facts)], sounds_like=part.label
            )
            for part in parts
        ],
        "windows, with what was written of them": [_line(span, captions) for span, captions in groups],
    }
    lines = [f'"length": {_text(clock(duration_s))}', f'"whole recording": {_texts(whole)}']
    lines += [f'"{name}": [\n  ' + ",\n  ".join(items) + "\n]" for name, items in told.items() if items]
    stretches: list[_Stretch] = [*spans, *parts, *(span for span, _ in groups)]
    times_s = {time_s for stretch in stretches for time_s in (stretch.start_s, stretch.end_s)}
    return Material("{" + ",\n".join(lines) + "}", frozenset({0.0, duration_s} | times_s))


class _Stretch(Protocol):
    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...


def _line(stretch: _Stretch, told: Sequence[str], *, sounds_like: str = "") -> str:
    letter = f'"letter": {_text(sounds_like)}, ' if sounds_like else ""
    times = f'"from": {_text(clock(stretch.start_s))}, "to": {_text(clock(stretch.end_s))}'
    return f'{{{times}, {letter}"told": {_texts(told)}}}'


def _text(text: str) -> str:
    return json.dumps(" ".join(text.translate(_MARKUP).split()))


def _texts(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"


def _said(facts: Sequence[Fact], names: frozenset[str] | None = None) -> list[str]:
    """Facts in words: "tempo: 88 BPM", "genre: jazz (probably)"."""
    content = measured_content(fact for fact in facts if names is None or fact.name in names)
    return [
        f"{role.replace('_', ' ')}: {f'{rounded_bpm(item)} BPM' if role == 'tempo' else item.text}"
        + ("" if item.sure else " (probably)")
        for role, items in content.by_role.items()
        for item in items
    ]


def _chords(part: Section, facts: Sequence[Fact]) -> list[str]:
    """The first chords of a section, one after another."""
    inside = [fact for fact in facts if fact.name == "chord" and part.start_s <= fact.start_s < part.end_s]
    names = [progression_name([str(fact.value).split("/")[0]]) for fact in inside if fact.value != "N"]
    return [f"chords: {'-'.join(names[:MOST_CHORDS])}"] if len(names) > 2 else []


def _together(windows: Sequence[Window], most: int) -> list[tuple[Span, list[str]]]:
    """At most `most` stretches, each of equally many windows, with the captions that differ."""
    size = max(1, math.ceil(len(windows) / most))
    groups = [windows[first : first + size] for first in range(0, len(windows), size)]
    return [
        (
            Span(group[0].span.start_s, group[-1].span.end_s),
            list(dict.fromkeys(window.caption for window in group if window.caption))[:MOST_CAPTIONS],
        )
        for group in groups
    ]
