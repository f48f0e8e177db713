"""Writers turn facts into captions whose every claim points back at the facts behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from linernotes.clip import Caption, Fact

STYLES = ("short", "long", "tags", "generator")
"""`short`: one or two sentences; `long`: a paragraph; `tags`: a comma list; `generator`: a dense prompt."""


class Writer(Protocol):
    """Writes a caption that says nothing the facts do not carry; the same seed writes the same text."""

    def __call__(self, facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
        """Caption of the recording that `facts` describe, in one of `STYLES`."""
        ...


def check_style(style: str) -> None:
    """Raise `ValueError` unless `style` is one of `STYLES`."""
    if style not in STYLES:
        raise ValueError(f"There is no caption style {style!r}; choose one of: {', '.join(STYLES)}.")
