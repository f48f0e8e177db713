"""What a picture of notes shows, as plain numbers and words: no drawing here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact, Notes
from linernotes.encoders.musicnn_vocabulary import TAGS
from linernotes.features.frames import Frames, Series
from linernotes.words.licence import SUPPORT_FROM

QUIETEST_LUFS = -60.0
MOST_POINTS = 1200
MOST_TAG_COLUMNS = 600
MOST_VOICE_COLUMNS = 300
MOST_TAGS = 9
TAG_COUNTS_FROM = 0.15
"""A tag is shown if it reaches this probability, averaged over a tenth of the recording."""

ONE_TAG: dict[str, tuple[str, ...]] = {
    "vocals": ("vocal", "vocals", "singing", "voice"),
    "female voice": (
        "female",
        "female vocal",
        "female voice",
        "woman",
        "female vocalists",
        "female vocalist",
    ),
    "male voice": ("male", "male vocal", "male voice", "man", "male vocalists"),
    "no vocals": ("no vocals", "no vocal", "no voice", "instrumental"),
    "beat": ("beat", "beats"),
    "classical": ("classical", "classic"),
    "choir": ("choir", "choral"),
    "electronic": ("electronic", "electronica", "electro"),
    "chill": ("chill", "chillout"),
    "indie": ("indie", "indie rock", "indie pop"),
    "metal": ("metal", "heavy metal"),
    "alternative": ("alternative", "alternative rock"),
    "R&B": ("rnb",),
}
"""Tags that mean the same to a reader; the strongest of them speaks for all."""

_READABLE = {tag: name for name, tags in ONE_TAG.items() for tag in tags}
_FIFTHS = {letter: place for place, letter in enumerate("FCGDAEB")}
_HARTE = re.compile(r"(?P<root>[A-G][#b]*)(?::(?P<quality>[^/]*))?(?:/.*)?$")
_LEAD_SHEET = {
    "": "",
    "maj": "",
    "min": "m",
    "min7": "m7",
    "hdim7": "m7♭5",
    "maj6": "6",
    "min6": "m6",
    "dim7": "dim7",
}
_TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a word, and a shorter one for where there is little room."""

    start_s: float
    end_s: float
    text: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A stretch of time with a number."""

    start_s: float
    end_s: float
    value: float


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord over its time: `root` as "F♯", `third` "major", "minor" or "none", `name` as on a lead sheet."""

    start_s: float
    end_s: float
    root: str
    third: str
    name: str


@dataclass(frozen=True, slots=True)
class Tags:
    """The strongest tags over time, columns of equal width from `start_s` to `end_s`."""

    names: tuple[str, ...]
    probabilities: Doubles  # (columns, tags)
    start_s: float
    end_s: float


def printable_name(path: str) -> str:
    """The last part of a path with everything unprintable escaped."""
    name = os.path.basename(path.rstrip("/\\")) or path
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)


def shortened(text: str, most: int) -> str:
    """The text with its middle left out where it is too long, so that a suffix stays in sight."""
    return text if len(text) <= most else f"{text[: most - 33]} … {text[-30:]}"


