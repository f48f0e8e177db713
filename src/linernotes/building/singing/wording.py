"""One sentence out of the attributes, offline or by a language model, and what is wrong with one.

A caption must say all six required attributes with words of `SAID`, and no name of the metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from linernotes.building.pseudo_captions.names import Names, leaked_name
from linernotes.building.singing import REQUIRED, Attribute
from linernotes.datasets.rendered.dice import Dice
from linernotes.llm import LanguageModel, Message

SAID: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "singer_gender": {
        "male": ("male", "man", "man's", "his", "he"),
        "female": ("female", "woman", "woman's", "her", "she"),
    },
    "pitch": {
        "low": ("low", "lower", "low-pitched", "deep"),
        "medium": ("medium", "mid-range", "middle", "medium-pitched", "moderate"),
        "high": ("high", "higher", "high-pitched"),
    },
    "volume": {
        "low": ("low", "soft", "softly", "quiet", "quietly"),
        "medium": ("medium", "moderate", "moderately"),
        "high": ("high", "loud", "loudly", "powerful"),
    },
    "tempo": {
        "slow": ("slow", "slowly", "unhurried"),
        "moderate": ("moderate", "medium", "mid-tempo"),
        "fast": ("fast", "quick", "brisk"),
    },
}
"""Words that say a value; mood and timbre are said by their own word."""

TEMPLATES = (
    "A {gender} vocalist with a {timbre} timbre sings {loudness} at a {pitch} pitch, in {article} {mood} mood and "
    "at a {tempo} tempo.",
    "At a {tempo} tempo and with {article} {mood} mood, a {gender} singer performs in a {pitch} register, "
    "{loudness} and with a {timbre} tone.",
    "This is {article} {mood} song at a {tempo} tempo, sung {loudness} by a {gender} voice of {pitch} pitch and "
    "{timbre} timbre.",
    "A {timbre} {gender} voice sings {loudness} in a {pitch} range over {tempo} music of {article} {mood} mood.",
)
LOUDNESS = {"low": "softly", "medium": "at a medium volume", "high": "loudly"}
PITCH = {"low": "low", "medium": "medium", "high": "high"}
PARTS = {
    "singer_gender": "a {} singer",
    "timbre": "a {} timbre",
    "volume": "{} volume",
    "pitch": "a {} pitch",
    "mood": "a {} mood",
    "tempo": "a {} tempo",
}
"""Phrases of a sentence that says only what is known."""

SYSTEM = (
    "You write one English sentence of about 23 words that describes how somebody sings. You are given attributes "
    "as JSON. Say every one of gender, pitch, volume, timbre, mood and tempo with the word given or a plain "
    "synonym; where a style is given, let its sense be heard too. Never name an artist, a song or a number. "
    "Answer with the sentence alone."
)
PROMPT_VERSION = "2"


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence and who wrote it."""

    text: str
    made_by: str


class CaptionWriter(Protocol):
    """Writes the sentence of a segment."""

    @property
    def name(self) -> str:
        """Who writes, for manifests."""
        ...

    def __call__(self, attributes: Mapping[str, Attribute], seed: str, style: str = "") -> Written:
        """One sentence; unknown attributes are left out. `style` is a sentence of somebody who listened."""
        ...


class Templates:
    """The offline writer: four sentence patterns, one drawn by the segment's name; it has no use for a style."""

    name = "templates 1"

    def __call__(self, attributes: Mapping[str, Attribute], seed: str, style: str = "") -> Written:
        del style
        known = {name: attributes[name].value for name in REQUIRED if attributes[name].is_known}
        if len(known) < len(REQUIRED):
            return Written(_partial(known), self.name)
        text = Dice("singing caption", seed).pick(TEMPLATES)
        filled = text.format(
            gender=known["singer_gender"],
            pitch=PITCH[known["pitch"]],
            loudness=LOUDNESS[known["volume"]],
            timbre=known["timbre"],
            mood=known["mood"],
            article=_article(known["mood"]),
            tempo=known["tempo"],
        )
        return Written(filled, self.name)


def _partial(known: Mapping[str, str]) -> str:
    """A sentence of what is known."""
    if not known:
        return "Somebody sings."
    rest = [PARTS[name].format(known[name]) for name in PARTS if name in known and name != "singer_gender"]
    rest = [re.sub(r"^a (?=[aeiou])", "an ", part) for part in rest]
    who = f"A {known['singer_gender']} vocalist" if "singer_gender" in known else "A vocalist"
    if not rest:
        return f"{who} sings."
    listed = rest[0] if len(rest) == 1 else f"{', '.join(rest[:-1])} and {rest[-1]}"
    return f"{who} sings with {listed}."


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"


class ModelWriter:
    """A language model that is told the attributes but no name."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name = f"{model.name} prompt {PROMPT_VERSION}"

    def __call__(self, attributes: Mapping[str, Attribute], seed: str, style: str = "") -> Written:
        del seed
        told = {name: attributes[name].value for name in REQUIRED if attributes[name].is_known}
        told |= {"style": style} if style else {}
        answer = self._model.complete(
            [Message("system", SYSTEM), Message("user", json.dumps(told))], temperature=0.0, max_tokens=120
        )
        return Written(" ".join(answer.text.split()), f"{answer.model} prompt {PROMPT_VERSION}")


def faults_of(text: str, attributes: Mapping[str, Attribute], names: Names) -> tuple[str, ...]:
    """What is wrong with a caption: attributes it does not say, a name it says, more than one sentence."""
    words = set(re.findall(r"[a-z]+(?:[-'][a-z]+)*", text.lower()))
    found = [
        f"does not say {name} {attributes[name].value}"
        for name in REQUIRED
        if attributes[name].is_known and not words & set(_words_for(name, attributes[name].value))
    ]
    given = [attribute.value for name, attribute in attributes.items() if name in REQUIRED]
    if name := leaked_name(text, given, names):
        found.append(f"names {name!r}")
    if len(re.findall(r"[.!?](?:\s|$)", text)) != 1:
        found.append("is not one sentence")
    return tuple(found)


def _words_for(name: str, value: str) -> tuple[str, ...]:
    return SAID.get(name, {}).get(value, (value.lower(),))
