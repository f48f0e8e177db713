"""What an audio language model says of a segment: gender and timbre of the voice, mood, tempo, style of the mix.

The paper (S2Cap, section 3.1) asks Qwen2-Audio for these. Here it is asked twice, once with each track and with
nothing else: no name, title or tag is told. An answer counts where it is one of the words below, letter for
letter; everything else is "unsure".
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import soundfile

from linernotes.audio import Audio
from linernotes.building.singing import UNSURE, Attribute, unsure
from linernotes.building.singing.classes import PACES
from linernotes.building.singing.timbre import WORDS as MEASURED_TIMBRES
from linernotes.llm import (
    BadAnswerError,
    LanguageModel,
    LanguageModelError,
    Message,
    RefusedError,
    Schema,
    Sound,
    TruncatedError,
)
from linernotes.llm.concurrent import FAILURES_IN_A_ROW
from linernotes.llm.json_answers import parse_answer
from linernotes.llm.load import Manners, load_language_model, with_manners

PROMPT_VERSION = "1"
SAMPLE_RATE = 16_000
"""What Qwen2-Audio hears; others convert."""
SURENESS = 0.5
"""A model's word comes without a chance of being right: taken for half sure, by convention."""
MOST_STYLE_WORDS = 40

CLASSES: Mapping[str, tuple[str, ...]] = {
    "singer_gender": ("male", "female"),
    "timbre": (*MEASURED_TIMBRES, "breathy", "husky", "nasal", "rough", "smooth", "mellow"),
    "mood": (
        *("calm", "energetic", "happy", "sad", "cheerful", "lively", "melancholic", "tense"),
        *("romantic", "dreamy", "angry", "hopeful", "nostalgic", "playful", "solemn", "passionate"),
    ),
    "tempo": PACES,
}
"""The closed classes. No timbre or mood is also a word for a pitch, volume or tempo (`wording.SAID`)."""

SYSTEM = (
    "You listen to recordings and answer in JSON. You say only what is heard, choose only words that are offered, "
    f'and say "{UNSURE}" where you can\'t tell. You never name a person, a song or a place.'
)
OF_VOICE = (
    "This is a singing voice that was taken out of a song; leave remains of instruments out of account. Does a "
    "man (male) or a woman (female) sing, and which word fits the timbre of the voice best?"
)
OF_MIX = (
    "This is an excerpt of a song. Which word fits its mood best, and is its tempo slow, moderate or fast? Under "
    '"style" say in one English sentence of at most thirty words how it is sung: technique and expression, and '
    "no names."
)
MOST_TOKENS = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What a model said of a segment: every attribute of `CLASSES`, a sentence or "", and what was of no use."""

    attributes: Mapping[str, Attribute]
    style: str = ""
    faults: tuple[str, ...] = ()


class Listener(Protocol):
    """Somebody who is asked what singing sounds like."""

    @property
    def name(self) -> str:
        """Who, for manifests."""
        ...

    def __call__(self, mix: Audio, vocals: Audio) -> Told:
        """What is heard in a segment and in the voice taken out of it."""
        ...


class NothingOfUseError(LanguageModelError):
    """A model has given no usable answer for too long: it can't hear, or knows no JSON."""

    hopeless = True


