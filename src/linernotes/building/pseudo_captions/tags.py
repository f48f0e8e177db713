"""What of a clip may be spoken of: its tags, as words, and nothing else of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from linernotes.building.pseudo_captions.names import ArtistIndex, is_musical, named_in, names_of
from linernotes.clip import Clip

LONGEST_TAG = 100
"""Characters; longer ones are no tags, and would cost accordingly."""

MOST_TAGS = 100

_KIND = re.compile(r"([a-z][a-z_ -]{1,20})(?::|---)\s*(.+)", re.IGNORECASE)
_IN_WORDS = {
    ("tempo",): "{} tempo",
    ("mode",): "{} key",
    ("key",): "{} key",
}
_NO_VOICE = {"none", "no", "instrumental"}


@dataclass(frozen=True, slots=True)
class SpokenTags:
    """Tags as words, in their order, each once; `withheld` are those that name an artist, the title or album."""

    tags: tuple[str, ...]
    withheld: tuple[str, ...] = ()


def spoken_tags(clip: Clip, artists: ArtistIndex | None = None) -> SpokenTags:
    """The tags of `clip` that may reach a prompt; `artists` are those of all clips.

    `genre:rock` (or `genre---rock`) is said as `rock`, `tempo:slow` as `slow tempo`, `voice:none` as `no vocals`;
    underscores become spaces. The family of an instrument is left out where the instruments themselves are given.
    """
    names = names_of(clip).all
    has_instruments = any(tag.lower().startswith("instrument:") for tag in clip.tags)
    said: dict[str, str] = {}
    withheld: list[str] = []
    for tag in clip.tags:
        if has_instruments and tag.lower().startswith("family:"):
            continue
        for text in _as_words(tag):
            is_name = bool(named_in(text, names)) or (artists is not None and artists.is_named_by(text))
            if is_name and not is_musical(text):
                withheld.append(text)
            elif len(said) < MOST_TAGS:
                said.setdefault(text.casefold(), text)
    return SpokenTags(tuple(said.values()), tuple(withheld))


def _as_words(tag: str) -> Iterator[str]:
    text = clean(tag)
    kind = _KIND.fullmatch(text)
    if kind:
        text = _of_kind(kind[1].lower(), kind[2].strip())
    if text and len(text) <= LONGEST_TAG and any(sign.isalnum() for sign in text):
        yield text


def _of_kind(kind: str, value: str) -> str:
    if kind in ("voice", "vocals", "singer"):
        return "no vocals" if value.lower() in _NO_VOICE else f"{value} voice"
    words = next((shape for kinds, shape in _IN_WORDS.items() if kind in kinds), "{}")
    return words.format(value)


def clean(text: str) -> str:
    """`text` on one line, without control signs, underscores and the signs that chat templates make marks of."""
    plain = unicodedata.normalize("NFC", text).replace("_", " ")
    return " ".join("".join(" " if _is_odd(sign) else sign for sign in plain).split()).strip(" ,;.")


def _is_odd(sign: str) -> bool:
    return sign in "<>[]{}|`" or unicodedata.category(sign).startswith("C") or sign in "\u2028\u2029"
