"""The scores of one set of captions: what several metrics share is made once, what can't be made is said once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.ptb_tokens import tokenize_ptb
from linernotes.metrics.score import Captions, References
from linernotes.registry import MissingExtraError

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Resources:
    """What some metrics need beside the captions; a metric whose resource is not given is not computed."""

    train_captions: Sequence[str] | None = None
    bert_model: str | None = None
    bert_layer: int | None = None
    sentence_model: str | None = None
    fluency_model: str | None = None
    document_frequencies: Path | None = None


class ScoreSheet:
    """Candidates, references and resources, and everything that was made of them, by name."""

    def __init__(self, candidates: Captions, references: References, resources: Resources) -> None:
        self.candidates = candidates
        self.references = references
        self.resources = resources
        self._made: dict[str, Any] = {}
        self._beside: tuple[ScoreSheet, ...] = (self,)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` returns, made at the first call; an error of a missing part is raised again at the next.

        Raises:
            MissingMetricError: this machine can't make it.
        """
        if name not in self._made:
            try:
                self._made[name] = make()
            except (MissingMetricError, MissingExtraError) as error:
                self._made[name] = MissingMetricError(str(error))
        made = self._made[name]
        if isinstance(made, MissingMetricError):
            raise made
        return made  # type: ignore[no-any-return]

    def together(self, name: str, make: Callable[[Sequence[ScoreSheet]], Sequence[Made]]) -> Made:
        """As `once`, but `make` is called for all sheets that lie side by side and returns one for each.

        Raises:
            MissingMetricError: this machine can't make it.
        """
        sheets = self._beside
        made = sheets[0].once(f"{name}, side by side", lambda: make(sheets))
        return made[sheets.index(self)]

    def ptb_candidates(self) -> Captions:
        """Candidates as Penn Treebank tokens with blanks between, which profile `coco` reads."""
        return self.once("ptb", lambda: {clip_id: _ptb(text) for clip_id, text in self.candidates.items()})

    def ptb_references(self) -> References:
        """References likewise, cut once for all sheets side by side."""
        return self.together("ptb references", lambda sheets: [self._ptb_references()] * len(sheets))

    def _ptb_references(self) -> References:
        return {clip_id: tuple(map(_ptb, texts)) for clip_id, texts in self.references.items()}


def side_by_side(
    systems: Sequence[Captions], references: References, resources: Resources
) -> tuple[ScoreSheet, ...]:
    """Sheets of several systems' captions of the same clips; what costs most is made for all of them at once."""
    sheets = tuple(ScoreSheet(candidates, references, resources) for candidates in systems)
    for sheet in sheets:
        sheet._beside = sheets
    return sheets


def _ptb(text: str) -> str:
    return " ".join(tokenize_ptb(text))
