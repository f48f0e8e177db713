"""A byte-level BPE tokenizer (Sennrich et al. 2016) read from its `tokenizer.json`, in plain Python.

It spells what the package tokenizers spells, which the base install does not have, and is slow: for captions.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

TOKENIZER_FILE = "tokenizer.json"
_SPLIT = re.compile(r"_?L+|_?N+|_?O+|[_S]+(?![^_S])|[_S]+")
"""Over the kinds of characters: words, numbers or marks with one space before, and runs of space.

A run of space leaves its last character to the word behind it."""
_SHORT_FORMS = re.compile(r"'(?:s|t|re|ve|m|ll|d)")


@dataclass(frozen=True, slots=True)
class BytePieces:
    """Captions to token ids and back; no special token is ever part of a text."""

    pieces: Mapping[int, str]
    """By id, in letters that stand for bytes; special ones are left out."""
    ids: Mapping[str, int]
    ranks: Mapping[tuple[str, str], int]
    """Which two pieces are joined, and in which order."""
    start_id: int

    def encode(self, caption: str) -> list[int]:
        """`<s>` and the ids of a caption, without `</s>`; bytes that are no piece are left out."""
        found = [self.start_id]
        for word in split_words(caption.strip()):
            spelled = [LETTERS[byte] for byte in word.encode()]
            found += [self.ids[piece] for piece in self._joined(spelled) if piece in self.ids]
        return found

    def decode(self, ids: Sequence[int]) -> str:
        """The caption that `ids` spell, special tokens left out."""
        spelled = "".join(self.pieces.get(number, "") for number in ids)
        return bytes(BYTES[letter] for letter in spelled).decode("utf-8", errors="replace").strip()

    def _joined(self, word: list[str]) -> list[str]:
        never = len(self.ranks)
        while len(word) > 1:
            ranks = [self.ranks.get(pair, never) for pair in pairwise(word)]
            least = min(ranks)
            if least == never:
                break
            at = ranks.index(least)
            word = [*word[:at], word[at] + word[at + 1], *word[at + 2 :]]
        return word


def byte_pieces_from_json(text: str) -> BytePieces:
    """The tokenizer of a `tokenizer.json`.

    Raises:
        ValueError: it is damaged, or another kind of tokenizer.
    """
    try:
        told = json.loads(text)
        model = told["model"]
        vocabulary: dict[str, int] = model["vocab"]
        special = {one["id"]: one["content"] for one in told["added_tokens"]}
        merges = [one.split(" ") if isinstance(one, str) else one for one in model["merges"]]
        _refuse_others(told)
        own = {piece: number for piece, number in vocabulary.items() if number not in special}
        return BytePieces(
            {number: piece for piece, number in own.items()},
            own,
            {(first, second): rank for rank, (first, second) in enumerate(merges)},
            next(number for number, content in special.items() if content == "<s>"),
        )
    except (KeyError, TypeError, AttributeError, StopIteration, ValueError) as error:
        raise ValueError(f"{TOKENIZER_FILE} is no byte-level BPE with <s>: {error}") from error


def split_words(text: str) -> Iterator[str]:
    """Words with the space before them, numbers, marks, short forms such as 's, and what space is left."""
    kinds, at = "".join(map(_kind, text)), 0
    while at < len(text):
        found = _SHORT_FORMS.match(text, at) or _SPLIT.match(kinds, at)
        assert found is not None
        yield text[at : found.end()]
        at = found.end()


def _kind(letter: str) -> str:
    """Letter, number, other mark, space; the plain space is `_`."""
    if letter == " ":
        return "_"
    group = unicodedata.category(letter)[0]
    if group in "LN":
        return group
    return "S" if letter.isspace() and letter not in "\x1c\x1d\x1e\x1f" else "O"


def _letters() -> Iterator[str]:
    """For each byte a letter: itself if it is visible in Latin-1, else one from 256 on."""
    visible = {*range(33, 127), *range(161, 173), *range(174, 256)}
    spare = iter(range(256, 512))
    for byte in range(256):
        yield chr(byte if byte in visible else next(spare))


LETTERS = tuple(_letters())
BYTES = {letter: byte for byte, letter in enumerate(LETTERS)}


def _refuse_others(told: Mapping[str, Any]) -> None:
    model, before = told["model"], told["pre_tokenizer"]
    plain = (
        model.get("type", "BPE") == "BPE"
        and not model.get("byte_fallback")
        and not model.get("ignore_merges")
    )
    level = before["type"] == "ByteLevel" and not before["add_prefix_space"] and before.get("use_regex", True)
    if not plain or not level or told.get("normalizer") is not None:
        raise ValueError("its words are cut or joined in another way")
