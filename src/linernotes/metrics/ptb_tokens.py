"""Tokens of the Penn Treebank as image captioning's evaluation takes them (profile `coco`)."""

from __future__ import annotations

import re
from functools import lru_cache

PUNCTUATION = frozenset(
    ["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)
_PIECE = re.compile(r"\w+(?:[-']\w+)*|[^\w\s]")


def tokenize_ptb(text: str) -> list[str]:
    """Lower-case tokens without punctuation."""
    return [token for chunk in text.split() for token in _pieces(chunk)]


@lru_cache(maxsize=1 << 17)
def _pieces(chunk: str) -> tuple[str, ...]:
    return tuple(token for token in _PIECE.findall(chunk.lower()) if token not in PUNCTUATION)
