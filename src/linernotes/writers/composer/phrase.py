"""Text that remembers its evidence: phrases are built from pieces, and a piece may carry fact ids.

Claims are therefore laid down while a sentence is built; nothing searches the finished text for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from linernotes.clip import Caption, Claim
from linernotes.writers.composer.grammar import article, capital

_SLOT = re.compile(r"\{(a )?(\w+)\}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; with `fact_ids` it is a claim, without them it is connective tissue."""

    text: str
    fact_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """Pieces in reading order. Phrases add up with `+`; the empty phrase is falsy."""

    pieces: tuple[Piece, ...] = ()

    def __add__(self, other: Phrase) -> Phrase:
        return Phrase(self.pieces + other.pieces)

    def __bool__(self) -> bool:
        return any(piece.text for piece in self.pieces)

    @property
    def text(self) -> str:
        """The characters without their evidence."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def fact_ids(self) -> tuple[str, ...]:
        """Every fact id behind the phrase, once each, in reading order."""
        return tuple(dict.fromkeys(fact_id for piece in self.pieces for fact_id in piece.fact_ids))


def plain(text: str) -> Phrase:
    """Words that claim nothing."""
    return Phrase((Piece(text),)) if text else Phrase()


def said(text: str, fact_ids: Sequence[str]) -> Phrase:
    """Words that claim what the facts with `fact_ids` carry; white space in them becomes single spaces."""
    tidy = _SPACES.sub(" ", text).strip()
    return Phrase((Piece(tidy, tuple(fact_ids)),)) if tidy else Phrase()


def joined(phrases: Iterable[Phrase], separator: str = " ") -> Phrase:
    """The non-empty phrases with `separator` between them."""
    result = Phrase()
    for phrase in phrases:
        if phrase:
            result = result + plain(separator) + phrase if result else phrase
    return result


def listed(phrases: Sequence[Phrase], conjunction: str = "and") -> Phrase:
    """`a`, `a and b`, `a, b and c`; a comma before the conjunction where an item holds one or a comma itself."""
    kept = [phrase for phrase in phrases if phrase]
    if len(kept) < 2:
        return joined(kept)
    is_heavy = any(f" {conjunction} " in phrase.text or ", " in phrase.text for phrase in kept)
    last = f", {conjunction} " if is_heavy else f" {conjunction} "
    return joined(kept[:-1], ", ") + plain(last) + kept[-1]


def with_article(phrase: Phrase) -> Phrase:
    """The phrase after `a` or `an`, as it sounds."""
    return plain(f"{article(phrase.text)} ") + phrase if phrase else phrase


def fill(shape: str, **slots: Phrase) -> Phrase:
    """`shape` with each `{slot}` replaced by a phrase and each `{a slot}` by the phrase with its article."""
    result, position = Phrase(), 0
    for match in _SLOT.finditer(shape):
        slot = slots[match[2]]
        result = result + plain(shape[position : match.start()]) + (with_article(slot) if match[1] else slot)
        position = match.end()
    return result + plain(shape[position:])


def sentence(phrase: Phrase) -> Phrase:
    """The phrase with a capital first letter and a full stop at its end."""
    pieces = [piece for piece in phrase.pieces if piece.text]
    if not pieces:
        return Phrase()
    pieces[0] = replace(pieces[0], text=capital(pieces[0].text))
    ended = pieces[-1].text.rstrip().endswith((".", "!", "?"))
    return Phrase(tuple(pieces)) if ended else Phrase((*pieces, Piece(".")))


def to_caption(phrase: Phrase) -> Caption:
    """The caption of the phrase: its text, and one claim per run of pieces with the same evidence."""
    claims: list[Claim] = []
    position = 0
    for piece in phrase.pieces:
        end = position + len(piece.text)
        if piece.fact_ids and piece.text:
            claims.append(Claim(position, end, piece.fact_ids))
        position = end
    return Caption(phrase.text, tuple(claims))
