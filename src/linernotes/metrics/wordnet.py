"""Where METEOR finds its synonyms: WordNet from the user's NLTK data, or from Debian's wordnet-base."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from linernotes.registry import need_extra

FOLDERS = (Path("/usr/share/wordnet"), Path("/usr/share/wordnet-3.0"), Path("/opt/homebrew/opt/wordnet/dict"))
"""Where distributions put the dictionary files; LINERNOTES_WORDNET names another folder."""

LEXICOGRAPHER_FILES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body "
    "noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive "
    "noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process noun.quantity "
    "noun.relation noun.shape noun.state noun.substance noun.time verb.body verb.change verb.cognition "
    "verb.communication verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion "
    "verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl"
).split()
"""WordNet 3.0's file names by number, which Debian's package leaves out and NLTK asks for (lexnames(5WN))."""

_PARTS = ("index", "data", "noun", "verb", "adj", "adv", "cntlist")
_CATEGORY = {"adj": 3, "adv": 4, "noun": 1, "verb": 2}


@dataclass(frozen=True, slots=True)
class _Lemma:
    word: str

    def name(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class _Synset:
    words: tuple[str, ...]

    def lemmas(self) -> list[_Lemma]:
        return [_Lemma(word) for word in self.words]


class Synonyms:
    """The one question METEOR asks of WordNet, with its answers remembered."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._known: dict[str, list[_Synset]] = {}

    def synsets(self, word: str) -> Sequence[_Synset]:
        """One set of all words that share a meaning with `word`."""
        if word not in self._known:
            words = {lemma.name() for synset in self._reader.synsets(word) for lemma in synset.lemmas()}
            self._known[word] = [_Synset(tuple(sorted(words)))]
        return self._known[word]


@lru_cache(maxsize=1)
def load_wordnet() -> Synonyms:
    """WordNet for METEOR.

    Raises:
        MissingExtraError: NLTK is not installed.
        ValueError: there is no WordNet on this machine; the message says how to get it.
    """
    nltk = need_extra("nltk", "metrics")
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    given = os.environ.get("LINERNOTES_WORDNET")
    for folder in (Path(given),) if given else FOLDERS:
        if (folder / "data.noun").exists():
            dictionary = str(_with_lexnames(folder))
            nltk.data.path.append(dictionary)  # NLTK reads nothing outside its own list of folders
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that other languages are missing
                return Synonyms(WordNetCorpusReader(dictionary, None))
    if not given:
        try:
            from nltk.corpus import wordnet

            wordnet.ensure_loaded()
            return Synonyms(wordnet)
        except LookupError:
            pass
    raise ValueError(
        "METEOR needs WordNet: install Debian's wordnet-base, or python -m nltk.downloader wordnet, "
        "or set LINERNOTES_WORDNET to a folder with its dictionary files"
    )


def _with_lexnames(folder: Path) -> Path:
    """`folder` itself, or a copy for this process with the list that NLTK asks for (it follows no links)."""
    if (folder / "lexnames").exists():
        return folder
    copy = Path(tempfile.mkdtemp(prefix="linernotes-wordnet-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for file in folder.iterdir():
        if file.is_file() and file.name.split(".")[0] in _PARTS:
            shutil.copyfile(file, copy / file.name)
    lines = [
        f"{number:02d}\t{name}\t{_CATEGORY[name.split('.')[0]]}"
        for number, name in enumerate(LEXICOGRAPHER_FILES)
    ]
    (copy / "lexnames").write_text("\n".join(lines) + "\n", "utf-8")
    return copy
