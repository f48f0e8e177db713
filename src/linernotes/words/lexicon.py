"""The lexicon of musical words: terms with their spellings and what each implies, and how a text is read by it.

The tables in `data/` have four tab separated columns: the term, its other spellings, the terms it implies (a
violin is among the strings, so a fact about a violin licenses the word "strings") and flags (`mass`: used
without an article). A comma separates entries within a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

KINDS: Mapping[str, str] = {
    "instruments": "instrument",
    "voices": "voice",
    "genres": "genre",
    "moods": "mood",
    "tempo": "tempo",
    "quality": "quality",
    "neutral": "neutral",
}
"""Table name -> the kind of its terms; `neutral` holds spellings that only look like claims (`stereo image`)."""

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_PARTING = re.compile(r"[,.;:!?()|\n\"“”]")


@dataclass(frozen=True, slots=True)
class Term:
    """A concept with a name; `name` is unique together with `kind`."""

    name: str
    kind: str
    implies: tuple[str, ...]
    is_mass: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text in lower case, with its place."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters `start` to `end` of a text speak of `terms` (several where a spelling has several senses)."""

    start: int
    end: int
    first_token: int
    tokens: tuple[str, ...]
    terms: tuple[Term, ...]


def tokenise(text: str) -> list[Token]:
    """Words and numbers in lower case; hyphens, slashes and apostrophes part words (`hip-hop` is two)."""
    return [Token(match.group().lower(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def singular(word: str) -> str:
    """A noun without its plural ending, by rule: `cellos` -> `cello`, `melodies` -> `melody`, `brass` stays."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return (
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    )


class Lexicon:
    """Terms by spelling; a spelling is a tuple of tokens whose last one is matched in either number."""

    def __init__(self, tables: Mapping[str, str], kinds: Mapping[str, str] = KINDS) -> None:
        """Index `tables`: table name -> its text; `kinds`: table name -> the kind of its terms."""
        self._by_form: dict[tuple[str, ...], list[Term]] = {}
        self._by_name: dict[str, list[Term]] = {}
        self._longest: dict[str, int] = {}
        self._closures: dict[str, frozenset[str]] = {}
        for table, text in tables.items():
            for line in text.splitlines()[1:]:
                self._add(line, kinds[table])

    def _add(self, line: str, kind: str) -> None:
        name, forms, implies, flags = [*line.split("\t"), "", "", ""][:4]
        term = Term(name, kind, tuple(_entries(implies)), "mass" in flags)
        self._by_name.setdefault(name, []).append(term)
        for form in [name, *_entries(forms)]:
            words = tuple(form.split())
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 1))
            terms = self._by_form.setdefault(words, [])
            if term not in terms:
                terms.append(term)

    def _lookup(self, words: tuple[str, ...]) -> list[Term] | None:
        found = self._by_form.get(words)
        if found is None:
            base = singular(words[-1])
            found = self._by_form.get((*words[:-1], base)) if base != words[-1] else None
        return found

    def mentions(self, text: str) -> Iterator[Mention]:
        """The terms a text speaks of, left to right, the longest spelling winning; mentions don't overlap."""
        tokens = tokenise(text)
        words = tuple(token.text for token in tokens)
        index = 0
        while index < len(words):
            mention = self._longest_at(text, tokens, words, index)
            if mention is None:
                index += 1
                continue
            if mention.terms[0].kind != "neutral":
                yield mention
            index += len(mention.tokens)

    def _longest_at(
        self, text: str, tokens: list[Token], words: tuple[str, ...], index: int
    ) -> Mention | None:
        """The longest term spelt from token `index` on; a spelling does not run over a comma or a full stop."""
        reach = min(self._longest.get(words[index], 1), len(words) - index)
        for length in range(reach, 0, -1):
            found = self._lookup(words[index : index + length])
            first, last = tokens[index], tokens[index + length - 1]
            if found and not (length > 1 and _PARTING.search(text, first.end, last.start)):
                return Mention(first.start, last.end, index, words[index : index + length], tuple(found))
        return None

    def terms(self, phrase: str) -> tuple[Term, ...]:
        """The terms that `phrase` as a whole is a spelling of."""
        words = tuple(token.text for token in tokenise(phrase))
        return tuple(self._lookup(words) or ()) if words else ()

    def licensed(self, name: str) -> frozenset[str]:
        """The term's own name and every name it implies, however indirectly."""
        known = self._closures.get(name)
        if known is not None:
            return known
        result, waiting = {name}, [name]
        while waiting:
            for term in self._by_name.get(waiting.pop(), ()):
                fresh = [implied for implied in term.implies if implied not in result]
                result.update(fresh)
                waiting.extend(fresh)
        self._closures[name] = frozenset(result)
        return self._closures[name]

    def is_countable(self, instrument: str) -> bool:
        """Whether one says `a` or `an` before this instrument's name; unknown and plural names are not counted."""
        terms = [term for term in self.terms(instrument) if term.kind in ("instrument", "voice")]
        return bool(terms) and not terms[0].is_mass and not instrument.endswith("s")


def _entries(cell: str) -> list[str]:
    return [entry.strip() for entry in cell.split(",") if entry.strip()]


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The lexicon shipped with the package; read once."""
    folder = resources.files("linernotes.words") / "data"
    return Lexicon({table: (folder / f"{table}.tsv").read_text(encoding="utf-8") for table in KINDS})
