"""Captions as the tokens of a text decoder, with the marks that it was pre-trained to see around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Marks:
    """Token ids that surround a caption."""

    start: int
    """What the decoder reads first."""
    end: int
    lead: tuple[int, ...] = ()
    """What it writes before every caption: BART's `<s>`."""


class CaptionTokens:
    """Captions to token ids and back."""

    def __init__(self, tokenizer: Any, marks: Marks) -> None:
        self._tokenizer, self.marks = tokenizer, marks

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, caption: str) -> list[int]:
        """The ids of a caption, what leads it included, the end not."""
        ids = self._tokenizer.encode(caption.strip(), add_special_tokens=False).ids
        return [*self.marks.lead, *ids]

    def row(self, caption: str, longest: int) -> list[int]:
        """The ids of a caption of at most `longest` tokens between its marks, the end last.

        Raises:
            ValueError: the caption has no words.
        """
        ids = self.encode(caption)
        if len(ids) == len(self.marks.lead):
            raise ValueError(f"the caption {caption!r} has no words")
        return [*ids[: longest + len(self.marks.lead)], self.marks.end]

    def decode(self, ids: Sequence[int]) -> str:
        """The caption that `ids` spell, special tokens left out."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text.strip()

    def to_json(self) -> str:
        """The tokenizer, as `tokenizer.json` has it."""
        text: str = self._tokenizer.to_str()
        return text
