"""Reading the hand-checked sentences and scoring the text reader on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linernotes.words.text_facts import read_facts

Statement = tuple[str, str, bool]
"""Attribute, value, whether it is denied."""

HEDGED_BELOW = 0.55
"""A statement that the table marks with `~` must have less confidence than this; others at least this or more."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what it says; `hedged` are the statements made with a reservation."""

    text: str
    said: frozenset[Statement]
    hedged: frozenset[Statement]


def load_sentences(name: str) -> list[Sentence]:
    """The sentences of `tests/words/NAME.tsv`: `text<TAB>attribute=value; !denied=...; ~hedged=...`."""
    rows = Path(__file__).with_name(f"{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [_sentence(*row.split("\t")) for row in rows]


def _sentence(text: str, cell: str) -> Sentence:
    said: set[Statement] = set()
    hedged: set[Statement] = set()
    for entry in filter(None, (part.strip() for part in cell.split(";"))):
        attribute, value = entry.lstrip("~!").split("=", 1)
        statement = (attribute, value, "!" in entry[:2])
        said.add(statement)
        if "~" in entry[:2]:
            hedged.add(statement)
    return Sentence(text, frozenset(said), frozenset(hedged))


@dataclass(frozen=True, slots=True)
class Result:
    """Statements read that are in the table, that are not, and that were missed."""

    right: int
    wrong: int
    missed: int
    faults: tuple[str, ...]

    @property
    def precision(self) -> float:
        """Right ones among those read."""
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Right ones among those in the table."""
        return self.right / (self.right + self.missed)


def evaluate(sentences: list[Sentence], attribute: str = "") -> Result:
    """Read all sentences; equality is exact: attribute, value and polarity."""
    right = wrong = missed = 0
    faults: list[str] = []
    for sentence in sentences:
        read = {
            (fact.attribute, fact.value, fact.is_denied)
            for fact in read_facts(sentence.text).facts
            if attribute in ("", fact.attribute)
        }
        said = {statement for statement in sentence.said if attribute in ("", statement[0])}
        right, wrong, missed = right + len(read & said), wrong + len(read - said), missed + len(said - read)
        if read != said:
            faults.append(f"{sentence.text}\n   wrong {sorted(read - said)}\n   missed {sorted(said - read)}")
    return Result(right, wrong, missed, tuple(faults))