class AudioModel:
    """An audio language model behind the seam of all language models: retries, cache and budget are its own."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name = f"{model.name} listening prompt {PROMPT_VERSION}"
        self._lock = threading.Lock()
        self._useless = 0

    def __call__(self, mix: Audio, vocals: Audio) -> Told:
        """Two requests; an answer that is of no use costs what it was asked for.

        Raises:
            LanguageModelError: the server can't be asked now, or lets no request pass.
        """
        voice = self._ask(OF_VOICE, ("singer_gender", "timbre"), vocals)
        whole = self._ask(OF_MIX, ("mood", "tempo"), mix, with_style=True)
        return Told({**voice.attributes, **whole.attributes}, whole.style, (*voice.faults, *whole.faults))

    def _ask(self, question: str, names: tuple[str, ...], sound: Audio, with_style: bool = False) -> Told:
        schema = schema_of(names, with_style)
        offered = "; ".join(f"{name}: {', '.join((*CLASSES[name], UNSURE))}" for name in names)
        fields = json.dumps(dict.fromkeys((*names, *(["style"] if with_style else [])), "..."))
        text = f"{question} The words are {offered}. Answer with JSON of this form alone: {fields}"
        messages = [Message("system", SYSTEM), Message("user", text, (wav_of(sound),))]
        try:
            answer = self._model.complete(messages, schema=schema, temperature=0.0, max_tokens=MOST_TOKENS)
            told = _told(answer.data, names, f"{answer.model} listening prompt {PROMPT_VERSION}", ())
        except (BadAnswerError, RefusedError, TruncatedError) as error:
            if error.hopeless:
                raise
            said = _object_in(error.answer) if isinstance(error, BadAnswerError) else {}
            told = _told(said, names, self.name, (f"{' and '.join(names)}: {error}",))
        self._count(told)
        return told

    def _count(self, told: Told) -> None:
        """See that a model which never gives an answer of use does not go through a whole data set so."""
        is_useless = bool(told.faults) and not any(one.is_known for one in told.attributes.values())
        with self._lock:
            self._useless = self._useless + 1 if is_useless else 0
            if self._useless >= FAILURES_IN_A_ROW:
                raise NothingOfUseError(
                    f"{self._useless} answers of {self.name} in a row were of no use; {told.faults[0]}"
                )


def schema_of(names: tuple[str, ...], with_style: bool = False) -> Schema:
    """The JSON that is asked for: one word of each closed class."""
    properties: dict[str, Any] = {
        name: {"type": "string", "enum": [*CLASSES[name], UNSURE]} for name in names
    }
    if with_style:
        properties["style"] = {"type": "string"}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def wav_of(sound: Audio) -> Sound:
    """The samples and nothing else as a WAV file of 16 bits."""
    file = io.BytesIO()
    soundfile.write(file, sound.at_rate(SAMPLE_RATE), SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return Sound(base64.b64encode(file.getvalue()).decode("ascii"))


def _object_in(answer: str) -> Mapping[str, Any]:
    """The object that an answer consists of, whatever its fields hold; nothing where it is none."""
    try:
        found: Mapping[str, Any] = parse_answer(answer, {"type": "object"})
    except BadAnswerError:
        return {}
    return found


def _told(said: Mapping[str, Any], names: tuple[str, ...], source: str, faults: tuple[str, ...]) -> Told:
    attributes = {
        name: Attribute(name, said[name], SURENESS, source)
        if isinstance(said.get(name), str) and said[name] in CLASSES[name]
        else unsure(name, source=source)
        for name in names
    }
    return Told(attributes, style_of(said.get("style")), faults)


def style_of(said: Any) -> str:
    """The sentence on the style, "" where it is none that can be used.

    Capitals within it are taken for names, so it may hold none; digits neither.
    """
    if not isinstance(said, str) or not said.isprintable():
        return ""
    text = " ".join(said.split())
    words = text.split()
    plain = re.fullmatch(r"[A-Za-z][^A-Z0-9\"<>{}\[\]]*[.!]?", text)
    return text if plain and 3 <= len(words) <= MOST_STYLE_WORDS else ""


def load_listener(where: str, model: str = "", cache: Path | None = None) -> AudioModel:
    """The audio language model at an address, in a folder (`local:FOLDER`) or in a script (`scripted:FILE`).

    Raises:
        ValueError: `where` is none of these, or its model can't hear.
        FileNotFoundError: there is no such folder or file.
        MissingExtraError: a local model needs packages that are not installed.
    """
    manners = Manners(cache=cache, keep_failures=cache is not None)
    kind, _, rest = where.partition(":")
    if kind == "local":
        from linernotes.llm.local_audio import load_local_audio

        return AudioModel(with_manners(load_local_audio(Path(rest)), manners))
    return AudioModel(load_language_model(where, model=model, manners=manners))
