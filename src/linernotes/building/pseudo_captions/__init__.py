"""Captions out of tags (LP-MusicCaps, Doh et al., 2023, section 2): f(tags, instruction) -> caption.

`tags` says what of a clip may be spoken of, `instructions` what a language model is told, `makers` who writes,
`gates` what is wrong with a caption, `making` does it for a whole manifest, `report` counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from linernotes.clip import Clip

ASKED_TASKS = ("writing", "summary", "paraphrase", "attribute_prediction")
"""The paper's four, for a language model; each is a table of the instruction file, which may hold others."""

BASELINES: Mapping[str, str] = {
    "tag_concat": "the tags with commas between them",
    "template": "the tags in one fixed sentence",
    "k2c": "a T5 that turns keywords into a sentence",
}
"""The paper's three baselines."""


@dataclass(frozen=True, slots=True)
class Order:
    """One caption to make: of a clip, by a task, from the tags that may be spoken of."""

    clip: Clip
    task: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a caption comes from.

    `model` is what the backend says answered; `prompt_sha256` is of everything that it was told. `date` is when
    the answer came (ISO 8601, UTC); tokens are None where the backend does not count.
    """

    backend: str
    model: str
    prompt_sha256: str
    date: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A caption, the attributes that the model added of its own, and where both come from."""

    text: str
    provenance: Provenance
    new_attributes: tuple[str, ...] = ()
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What a quality gate holds against a caption; `gate` is one of `gates.GATES`."""

    gate: str
    reason: str


@dataclass(frozen=True, slots=True)
class PseudoCaption:
    """A caption with the order it fills and what the gates say of it."""

    order: Order
    made: Made
    faults: tuple[Fault, ...] = ()


class Maker(Protocol):
    """Makes the caption that is ordered; safe to call from several threads.

    Raises:
        LanguageModelError: there is no usable answer.
    """

    def __call__(self, order: Order) -> Made: ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An order without a caption in the manifest: it `failed`, or a gate `rejected` what was made."""

    clip_id: str
    task: str
    kind: str
    reason: str
    tags: tuple[str, ...] = ()
    caption: str = ""
    provenance: Provenance | None = None
    faults: tuple[Fault, ...] = field(default=())
