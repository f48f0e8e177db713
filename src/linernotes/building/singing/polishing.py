"""Last of all: a caption's numbers in words (num2words or ours) and a grammar pass (LanguageTool or ours)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from linernotes.llm import ServerError
from linernotes.registry import need_extra

LIGHT, LANGUAGE_TOOL, EXTRA = "light", "languagetool", "singing-models"
FORMS = "light, languagetool or languagetool:ADDRESS"
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")
"""One that stands by itself: "90s" and "2nd" are left as they are."""


@dataclass(frozen=True, slots=True)
class Polished:
    """A caption after post-processing, and by what."""

    text: str
    made_by: str


class Polish:
    """Numbers to words and a grammar pass; num2words where it is installed, LanguageTool where it is asked for.

    `grammar` is light, languagetool (a Java server of its own, which fetches itself once) or languagetool:ADDRESS,
    a server that runs already, for instance http://localhost:8081.

    Raises:
        ValueError: no grammar pass is called so, or LanguageTool can't be had.
        MissingExtraError: language_tool_python is asked for and not installed.
    """

    def __init__(self, grammar: str = LIGHT) -> None:
        kind, _, address = grammar.partition(":")
        if grammar != LIGHT and kind != LANGUAGE_TOOL:
            raise ValueError(f"the grammar pass is {FORMS}, not {grammar!r}")
        self._spell = import_module("num2words").num2words if find_spec("num2words") else None
        self._tool = _language_tool(address) if kind == LANGUAGE_TOOL else None
        numbers = "num2words" if self._spell else "offline numbers 1"
        self.name = f"{numbers} + {grammar if self._tool else 'light grammar 1'}"

    def __call__(self, text: str) -> Polished:
        """The text with its numbers spelt out and its grammar seen to.

        Raises:
            ServerError: LanguageTool does not answer.
        """
        spelt = NUMBER.sub(lambda found: self._spelt(found.group()), text)
        return Polished(tidied(self._corrected(spelt)), self.name)

    def _corrected(self, text: str) -> str:
        if self._tool is None:
            return text
        try:
            return str(self._tool.correct(text))
        except _errors_of_the_tool() as error:
            raise ServerError(f"LanguageTool does not answer: {' '.join(str(error).split())}") from error

    def _spelt(self, number: str) -> str:
        if self._spell is not None:
            return str(self._spell(float(number) if "." in number else int(number)))
        whole, _, digits = number.partition(".")
        spoken = in_words(int(whole))
        return spoken + (" point " + " ".join(UNITS[int(digit)] for digit in digits) if digits else "")


def _language_tool(address: str) -> Any:
    package = need_extra("language_tool_python", EXTRA)
    try:
        return package.LanguageTool("en-US", **({"remote_server": address} if address else {}))
    except _errors_of_the_tool() as error:
        said = " ".join(str(error).split())
        raise ValueError(
            f"LanguageTool can't be had ({said}): start one and give {LANGUAGE_TOOL}:ADDRESS"
        ) from error


def _errors_of_the_tool() -> tuple[type[Exception], ...]:
    """Its own family is not one of OSErrors; its downloads fail as those."""
    package = need_extra("language_tool_python", EXTRA)
    return (package.exceptions.LanguageToolError, OSError)


UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
LARGE = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"))


def in_words(number: int) -> str:
    """A whole number from 0 on in English words, as "one hundred and twenty-three"."""
    if number < 20:
        return UNITS[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens - 2] + (f"-{UNITS[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{UNITS[hundreds]} hundred" + (f" and {in_words(rest)}" if rest else "")
    size, name = next(each for each in LARGE if number >= each[0])
    many, rest = divmod(number, size)
    joint = " and " if 0 < rest < 100 else " "
    return f"{in_words(many)} {name}" + (f"{joint}{in_words(rest)}" if rest else "")


def tidied(text: str) -> str:
    """The light check: single spaces, no word twice in a row, a or an, a capital, a full stop."""
    one = " ".join(text.split())
    one = re.sub(r"\b(\w+) \1\b", r"\1", one, flags=re.IGNORECASE)
    one = re.sub(r"\s+([,.;:!?])", r"\1", one)
    one = re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", one)
    one = re.sub(r"\b([Aa])n (?=[bcdfgjklmnpqrstvwxz])", r"\1 ", one)
    one = one[:1].upper() + one[1:]
    return one if one.endswith((".", "!", "?")) else f"{one}."
