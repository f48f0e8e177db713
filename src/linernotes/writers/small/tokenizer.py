"""Byte-pair encoding in pure Python: trains on word counts, loads and saves one JSON file, loses nothing.

A text is cut into words, each with the space before it; merges never cross a word, so a word list can be kept as a
trie over pieces. Pieces are byte strings (shown as Latin-1 in the file), so any text has an encoding and
`decode(encode(text)) == text`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

WORD = re.compile(r" ?\w+(?:[-'&]\w+)*| ?[^\w\s]|\s")
"""A word with its leading space, a punctuation mark with its leading space, or one white-space character."""

Pair = tuple[bytes, bytes]


class BpeTokenizer:
    """`encode(text) -> list[int]`, `decode(ids) -> str`; ids are those of `specials`, then bytes, then merges."""

    def __init__(self, merges: Sequence[Pair], specials: Sequence[str] = ()) -> None:
        self.merges = tuple(merges)
        self.specials = tuple(specials)
        single_bytes = [bytes([value]) for value in range(256)]
        self.pieces: tuple[bytes, ...] = (*single_bytes, *(left + right for left, right in self.merges))
        self._rank = {pair: rank for rank, pair in enumerate(self.merges)}
        self._id = {piece: len(self.specials) + i for i, piece in enumerate(self.pieces)}
        self._special_id = {name: i for i, name in enumerate(self.specials)}
        self._encode_word = lru_cache(maxsize=65536)(self._merge_word)

    def __len__(self) -> int:
        return len(self.specials) + len(self.pieces)

    def special(self, name: str) -> int:
        """Id of a special piece."""
        return self._special_id[name]

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; special pieces are never produced from text."""
        return [piece_id for word in split_words(text) for piece_id in self._encode_word(word)]

    def encode_word(self, word: str) -> tuple[int, ...]:
        """Ids of one word, which may carry its leading space."""
        return self._encode_word(word)

    def decode(self, ids: Iterable[int]) -> str:
        """Text of `ids`; special pieces are left out, bytes that are no UTF-8 become the replacement character."""
        offset = len(self.specials)
        pieces = (self.pieces[piece_id - offset] for piece_id in ids if piece_id >= offset)
        return b"".join(pieces).decode("utf-8", errors="replace")

    def _merge_word(self, word: str) -> tuple[int, ...]:
        parts = [bytes([value]) for value in word.encode("utf-8")]
        while len(parts) > 1:
            pairs = [
                (self._rank.get((parts[i], parts[i + 1]), len(self._rank)), i) for i in range(len(parts) - 1)
            ]
            rank, at = min(pairs)
            if rank == len(self._rank):
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(self._id[part] for part in parts)

    def to_json(self) -> str:
        """The tokenizer as JSON text."""
        merges = [[left.decode("latin-1"), right.decode("latin-1")] for left, right in self.merges]
        return json.dumps({"specials": self.specials, "merges": merges}, ensure_ascii=True)

    def save(self, path: str | Path) -> None:
        """Write `to_json()` to a file."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def from_json(cls, text: str) -> BpeTokenizer:
        """The tokenizer that `to_json` wrote."""
        table = json.loads(text)
        merges = [(left.encode("latin-1"), right.encode("latin-1")) for left, right in table["merges"]]
        return cls(merges, table["specials"])

    @classmethod
    def load(cls, path: str | Path) -> BpeTokenizer:
        """Read a file that `save` wrote."""
        return cls.from_json(Path(path).read_text(encoding="utf-8"))


def split_words(text: str) -> list[str]:
    """The words of `text` with their leading spaces; joined they are `text` again."""
    return WORD.findall(text)


def train_bpe(texts: Iterable[str], size: int, specials: Sequence[str] = ()) -> BpeTokenizer:
    """Learn merges until the vocabulary has `size` ids in all, or no pair occurs twice.

    The most frequent pair is merged first (Sennrich et al. 2016); ties go to the pair that sorts first, so
    training is deterministic.
    """
    counts = Counter(word for text in texts for word in split_words(text))
    words = [
        ([bytes([value]) for value in word.encode("utf-8")], count) for word, count in sorted(counts.items())
    ]
    pair_counts: Counter[Pair] = Counter()
    places: dict[Pair, set[int]] = {}
    for index, (parts, count) in enumerate(words):
        for pair in pairwise(parts):
            pair_counts[pair] += count
            places.setdefault(pair, set()).add(index)
    merges: list[Pair] = []
    while len(merges) < size - 256 - len(specials) and pair_counts:
        best = min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))
        if pair_counts[best] < 2:
            break
        merges.append(best)
        for index in sorted(places.pop(best)):
            _apply_merge(words[index], index, best, pair_counts, places)
        pair_counts.pop(best, None)
    return BpeTokenizer(merges, specials)


def _apply_merge(
    word: tuple[list[bytes], int],
    index: int,
    best: Pair,
    pair_counts: Counter[Pair],
    places: dict[Pair, set[int]],
) -> None:
    """Merge `best` inside one word and keep the pair counts true."""
    parts, count = word
    for pair in pairwise(parts):
        pair_counts[pair] -= count
        if pair_counts[pair] <= 0:
            del pair_counts[pair]
    at = 0
    while at < len(parts) - 1:
        if (parts[at], parts[at + 1]) == best:
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        at += 1
    for pair in pairwise(parts):
        pair_counts[pair] += count
        places.setdefault(pair, set()).add(index)
