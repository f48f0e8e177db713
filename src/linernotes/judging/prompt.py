"""What the judge is told; the words are data (`judging/prompt.toml`), with a version and a hash."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from linernotes.judging import QUESTIONS, VERDICTS
from linernotes.llm import Message

LONGEST_TEXT = 20_000
"""Characters of a prediction with its references; more is no caption, and would cost accordingly."""

_MARKUP = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>[]"})
"""JSON escapes for the signs of which chat templates make their own marks, such as `<|im_end|>` or `[/INST]`."""


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """The judge's instructions; `sha256` is of the whole data file."""

    version: int
    sha256: str
    instructions: str
    questions: Mapping[str, str]
    closing: str

    def messages(self, candidate: str, references: Sequence[str], repeat: int = 0) -> list[Message]:
        """The conversation that puts all questions about one clip.

        Raises:
            ValueError: the texts are too long.
        """
        length = len(candidate) + sum(map(len, references))
        if length > LONGEST_TEXT:
            raise ValueError(
                f"prediction and references have {length:,} characters; most is {LONGEST_TEXT:,}"
            )
        questions = "".join(f"- {name}: {self.questions[name]}\n" for name in question_order(repeat))
        system = f"{self.instructions}\n{questions}\n{self.closing}".strip()
        return [Message("system", system), Message("user", quote_texts(candidate, references))]


def question_order(repeat: int) -> tuple[str, ...]:
    """The questions in an order that no other repeat below `MOST_REPEATS` has.

    A repeat at temperature 0 would only fetch the same answer again; with the questions turned round it says how
    far the judge depends on something that should not matter.
    """
    turn = repeat % len(QUESTIONS)
    turned = (*QUESTIONS[turn:], *QUESTIONS[:turn])
    return turned if repeat < len(QUESTIONS) else turned[::-1]


def quote_texts(candidate: str, references: Sequence[str]) -> str:
    """The texts as one JSON object: inside its strings nothing can end the quotation or pass for markup."""
    named = {"prediction": candidate}
    for number, text in enumerate(references, 1):
        named[f"reference {number}" if len(references) > 1 else "reference"] = text
    lines = (f"{json.dumps(name)}: {json.dumps(text).translate(_MARKUP)}" for name, text in named.items())
    return "{" + ",\n".join(lines) + "}"


def answer_schema(repeat: int = 0) -> dict[str, Any]:
    """The JSON schema of an answer."""
    order = question_order(repeat)
    return {
        "type": "object",
        "properties": {name: {"type": "string", "enum": list(VERDICTS)} for name in order},
        "required": list(order),
        "additionalProperties": False,
    }


@lru_cache(maxsize=1)
def load_prompt() -> JudgePrompt:
    """The shipped prompt."""
    data = (resources.files("linernotes.judging") / "prompt.toml").read_bytes()
    table = tomllib.loads(data.decode("utf-8"))
    return JudgePrompt(sha256=hashlib.sha256(data).hexdigest(), **table)
