"""Captions by a language model: an instruction and the tags in, a description out, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from linernotes.building.pseudo_captions import Made, Order, Provenance
from linernotes.building.pseudo_captions.instructions import Instruction
from linernotes.building.pseudo_captions.offline import sha256_of
from linernotes.llm import Completion, LanguageModel, RefusedError

MAX_TOKENS = 1000
"""A description has about 60; the rest is for models that think first."""

_REFUSAL = re.compile(
    r"""\W*(?:(?:i['’]m|i\ am)\ (?:really\ |very\ |so\ )?(?:sorry|unable|not\ able)
    | sorry\b
    | (?:unfortunately,?\ )?i\ (?:can['’]?t|cannot|can\ not|won['’]t|will\ not|could\ not|couldn['’]t)\b
    | as\ an?\ (?:ai|artificial|language\ model|large\ language)
    | i\ apologi[sz]e)""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How the model is asked; `plain` takes its answer as it is, for models too small to write JSON."""

    temperature: float | None = 0.0
    max_tokens: int = MAX_TOKENS
    plain: bool = False

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature is a number from 0 to 2, not {self.temperature:g}")


@dataclass(frozen=True, slots=True)
class Asked:
    """Makes captions by asking `model`."""

    model: LanguageModel
    instructions: Mapping[str, Instruction]
    options: AskOptions

    def __call__(self, order: Order) -> Made:
        """The description; what else was answered is kept apart from it.

        Raises:
            LanguageModelError: there is no usable answer, or it is an apology.
        """
        instruction, options = self.instructions[order.task], self.options
        messages = instruction.messages(order.tags, plain=options.plain)
        answer = self.model.complete(
            messages,
            schema=None if options.plain else instruction.schema,
            temperature=options.temperature,
            max_tokens=options.max_tokens,
        )
        text = _one_line(answer.text if options.plain else answer.data["description"])
        if not text or _REFUSAL.match(text):
            error = RefusedError(f"the model would not: {text[:120]!r}")
            error.tokens_in, error.tokens_out = answer.tokens_in or 0, answer.tokens_out or 0
            raise error
        added = [] if options.plain else answer.data.get("new_attributes", [])
        prompt = sha256_of([asdict(message) for message in messages])
        return Made(text, self._source(answer, prompt), tuple(map(_one_line, added)), answer.from_cache)

    def _source(self, answer: Completion, prompt_sha256: str) -> Provenance:
        return Provenance(
            backend=self.model.name,
            model=answer.model,
            prompt_sha256=prompt_sha256,
            date=answer.written or datetime.now(UTC).isoformat(timespec="seconds"),
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            repaired=answer.repaired,
        )


def _one_line(text: str) -> str:
    """Without line breaks, and without quotation marks around the whole."""
    line = " ".join(text.split())
    inner = line[1:-1]
    is_quoted = len(line) > 1 and line[0] + line[-1] in ('""', "“”", "''") and line[0] not in inner
    return inner.strip() if is_quoted else line
