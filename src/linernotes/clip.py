"""The nouns that everything else passes around: `Fact`, `Caption`, `Section`, `Description`, `Notes`, `Clip`.

All are frozen and hold plain data, so that they can be compared, hashed into caches and written as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

SCHEMA_VERSION = "1.1"
"""Version of the JSON form of `Notes`; `docs/notes-schema.json` describes it."""

FactValue: TypeAlias = str | float | int | bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured statement about a span of a recording, and what it rests on.

    `name` is one of `FACT_NAMES`; `unit` is "" where the value has none; `confidence` is a calibrated
    probability in 0..1; `source` names the estimator or model ("musicnn-mtt", "chroma-key", "given").
    """

    id: str
    name: str
    value: FactValue
    unit: str
    confidence: float
    source: str
    start_s: float
    end_s: float


FACT_NAMES: Mapping[str, str] = {
    "content": "what the recording is: music, speech, other or silence",
    "tempo": "beats per minute (unit BPM)",
    "tempo_change": "steady, or how the tempo moves: steady, slowing, quickening, varying",
    "metre": "beats in a bar, as 4/4, 3/4 or 6/8",
    "beat": "a beat, by its number, lasting until the next one",
    "downbeat": "a bar, by its number, from its first beat on",
    "key": "tonic and mode, as F# minor",
    "tuning": "deviation from A = 440 Hz (unit cents)",
    "chord": "a chord over its time span, as A:min in Harte syntax; N for none",
    "chord_loop": "a progression that comes back, as Am-F-C-G",
    "loudness": "integrated loudness (unit LUFS)",
    "loudness_range": "loudness range (unit LU)",
    "dynamics": "how loudness moves: steady, building, fading, varied",
    "level": "how loud a section is beside the whole recording: louder or quieter",
    "brightness": "spectral centroid (unit Hz)",
    "instrument": "an instrument that is heard, as electric guitar",
    "genre": "a genre, as folk",
    "mood": "a mood, as calm",
    "era": "a decade the sound belongs to, as 80s",
    "voice": "sung, spoken, instrumental or unsure",
    "singer_gender": "male, female, mixed or unsure",
    "section": "label of a section, as A; equal labels sound alike",
    "aspect": "a phrase that a person gave (source given)",
}
"""Every fact name an extractor may use, with its meaning."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Characters `start` to `end` of a caption's text say what the facts with `fact_ids` carry."""

    start: int
    end: int
    fact_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """A text and, for every statement of content in it, the facts behind that statement."""

    text: str
    claims: tuple[Claim, ...] = ()
    stand_in: str = ""
    """Why another writer than the one asked wrote it; empty where none stood in."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a recording that hangs together, with its own caption and facts."""

    start_s: float
    end_s: float
    caption: Caption
    facts: tuple[Fact, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a long description says from `start_s` on; moments follow one another and fill the recording."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class CaptionedStretch:
    """A window of a long recording with its own caption; `dropped` says why the description left it out."""

    start_s: float
    end_s: float
    caption: str
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """A whole recording told over time.

    `writer` is "composer" or the language model's name; `caption.stand_in` says why the composer wrote instead of
    a model, `refused` is then what the model wrote and `faults` what was wrong with it.
    """

    caption: Caption
    writer: str
    moments: tuple[Moment, ...]
    windows: tuple[CaptionedStretch, ...] = ()
    refused: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the notes say of the file itself; `sha256` is that of its bytes."""

    path: str
    duration_s: float
    sample_rate: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Licence:
    """Licence of one component that took part in making the notes."""

    component: str
    licence: str
    commercial_use: bool


@dataclass(frozen=True, slots=True)
class Producer:
    """What made the notes: package version, models with their revisions, settings that matter."""

    version: str
    models: tuple[str, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notes:
    """Everything linernotes says about one recording."""

    audio: AudioInfo
    caption: Caption
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...]
    licences: tuple[Licence, ...]
    producer: Producer
    warnings: tuple[str, ...] = ()
    schema_version: str = SCHEMA_VERSION
    description: Description | None = None
    """The long description, where one was asked for."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One item of a data set: a span of an audio file with what people wrote or know about it.

    `audio_path` is relative to the data set's root, with forward slashes; "" where the audio can't be had.
    `end_s` is None where the span goes on to the end of the file. `extra` holds whatever else the data set
    says, as JSON values.
    """

    clip_id: str
    audio_path: str
    start_s: float = 0.0
    end_s: float | None = None
    captions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    artist_id: str = ""
    split: str = ""
    source: str = ""
    licence: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
