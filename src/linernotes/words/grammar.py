"""The small grammar that free text is read by: negation, hedges, persons and contexts, from `data/reading/`.

`grammar.tsv` gives, by role, the words that play it; `contexts.tsv` says of ambiguous spellings where they are
meant musically. A word of several tokens ("sounds like") is matched token by token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from linernotes.words.lexicon import KINDS, Lexicon

READING_KINDS: Mapping[str, str] = {
    "traps": "neutral",
    "instruments": "instrument",
    "voices": "voice",
    "genres": "genre",
    "moods": "mood",
    "tempi": "tempo",
    "metres": "metre",
}
"""Tables of `data/reading/`: spellings that free text needs and the claim check does not know."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Words of one role, each a tuple of tokens."""

    words: frozenset[Words]
    longest: int

    def length_at(self, tokens: Sequence[str], index: int) -> int:
        """How many tokens from `index` on are the longest of these words; 0 where none stands there."""
        for length in range(min(self.longest, len(tokens) - index), 0, -1):
            if tuple(tokens[index : index + length]) in self.words:
                return length
        return 0

    def __contains__(self, token: str) -> bool:
        return (token,) in self.words


@dataclass(frozen=True, slots=True)
class Context:
    """A condition on what stands around an ambiguous spelling; `rule` is described in docs/music-facts.md."""

    rule: str
    words: frozenset[str]


def _table(name: str) -> str:
    folder = resources.files("linernotes.words") / "data" / "reading"
    return (folder / f"{name}.tsv").read_text(encoding="utf-8")


def _phrases(cell: str) -> Phrases:
    words = frozenset(tuple(word.split()) for word in cell.split(",") if word.strip())
    return Phrases(words, max(map(len, words)))


@lru_cache(maxsize=1)
def load_grammar() -> Mapping[str, Phrases]:
    """Role -> its words."""
    rows = (line.split("\t") for line in _table("grammar").splitlines()[1:])
    return {role: _phrases(words) for role, words in rows}


@lru_cache(maxsize=1)
def load_contexts() -> Mapping[Words, tuple[Context, ...]]:
    """Spelling -> its conditions, all of which must hold."""
    contexts: dict[Words, tuple[Context, ...]] = {}
    for line in _table("contexts").splitlines()[1:]:
        form, rule, words = [*line.split("\t"), ""][:3]
        context = Context(rule, frozenset(word.strip() for word in words.split(",") if word.strip()))
        key = tuple(form.split())
        contexts[key] = (*contexts.get(key, ()), context)
    return contexts


@lru_cache(maxsize=1)
def load_reading_lexicon() -> Lexicon:
    """The shipped lexicon together with the spellings and traps of free text."""
    folder = resources.files("linernotes.words") / "data"
    tables = {name: (folder / f"{name}.tsv").read_text(encoding="utf-8") for name in KINDS}
    kinds = dict(KINDS)
    for name, kind in READING_KINDS.items():
        tables[f"reading/{name}"] = _table(name)
        kinds[f"reading/{name}"] = kind
    return Lexicon(tables, kinds)