def clock(seconds: float) -> str:
    """Time as 1:05 or 1:01:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def time_ticks(duration_s: float) -> list[float]:
    """At most a dozen round times."""
    step = next((step for step in _TICK_STEPS_S if duration_s / step <= 12), 86400)
    return [float(tick) for tick in range(0, int(duration_s) + 1, step)]


def round_ticks(low: float, high: float) -> list[float]:
    """Two or three round numbers between `low` and `high`."""
    step = next(step for step in (5, 10, 20, 50, 100, 200, 1000) if (high - low) / step <= 4)
    return [float(tick) for tick in range(int(np.ceil(low / step)) * step, int(high) + 1, step)]


def text_width_in(text: str, size_pt: float) -> float:
    """About how many inches a text takes; on the safe side."""
    return 0.64 * size_pt * len(text) / 72


def envelope(frames: Frames) -> Doubles:
    """(points, 2): seconds and the loudest momentary loudness around them in LUFS."""
    series = _present(frames, "loudness")
    if series is None:
        return np.zeros((0, 2))
    loudness = np.nan_to_num(np.asarray(series.values, float), nan=QUIETEST_LUFS, neginf=QUIETEST_LUFS)
    points = np.column_stack(
        [_thin(series.times_s, MOST_POINTS, np.mean), _thin(loudness, MOST_POINTS, np.max)]
    )
    points[0, 0], points[-1, 0] = frames.start_s, frames.end_s
    return points


def outline(frames: Frames) -> Doubles:
    """(columns, 3): seconds, lowest and highest sample of the waveform around them."""
    series = _present(frames, "outline")
    if series is None:
        return np.zeros((0, 3))
    values = np.asarray(series.values, float)
    parts = ((series.times_s, np.mean), (values[:, 0], np.min), (values[:, 1], np.max))
    return np.column_stack([_thin(column, MOST_POINTS, take) for column, take in parts])


def voice(frames: Frames) -> Doubles:
    """(columns, 3): seconds, share of singing, share of speech."""
    series = _present(frames, "voice_events")
    if series is None or series.values.shape[1] < 2:
        return np.zeros((0, 3))
    values = np.asarray(series.values, float)
    columns = (series.times_s, values[:, 1], values[:, 0])
    return np.column_stack([_thin(column, MOST_VOICE_COLUMNS, np.mean) for column in columns])


def top_tags(frames: Frames) -> Tags | None:
    """The tags that are strongest at some time, strongest first, both taggers together."""
    by_name: dict[str, list[Doubles]] = {}
    spans: list[tuple[float, float]] = []
    for vocabulary, tags in TAGS.items():
        series = _present(frames, f"tags_{vocabulary}")
        if series is None:
            continue
        spans.append((series.start_s - 0.5 / series.rate_hz, series.times_s[-1] + 0.5 / series.rate_hz))
        columns = _thin(np.asarray(series.values, float), MOST_TAG_COLUMNS, np.mean)
        for tag, column in zip(tags, columns.T, strict=True):
            by_name.setdefault(_READABLE.get(tag, tag.lower()), []).append(column)
    if not spans:
        return None
    columns_kept = min(len(column) for some in by_name.values() for column in some)
    joined = {
        name: np.max([column[:columns_kept] for column in some], axis=0) for name, some in by_name.items()
    }
    scores = {
        name: float(np.sort(column)[-max(1, len(column) // 10) :].mean()) for name, column in joined.items()
    }
    names = sorted(
        (name for name in joined if scores[name] >= TAG_COUNTS_FROM), key=lambda name: -scores[name]
    )
    names = names[:MOST_TAGS]
    if not names:
        return None
    start_s, end_s = max(0.0, min(start for start, _ in spans)), max(end for _, end in spans)
    return Tags(tuple(names), np.column_stack([joined[name] for name in names]), start_s, end_s)


def may_be_music(notes: Notes) -> bool:
    """Whether no fact says otherwise: of speech or noise the taggers, which know music only, say nonsense."""
    return all(fact.value == "music" for fact in _facts(notes.facts, "content"))


def sections(notes: Notes) -> list[Span]:
    """Spans of the section facts, by label."""
    return [Span(fact.start_s, fact.end_s, str(fact.value)) for fact in _facts(notes.facts, "section")]


def tempos(notes: Notes) -> list[Level]:
    """Beats per minute section by section, or of the whole where sections have none."""
    facts = [fact for section in notes.sections for fact in _facts(section.facts, "tempo")]
    facts = facts or _facts(notes.facts, "tempo")
    usable = (fact for fact in facts if fact.confidence >= SUPPORT_FROM)
    return [Level(fact.start_s, fact.end_s, float(fact.value)) for fact in usable]


def keys(notes: Notes) -> list[Span]:
    """Keys over time: those with spans of their own, else section by section, else that of the whole."""
    whole = _facts(notes.facts, "key")
    by_section = [fact for section in notes.sections for fact in _facts(section.facts, "key")]
    facts = whole if len(whole) > 1 or not by_section else by_section
    if len(facts) > 1:  # next to keys of parts, a key of the whole would lie over them
        length_s = max(fact.end_s - fact.start_s for fact in facts)
        parts = [
            fact for fact in facts if fact.end_s - fact.start_s < max(length_s, notes.audio.duration_s) - 0.1
        ]
        facts = parts or facts[:1]
    joined: list[Span] = []
    for fact in facts:
        name = with_accidentals(str(fact.value))
        if joined and joined[-1].text == name:
            joined[-1] = replace(joined[-1], end_s=fact.end_s)
        else:
            short = name.replace(" major", "").replace(" minor", "m")
            joined.append(Span(fact.start_s, fact.end_s, name, short))
    return joined


def chords(notes: Notes) -> list[Chord]:
    """Every chord fact that names a chord."""
    found = []
    for fact in _facts(notes.facts, "chord"):
        match = _HARTE.match(str(fact.value))
        if match:
            root, quality = with_accidentals(match["root"]), match["quality"] or ""
            third = "minor" if quality.startswith("min") else "none"
            third = "major" if not quality or quality[0].isdigit() or quality.startswith("maj") else third
            name = root + with_accidentals(_LEAD_SHEET.get(quality, quality))
            found.append(Chord(fact.start_s, fact.end_s, root, third, name))
    return found


def roots_by_fifths(found: Sequence[Chord]) -> list[str]:
    """The roots that occur, in the order of fifths, so that chords of one key lie together."""

    def place(root: str) -> int:
        return _FIFTHS[root[0]] + 7 * (root.count("♯") - root.count("♭"))

    return sorted({chord.root for chord in found}, key=place)


def with_accidentals(name: str) -> str:
    """F# as F♯ and Bb as B♭."""
    return re.sub(r"(?<=[A-G])b", "♭", name.replace("#", "♯"))


def _facts(facts: Iterable[Fact], name: str) -> list[Fact]:
    return sorted((fact for fact in facts if fact.name == name), key=lambda fact: fact.start_s)


def _present(frames: Frames, name: str) -> Series | None:
    series = frames.series.get(name)
    return series if series is not None and len(series.values) else None


def _thin(values: Doubles, most: int, join: object) -> Doubles:
    """At most `most` rows, each joining equally many neighbours."""
    group = -(-len(values) // most)
    starts = range(0, len(values), group)
    return np.array([join(values[start : start + group], axis=0) for start in starts])  # type: ignore[operator]
