"""From facts to classes: a probability for every class of every head, NaN where nothing is known.

Heads and the order of their classes are those of `datasets.feature_classes`. Absent is never assumed: it follows
from a fact that is held for unlikely, from one that excludes the class (a key, an instrumental), or from exact
truth, which names all there is of what it can name (`Closed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linernotes.building.annotate import NAMED, Bounds
from linernotes.building.annotate.meanings import Place, left_open, meaning_of
from linernotes.clip import Fact
from linernotes.datasets.feature_classes import CLASSES, FEMALE, INSTRUMENTAL, KEYS, MALE

Floats = NDArray[np.float32]

KINDS = (*NAMED, "era")
SEMITONES: Mapping[str, int] = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MODES: Mapping[str, str] = {"major": "major", "maj": "major", "minor": "minor", "min": "minor"}


@dataclass(frozen=True, slots=True)
class ClassLabels:
    """`chances[head]` (classes,), NaN for unknown; `unmapped` are claims ("kind: value") that are no class."""

    chances: Mapping[str, Floats]
    unmapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """Exact truth: of the classes `reach` of a fact name, those that a clip's facts do not say are absent."""

    reach: Mapping[str, frozenset[Place]] = field(default_factory=dict)


def reach_of(vocabulary: Mapping[str, Iterable[str]]) -> Closed:
    """What a truth whose facts take these values, by fact name, can say."""
    reach: dict[str, frozenset[Place]] = {}
    for kind in NAMED:
        meanings = [meaning_of(kind, value) for value in vocabulary.get(kind, ())]
        reach[kind] = frozenset(place for meaning in meanings if meaning for place in meaning.holds)
    return Closed(reach)


def class_labels(
    facts: Sequence[Fact],
    bounds: Bounds,
    closed: Closed | None = None,
    exact_names: frozenset[str] = frozenset(),
) -> ClassLabels:
    """The classes that facts speak of; facts whose name is in `exact_names` are truth that `closed` describes."""
    chances = {head: np.full(len(classes), np.nan, np.float32) for head, classes in CLASSES.items()}
    unmapped: list[str] = []
    open_places: set[Place] = set()
    for fact in facts:
        if fact.name in KINDS:
            meaning = meaning_of(fact.name, str(fact.value))
            claimed = fact.confidence >= bounds.present
            if meaning is None and claimed:
                unmapped.append(f"{fact.name}: {fact.value}")
            if claimed:
                open_places |= left_open(fact.name, str(fact.value))
            for place in meaning.holds if meaning else ():
                if claimed or place == (meaning.same if meaning else None):
                    _raise(chances, place, fact.confidence)
    _voice(chances, facts)
    _keys(chances["key"], facts, unmapped)
    if closed is not None:
        _close(chances, facts, closed, exact_names, open_places)
    return ClassLabels(chances, tuple(unmapped))


def absent_facts(labels: ClassLabels, bounds: Bounds, end_s: float) -> tuple[Fact, ...]:
    """A fact of low confidence for each class of `NAMED` that counts as absent, of a clip that lasts `end_s`."""
    return tuple(
        Fact(f"absent:{head}:{name}", head, name, "", round(float(chance), 4), "annotate", 0.0, end_s)
        for head in NAMED
        for name, chance in zip(CLASSES[head], labels.chances[head], strict=True)
        if chance <= bounds.absent
    )


def known(chances: Floats, bounds: Bounds) -> NDArray[np.bool_]:
    """Where a class counts as present or as absent, of any shape."""
    with np.errstate(invalid="ignore"):
        return (chances >= bounds.present) | (chances <= bounds.absent)


def present(chances: Floats, bounds: Bounds) -> NDArray[np.bool_]:
    """Where a class counts as present, of any shape."""
    with np.errstate(invalid="ignore"):
        return np.asarray(chances >= bounds.present)


def _raise(chances: Mapping[str, Floats], place: Place, confidence: float) -> None:
    """Several facts about a class: the likeliest counts."""
    row, column = chances[place[0]], CLASSES[place[0]].index(place[1])
    row[column] = np.fmax(row[column], np.float32(confidence))


def _voice(chances: Mapping[str, Floats], facts: Sequence[Fact]) -> None:
    """The head "vocals", and the instrument "voice"; what is left of a chance is shared evenly."""
    voice = next((fact for fact in facts if fact.name == "voice"), None)
    gender = next((fact for fact in facts if fact.name == "singer_gender"), None)
    head = dict.fromkeys(CLASSES["vocals"], float("nan"))
    if voice is not None and voice.value == "instrumental":
        _raise(chances, ("instrument", "voice"), 1.0 - voice.confidence)
        head = {INSTRUMENTAL: voice.confidence} | dict.fromkeys((FEMALE, MALE), (1.0 - voice.confidence) / 2)
    elif voice is not None and voice.value in ("sung", "spoken"):
        head[INSTRUMENTAL] = 1.0 - voice.confidence
        if voice.value == "sung":
            _raise(chances, ("instrument", "voice"), voice.confidence)
            head |= _sexes(gender, voice.confidence)
    for name, chance in head.items():
        chances["vocals"][CLASSES["vocals"].index(name)] = chance


def _sexes(gender: Fact | None, sung: float) -> dict[str, float]:
    if gender is None or gender.value not in (FEMALE, MALE, "mixed"):
        return {}
    if gender.value == "mixed":
        return dict.fromkeys((FEMALE, MALE), sung * gender.confidence)
    other = MALE if gender.value == FEMALE else FEMALE
    return {str(gender.value): sung * gender.confidence, other: sung * (1.0 - gender.confidence)}


def _keys(row: Floats, facts: Sequence[Fact], unmapped: list[str]) -> None:
    """Keys exclude one another: what a key leaves is shared by the others, except those that are stated too."""
    stated = [fact for fact in facts if fact.name == "key"]
    for fact in stated:
        column = key_class(str(fact.value))
        if column is None:
            unmapped.append(f"key: {fact.value}")
            continue
        others = np.float32((1.0 - fact.confidence) / (len(KEYS) - 1))
        row[:] = np.fmax(row, others)
        row[column] = np.fmax(row[column], np.float32(fact.confidence))


def key_class(key: str) -> int | None:
    """The column of a key written as "Bb minor", "A# min" or "a minor"; None where it is no key."""
    tonic, _, mode = key.strip().partition(" ")
    pitch, accidentals = tonic[:1].upper(), tonic[1:]
    if pitch not in SEMITONES or mode.strip().lower() not in MODES or set(accidentals) - {"#", "b"}:
        return None
    semitone = (SEMITONES[pitch] + accidentals.count("#") - accidentals.count("b")) % 12
    return semitone + (0 if MODES[mode.strip().lower()] == "major" else 12)


def _close(
    chances: Mapping[str, Floats],
    facts: Sequence[Fact],
    closed: Closed,
    exact_names: frozenset[str],
    open_places: set[Place],
) -> None:
    """Absent is what exact facts of a name could have said of a clip, did not say, and did not leave open."""
    for name in exact_names & {fact.name for fact in facts} & set(NAMED):
        for head, label in closed.reach.get(name, frozenset()) - open_places:
            column = CLASSES[head].index(label)
            if np.isnan(chances[head][column]):
                chances[head][column] = 0.0
