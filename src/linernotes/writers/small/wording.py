"""What words an aspect list licenses: shared by the cleaning of training captions and by constrained decoding.

A word is free when it says nothing about the recording ("song", "with", "features"); every other word needs a
licence: it, or a word of its family, stands in the aspects. A word whose only licence is denied ("no vocals") may
be used only right after a denial.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

WORD = re.compile(r"\w+(?:[-'&]\w+)*")
DENIALS = frozenset(
    "no not without non none never lacks lacking absence nor isn't aren't doesn't don't".split()
)
DENIAL_REACH = 4
"""How many words back a denial is looked for."""

_FOLD = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "}
)
_SUFFIXES = ("ically", "ings", "ing", "ies", "ied", "ily", "ly", "ed", "es", "s", "y", "e")


def _table(name: str) -> list[str]:
    """Lines of a file in `data/`, without comments."""
    text = resources.files("linernotes.writers.small").joinpath("data", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def _families() -> Mapping[str, frozenset[str]]:
    """Word -> all words that license it, itself included."""
    index: dict[str, frozenset[str]] = {}
    for line in _table("word_families.txt"):
        members = frozenset(line.split())
        for member in members:
            index[member] = index.get(member, frozenset()) | members
    return index


@lru_cache(maxsize=1)
def _phrase_licences() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(phrase that stands in an aspect, words it licenses besides its own)."""
    rows = (line.split("\t") for line in _table("phrase_licences.tsv"))
    return tuple((phrase, tuple(words.split())) for phrase, words in rows)


def fold(text: str) -> str:
    """Typographic quotes and dashes as ASCII, one space between words, a space after commas and full stops."""
    text = " ".join(text.translate(_FOLD).split())
    text = re.sub(r"(?<=[a-z]{2})([,.;!?])(?=[A-Za-z]{2})", r"\1 ", text)
    return re.sub(r"\s+([,.;!?])", r"\1", text)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A crude common root of a word's inflections; words shorter than five letters lose only a plural s."""
    word = word.removesuffix("'s")
    if len(word) < 5:
        return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4 and not word.endswith("ss"):
            word = word[: -len(suffix)]
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.removesuffix("i")


@lru_cache(maxsize=65536)
def relatives(word: str) -> frozenset[str]:
    """Keys that stand for a word: itself, its stem (marked ~) and the members of its families."""
    own = {word, f"~{stem(word)}"}
    for member in _families().get(word, frozenset()):
        own.add(member)
    return frozenset(own)


@dataclass(frozen=True)
class Licences:
    """What one aspect list permits: keys of stated words, and of words that are only denied."""

    stated: frozenset[str]
    denied: frozenset[str]

    def permits(self, word: str, before: Sequence[str] = ()) -> bool:
        """Whether `word` (lower case) may follow the words `before`; compounds may also pass part by part."""
        if self._permits_whole(word, before):
            return True
        parts = re.split(r"[-&]", word)
        return len(parts) > 1 and all(len(part) < 2 or self._permits_whole(part, before) for part in parts)

    def denies(self, word: str) -> bool:
        """Whether an aspect denies `word`."""
        return not relatives(word).isdisjoint(self.denied)

    def mentions(self, word: str) -> bool:
        """Whether `word` has any licence, stated or denied."""
        return self.permits(word, ("no",))

    def _permits_whole(self, word: str, before: Sequence[str]) -> bool:
        keys = relatives(word)
        if not keys.isdisjoint(self.stated):
            return True
        near = before[-DENIAL_REACH:] if before else ()
        return not keys.isdisjoint(self.denied) and not DENIALS.isdisjoint(near)


def words_of(text: str) -> list[str]:
    """Lower-case words of a text."""
    return WORD.findall(fold(text).lower())


def licences_of(aspects: Iterable[str]) -> Licences:
    """The licences that a list of aspects gives."""
    stated: set[str] = set()
    denied: set[str] = set()
    for aspect in aspects:
        words = words_of(aspect)
        parts = [part for word in words for part in re.split(r"[-&]", word)]
        padded = f" {' '.join(parts)} "
        extra = [word for phrase, more in _phrase_licences() if f" {phrase} " in padded for word in more]
        negative = bool(words) and words[0] in DENIALS
        target = denied if negative else stated
        for word in [*words, *parts]:
            target |= relatives(word)
        for word in extra:
            stated |= relatives(word)
    return Licences(frozenset(stated), frozenset(denied))


@dataclass(frozen=True)
class WordLists:
    """Data the lexicon script makes from the train half: `free` words, known `words`, and `cased` spellings."""

    free: frozenset[str]
    words: tuple[str, ...]
    cased: Mapping[str, str]

    @classmethod
    def load(cls, path: str | Path) -> WordLists:
        """Read the JSON file that `scripts/build_writer_words.py` writes."""
        table = json.loads(Path(path).read_text(encoding="utf-8"))
        return cls(frozenset(table["free"]), tuple(table["words"]), dict(table["cased"]))


def content_words(aspects: Iterable[str], free: frozenset[str]) -> frozenset[str]:
    """The words of a list of aspects that say something."""
    return frozenset(word for aspect in aspects for word in words_of(aspect)) - free


def fix_articles(text: str) -> str:
    """`a` or `an` by the first letters of the word that follows."""

    def right(match: re.Match[str]) -> str:
        vowel = re.match(r"(?:[aeio]|u(?!k|n[ia]|s)|r&b|8|1[18]\b)", match.group(3).lower())
        return f"{match.group(1)}{'n' if vowel else ''} {match.group(3)}"

    return re.sub(r"\b([Aa])(n?) (\w+(?:&\w)?)", right, text)


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def without_padding(text: str, free: frozenset[str]) -> str:
    """`text` without sentences that say nothing which was not said before."""
    said: set[str] = set()
    kept = []
    for sentence in _SENTENCE_END.split(text):
        content = [word for word in words_of(sentence) if word not in free]
        if any(relatives(word).isdisjoint(said) for word in content):
            kept.append(sentence)
        said.update(key for word in content for key in relatives(word))
    return " ".join(kept)


_PLURAL_PHRASE = re.compile(
    r"\ban? ((?:[\w'&-]+ ){0,3}?)(\w{3,}s)(?=[.,;]| (?:and|with|in|on|over|playing|being|that|which|while)\b)"
)


def drop_plural_articles(text: str, words: Collection[str]) -> str:
    """Takes the article from "a groovy bass lines": plurals are words in -s whose singular is among `words`."""

    def right(match: re.Match[str]) -> str:
        before, noun = match.group(1), match.group(2)
        inner = {"of", "and", "with", "in", "on", "over", "by"}.isdisjoint(before.split())
        is_plural = noun.endswith("ss") is False and noun[:-1] in words
        return before + noun if inner and is_plural else match.group()

    return _PLURAL_PHRASE.sub(right, text)


def cased(text: str, spellings: Mapping[str, str]) -> str:
    """Capitals at the start of sentences and where `spellings` (lower-case word -> spelling) has them."""
    text = WORD.sub(lambda match: spellings.get(match.group(), match.group()), text)
    return re.sub(r"(^|[.!?]\s+)(\w)", lambda match: match.group(1) + match.group(2).upper(), text)
