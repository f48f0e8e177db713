"""Names in a clip's metadata (artist, title, album), and where a text says one of them.

No such name may reach a prompt or a caption: a model that knows the artist tells what it has read about them, not
what is heard (LP-MusicCaps, section 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from linernotes.clip import Clip
from linernotes.words.lexicon import load_lexicon
from linernotes.words.stem import STOP_WORDS

ARTIST_FIELDS = (
    *("artist", "performer", "composer", "band", "singer", "author", "creator", "musician", "producer"),
    *("conductor", "orchestra", "ensemble", "remixer", "uploader", "vocalist", "lyricist"),
)
WORK_FIELDS = ("title", "album", "release", "track", "song", "work", "piece", "opus")
"""Parts of the names of fields in `Clip.extra` (lower case) whose texts are names."""

_NOT_NAMES = ("gender", "age", "id", "count", "number", "year", "date", "type", "url", "tags")
_WORD = re.compile(r"[^\W_]+(?:['’&.-][^\W_]+)*")
_SENTENCE_END = '.!?:;"“('


@dataclass(frozen=True, slots=True)
class Names:
    """Names that stand in the metadata of one clip; `artists` are also looked for in the captions of others."""

    artists: tuple[str, ...] = ()
    works: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Artists first."""
        return (*self.artists, *self.works)


def names_of(clip: Clip) -> Names:
    """Every name in the metadata of `clip`: its `artist_id` and the fields of `extra` that are called so."""
    fields = list(_texts(clip.extra))
    artists = [clip.artist_id, *(text for name, text in fields if _is(name, ARTIST_FIELDS))]
    works = [text for name, text in fields if _is(name, WORK_FIELDS) and not _is(name, ARTIST_FIELDS)]
    return Names(tuple(_tidy(artists)), tuple(_tidy(works)))


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Texts within JSON data, each with the name of the field that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, f"{name}.{key}".lower().strip("."))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each, name)


def _is(field: str, parts: Iterable[str]) -> bool:
    last = field.rpartition(".")[2]
    if last in ("name", "label"):  # {"artist": {"name": ...}}
        last = field
    return any(part in last for part in parts) and not any(last.endswith(part) for part in _NOT_NAMES)


def _tidy(names: Iterable[str]) -> Iterator[str]:
    """Names with a letter in them, each once; a number or a single character identifies nobody in a text."""
    met: set[str] = set()
    for name in names:
        text = " ".join(name.split())
        if len(text) > 1 and any(letter.isalpha() for letter in text) and text.casefold() not in met:
            met.add(text.casefold())
            yield text


def named_in(text: str, names: Iterable[str]) -> str:
    """The first of `names` that `text` says, as whole words in any case; "" where it says none."""
    words = f" {' '.join(_words(text))} "
    return next((name for name in names if (spoken := " ".join(_words(name))) and f" {spoken} " in words), "")


def _words(text: str) -> list[str]:
    return [match.group().casefold() for match in _WORD.finditer(text.replace("_", " "))]


def is_musical(tag: str) -> bool:
    """Whether a tag as a whole is a word of music: a song called "Jazz" does not make `jazz` a name."""
    return bool(load_lexicon().terms(tag))


def leaked_name(text: str, tags: Iterable[str], names: Names) -> str:
    """The name that a caption gives away, "" if none.

    A name of one word must be written as a name: with its capital, elsewhere than at a sentence's start; else a
    song called "Love" would condemn every caption with love in it. Words that the tags gave are nobody's name.
    """
    given = {word for tag in tags for word in _words(tag)}
    for name in names.all:
        words = _words(name)
        if not words or all(word in given or word in STOP_WORDS for word in words):
            continue
        if named_in(text, [name]) and (len(words) > 1 or _is_written_as_name(text, name)):
            return name
    return ""


def _is_written_as_name(text: str, name: str) -> bool:
    """Whether `text` has `name` with its capitals, or one where it has none, where they mean something."""
    spelt = name if name != name.casefold() else name.title()
    for match in re.finditer(rf"(?<!\w){re.escape(spelt)}(?!\w)", text):
        before = text[: match.start()].rstrip()
        if before and before[-1] not in _SENTENCE_END:
            return True
    return False


class ArtistIndex:
    """The artists of a whole manifest, to find any of them in a caption by looking up its runs of words."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._tags: set[str] = set()
        self._longest = 0

    def add(self, names: Names) -> None:
        """Take up the artists of one clip; a name without a capital can't be told from other words."""
        for name in names.artists:
            words = _WORD.findall(name)
            if len(words) > 1 and not is_musical(name):
                self._tags.add(" ".join(_words(name)))
            if words and name != name.casefold() and not is_musical(name):
                self._names.add(" ".join(words))
                self._longest = max(self._longest, len(words))

    def __len__(self) -> int:
        return len(self._names)

    def is_named_by(self, tag: str) -> bool:
        """Whether a tag is the whole name of an artist, of two words or more: `happy` may be a band or a mood."""
        return " ".join(_words(tag)) in self._tags

    def find(self, text: str, tags: Iterable[str]) -> str:
        """The first artist that `text` names, letter for letter; one word at a sentence's start is passed over."""
        given = {word for tag in tags for word in _words(tag)}
        found = list(_WORD.finditer(text))
        for start in range(len(found)):
            for length in range(1, min(self._longest, len(found) - start) + 1):
                run = [match.group() for match in found[start : start + length]]
                name = " ".join(run)
                if name not in self._names or all(word.casefold() in given for word in run):
                    continue
                if length > 1 or _is_written_as_name(text, name):
                    return name
        return ""
