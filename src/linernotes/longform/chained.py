"""The long description by a language model: asked once, checked, asked to repair it once, never trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from linernotes.clip import Caption, Claim, Description, Fact
from linernotes.llm import LanguageModel, LanguageModelError, Message, TruncatedError
from linernotes.longform.checking import LONGEST_SHARE, Evidence, faults
from linernotes.longform.options import Length, LongOptions
from linernotes.longform.prompt import WORDS, Material, messages, repair
from linernotes.longform.sentences import moments
from linernotes.metrics.grounding import ground

MAX_TOKENS = {Length.short: 1024, Length.medium: 2048, Length.full: 4096}
"""Room for an answer, with the thoughts that some models write before it."""
LONGEST_SHOWN = 6000
"""Characters of a faulty answer that the model is shown again."""

_THINKING = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_FENCE = re.compile(r"\A```\w*[ \t]*\n(.*?)\n?```\Z", re.DOTALL)
_EMPHASIS = re.compile(r"\*\*|__|^#+\s+|^[-*•]\s+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a language model made of the material; `text` may be used where there are no `faults`.

    `failure` is why there was no answer at all.
    """

    text: str = ""
    faults: tuple[str, ...] = ()
    failure: str = ""
    asked: int = field(default=1)

    @property
    def is_good(self) -> bool:
        """Whether the text may be used."""
        return bool(self.text) and not self.faults and not self.failure

    @property
    def reason(self) -> str:
        """Why it may not, in one line."""
        if self.failure:
            return self.failure
        return f"its text, also when repaired, is not to be trusted: {'; '.join(self.faults)}"


def chain(model: LanguageModel, material: Material, evidence: Evidence, options: LongOptions) -> Attempt:
    """Ask for a description; a faulty one is shown to the model with its faults, once."""
    conversation = messages(material, options)
    attempt = _ask(model, conversation, evidence, options)
    if attempt.is_good or attempt.failure:
        return attempt
    again = _ask(model, _again(conversation, attempt), evidence, options)
    if again.failure:
        return Attempt(attempt.text, attempt.faults, again.failure, asked=2)
    return Attempt(again.text, again.faults, asked=2)


def _again(conversation: list[Message], attempt: Attempt) -> list[Message]:
    """A faulty text is shown to the model; without one there is nothing to show, and small models copy what is."""
    if attempt.text:
        return [*conversation, Message("assistant", attempt.text[:LONGEST_SHOWN]), repair(attempt.faults)]
    *before, question = conversation
    return [*before, Message(question.role, f"{question.content}\n\n{repair(attempt.faults).content}")]


def _ask(
    model: LanguageModel, conversation: list[Message], evidence: Evidence, options: LongOptions
) -> Attempt:
    words = WORDS[options.length]
    try:
        answer = model.complete(conversation, max_tokens=MAX_TOKENS[options.length])
    except TruncatedError:
        return Attempt("", (f"it did not end: write about {words} words",))
    except (
        LanguageModelError,
        RuntimeError,
    ) as error:  # RuntimeError: what PyTorch raises within a local model
        return Attempt(failure=" ".join(f"{type(error).__name__}: {error}".split()))
    text = tidy(answer.text)
    return Attempt(text, tuple(faults(text, evidence, LONGEST_SHARE * words)))


def tidy(answer: str) -> str:
    """An answer less what models put around one: thoughts, a fence, emphasis, marks of lists."""
    bare = _THINKING.sub("", answer, count=1).strip()
    fenced = _FENCE.match(bare)
    lines = _EMPHASIS.sub("", fenced[1] if fenced else bare).strip().strip('"').splitlines()
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def described(text: str, writer: str, evidence: Evidence, known: tuple[Fact, ...]) -> Description:
    """A text that may stand, with the claims that facts among `known` carry."""
    claims = sorted(
        (found.claim.start, found.claim.end, found.fact_id)
        for found in ground(text, evidence.of_whole(), known).claims
        if found.verdict == "supported"
    )
    caption = Caption(text, tuple(Claim(start, end, (fact_id,)) for start, end, fact_id in claims))
    return Description(caption, writer, moments(text, evidence.duration_s))
