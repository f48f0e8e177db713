"""The n-grams of every clip counted at once: what BLEU and CIDEr-D share."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
MAX_N = 4


@dataclass(frozen=True, slots=True)
class TokenTable:
    """Tokens of all texts, end to end; a clip's candidate comes first and its references follow."""

    words: tuple[str, ...]  # what the numbers in `tokens` stand for
    tokens: Integers  # (tokens,)
    clip: Integers  # (tokens,)
    part: Integers  # (tokens,) 0: candidate, 1, 2 ...: its references
    lengths: tuple[
        Integers, Integers
    ]  # tokens of (clips,) candidates and (clips, most references), absent: -1

    @property
    def parts(self) -> int:
        """Texts of the clip that has most."""
        return 1 + int(self.lengths[1].shape[1])


@dataclass(frozen=True, slots=True)
class Ngrams:
    """One order's n-grams: a row is one n-gram of one clip, rows of a clip stand together."""

    order: int
    clip: Integers  # (rows,) ascending
    identity: Integers  # (rows,) the same for the same n-gram in other clips
    start: Integers  # (rows,) where in the token table it stands
    counts: NDArray[np.int32]  # (rows, parts) how often in each text of the clip


def tabulate(
    candidates: Iterable[Sequence[str]], references: Iterable[Iterable[Sequence[str]]]
) -> TokenTable:
    """Number the tokens of candidates (clips) and references (clips, one or more).

    Given iterators, it never holds more than one clip's words: of many captions those would be most of the memory.
    """
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    numbers, rows = array("q"), array("q")
    for row, (first, others) in enumerate(zip(candidates, references, strict=True)):
        for place, text in enumerate((first, *others)):
            numbers.extend(map(number.__getitem__, text))
            rows.extend((row, place, len(text)))
    tokens = np.array(numbers, np.int64)
    clip, part, lengths = np.array(rows, np.int64).reshape(-1, 3).T
    by_part = np.full((int(clip.max(initial=-1)) + 1, int(part.max(initial=0)) + 1), -1, np.int64)
    by_part[clip, part] = lengths
    return TokenTable(
        tuple(number),
        tokens,
        np.repeat(clip, lengths),
        np.repeat(part, lengths),
        (by_part[:, 0], by_part[:, 1:]),
    )


def count_ngrams(table: TokenTable, *, max_n: int = MAX_N) -> Iterator[Ngrams]:
    """The n-grams of order 1 .. `max_n`.

    An n-gram's number is made of its first n-1 tokens' number and its last token, so every order costs one sort.
    """
    text = table.clip * table.parts + table.part
    width = max(1, len(table.words))
    start = np.arange(len(table.tokens))
    in_clip, anywhere = table.clip, np.zeros_like(table.clip)
    for order in range(1, max_n + 1):
        if order > 1:
            inside = start + order - 1 < len(text)
            inside[inside] = text[start[inside]] == text[start[inside] + order - 1]
            start, in_clip, anywhere = start[inside], in_clip[inside], anywhere[inside]
        last = table.tokens[start + order - 1]
        _, first, in_clip = np.unique(in_clip * width + last, return_index=True, return_inverse=True)
        _, identity = np.unique((anywhere * width + last)[first], return_inverse=True)
        anywhere = identity[in_clip]
        counts = np.bincount(in_clip * table.parts + table.part[start], minlength=len(first) * table.parts)
        yield Ngrams(
            order,
            table.clip[start[first]],
            identity,
            start[first],
            counts.reshape(len(first), table.parts).astype(np.int32),
        )
