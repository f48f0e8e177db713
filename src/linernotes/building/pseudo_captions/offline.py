"""Captions without a language model: the baselines and the shipped writers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from linernotes.building.pseudo_captions import Made, Order, Provenance
from linernotes.building.pseudo_captions.summary import one_sentence
from linernotes.llm import Completion, LanguageModel, Message, RefusedError, Schema
from linernotes.registry import load_writer
from linernotes.writers import Writer
from linernotes.writers.given import given_aspects
from linernotes.writers.template import tag_concat, template

SEEDS = 1000
"""Paraphrases are drawn with as many seeds, told by the clip's name."""

_BASELINES: dict[str, Writer] = {"tag_concat": tag_concat, "template": template}
_NOT_DONE = {
    "attribute_prediction": "the writers add no attributes of their own: attribute_prediction needs a language "
    "model (--backend http://... or local:FOLDER)",
    "k2c": "k2c needs a T5 checkpoint: --backend t5:FOLDER_OR_NAME",
}


def sha256_of(told: object) -> str:
    """The hash of everything that a backend is told, as JSON."""
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def seed_of(order: Order, seed: int) -> int:
    """The seed of an order: a paraphrase varies from clip to clip, everything else is told in the usual words."""
    if order.task != "paraphrase":
        return seed
    digest = hashlib.sha256(order.clip.clip_id.encode("utf-8", "replace")).digest()
    return seed + 1 + int.from_bytes(digest[:4], "big") % SEEDS


@dataclass(frozen=True, slots=True)
class WrittenHere:
    """Makes captions by a function of tags and seed, at once and without paying: nothing of it is kept."""

    name: str
    write: Callable[[Sequence[str], int], str]
    seed: int = 0

    def __call__(self, order: Order) -> Made:
        """The caption; the hash is of tags and seed, which is all that is told."""
        seed = seed_of(order, self.seed)
        text = self.write(order.tags, seed)
        if not text.strip():
            raise RefusedError(f"{self.name} has no words for these tags")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Made(text, Provenance(self.name, self.name, sha256_of([list(order.tags), seed]), now))


class WriterModel:
    """A writer behind the seam of language models, so that a cache can stand before a slow one."""

    def __init__(self, name: str, write: Callable[[Sequence[str], int], str]) -> None:
        self._name = name
        self._write = write

    @property
    def name(self) -> str:
        """The writer's."""
        return self._name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = 512,
    ) -> Completion:
        """The caption of the tags in the one message, which is JSON."""
        told = json.loads(messages[-1].content)
        text = self._write(told["tags"], told["seed"])
        if not text.strip():
            raise RefusedError(f"{self._name} has no words for these tags")
        return Completion(text, self._name)


@dataclass(frozen=True, slots=True)
class Modelled:
    """Makes captions by a model that is told tags and seed as JSON (`WriterModel`)."""

    model: LanguageModel
    seed: int = 0

    def __call__(self, order: Order) -> Made:
        """The caption."""
        told = json.dumps({"tags": order.tags, "seed": seed_of(order, self.seed)}, ensure_ascii=False)
        answer = self.model.complete([Message("user", told)])
        date = answer.written or datetime.now(UTC).isoformat(timespec="seconds")
        source = Provenance(self.model.name, answer.model, sha256_of(told), date)
        return Made(answer.text, source, from_cache=answer.from_cache)


def baseline(task: str) -> WrittenHere:
    """`tag_concat` or `template`."""
    writer = _BASELINES[task]
    return WrittenHere(task, lambda tags, seed: writer(given_aspects(tags)).text)


def writer_function(writer: str, task: str) -> Callable[[Sequence[str], int], str]:
    """What a shipped writer does for a task: a caption in its usual words, in others, or one sentence.

    Raises:
        ValueError: the writer can't do this task.
    """
    if task in _NOT_DONE:
        raise ValueError(_NOT_DONE[task])
    if task == "summary":
        if writer != "composer":
            raise ValueError(f"summary is beyond the writer {writer}: use composer or a language model")
        return lambda tags, seed: one_sentence(tags)
    if task not in ("writing", "paraphrase"):
        raise ValueError(f"the writers do writing, summary and paraphrase; {task!r} needs a language model")
    write: Writer = load_writer(writer)
    return lambda tags, seed: write(given_aspects(tags), "short", seed).text
