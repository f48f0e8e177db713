"""Words that share a meaning, from WordNet's dictionary files (formats: wndb(5WN), morphy(7WN)).

Read here rather than by NLTK, which refuses Debian's files (they lack `lexnames` and `index.sense`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDERS = (
    Path("/usr/share/wordnet"),
    Path("/usr/share/nltk_data/corpora/wordnet"),
    Path.home() / "nltk_data" / "corpora" / "wordnet",
)
"""Where Debian's wordnet-base and NLTK's downloader put the files; LINERNOTES_WORDNET names another folder."""

ENDINGS = {
    "noun": "s: ses:s ves:f xes:x zes:z ches:ch shes:sh men:man ies:y",
    "verb": "s: ies:y es:e es: ed:e ed: ing:e ing:",
    "adj": "er: est: er:e est:e",
    "adv": "",
}
"""Morphy's rules of detachment: ending:replacement, by part of speech."""

_MARKER = re.compile(r"\((?:a|p|ip)\)$")


@dataclass(frozen=True, slots=True)
class Lemma:
    """A word as METEOR asks for it."""

    word: str

    def name(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class Synset:
    """Words that mean the same."""

    words: tuple[str, ...]

    def lemmas(self) -> list[Lemma]:
        return [Lemma(word) for word in self.words]


class WordNet:
    """The dictionary of one folder; answers are remembered."""

    def __init__(self, folder: Path) -> None:
        self._parts = [_PartOfSpeech(folder, name) for name in ENDINGS]
        self._known: dict[str, list[Synset]] = {}

    def synsets(self, word: str) -> Sequence[Synset]:
        """Every set of words that has `word`, or a base form of it, as a member."""
        if word not in self._known:
            self._known[word] = [synset for part in self._parts for synset in part.synsets(word.lower())]
        return self._known[word]


class _PartOfSpeech:
    """Nouns, verbs, adjectives or adverbs: an index in memory, the data file read where asked."""

    def __init__(self, folder: Path, name: str) -> None:
        self._endings = [rule.split(":") for rule in ENDINGS[name].split()]
        self._data = (folder / f"data.{name}").read_bytes()
        self._offsets = dict(_index_lines(folder / f"index.{name}"))
        lines = (folder / f"{name}.exc").read_text("utf-8").splitlines()
        self._irregular = {form: bases for form, *bases in map(str.split, lines)}

    def synsets(self, word: str) -> Iterator[Synset]:
        for base in self._base_forms(word):
            for offset in self._offsets[base]:
                yield self._synset(offset)

    def _base_forms(self, word: str) -> list[str]:
        if word in self._irregular:
            return self._in_index([word, *self._irregular[word]])
        forms = [word]
        found = self._in_index([word, *self._detach(forms)])
        while forms and not found:
            forms = self._detach(forms)
            found = self._in_index(forms)
        return found

    def _detach(self, forms: Sequence[str]) -> list[str]:
        return [
            form[: len(form) - len(ending)] + replacement
            for form in forms
            for ending, replacement in self._endings
            if form.endswith(ending)
        ]

    def _in_index(self, forms: Sequence[str]) -> list[str]:
        return [form for form in dict.fromkeys(forms) if form in self._offsets]

    def _synset(self, offset: int) -> Synset:
        fields = self._data[offset : self._data.index(b"|", offset)].decode("utf-8").split()
        count = int(fields[3], 16)
        return Synset(tuple(_MARKER.sub("", word) for word in fields[4 : 4 + 2 * count : 2]))


def _index_lines(path: Path) -> Iterator[tuple[str, list[int]]]:
    """(word, offsets into the data file) of every entry."""
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith(" "):
            fields = line.split()
            yield fields[0], [int(offset) for offset in fields[-int(fields[2]) :]]


@lru_cache(maxsize=1)
def load_wordnet() -> WordNet:
    """WordNet for METEOR.

    Raises:
        ValueError: there is none on this machine; the message says how to get it.
    """
    given = os.environ.get("LINERNOTES_WORDNET")
    for folder in (Path(given),) if given else FOLDERS:
        if (folder / "data.noun").exists():
            return WordNet(folder)
    raise ValueError(
        "METEOR needs WordNet: install Debian's wordnet-base, or python -m nltk.downloader wordnet (and unzip "
        "it), or set LINERNOTES_WORDNET to a folder with its dictionary files"
    )
