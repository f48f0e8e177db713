"""What models wrote of a split, in the files that evaluate, compare and judge read; what exported ones write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from linernotes.clip import Fact
from linernotes.export import write_atomically
from linernotes.models.exported import load_exported
from linernotes.training.clip_audio import clip_waveform
from linernotes.training.examples import Example, load_split
from linernotes.training.head_scores import HeadScore, head_table

Advance = Callable[[str, float, float], None]
"""Told what is being done, how much of it is done, and how much there is."""

PREDICTIONS, REFERENCES = "predictions.jsonl", "references.jsonl"
HEADS, HEADS_TABLE = "heads.json", "heads.md"


@dataclass(frozen=True, slots=True)
class Predictions:
    """By clip id; `captions` is empty for a model that detects features alone."""

    captions: Mapping[str, str]
    features: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    heads: tuple[HeadScore, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictedSplit:
    """The clips of a split and what was said of them."""

    examples: tuple[Example, ...]
    found: Predictions


def predict_exported(
    folder: Path,
    manifest: Path,
    split: str,
    root: Path | None = None,
    *,
    limit: int = 0,
    beams: int | None = None,
    advance: Advance = lambda what, done, total: None,
) -> PredictedSplit:
    """Captions by a folder that `linernotes export onnx` wrote, on the clips of a manifest; needs no PyTorch.

    Raises:
        ExportedModelError: the folder is damaged.
        ValueError: the split has no clips.
    """
    model = load_exported(folder)
    examples, told = load_split(manifest, split, root, limit=limit), model.description
    options = told.decoding if beams is None else replace(told.decoding, beams=beams)
    captions = {}
    for number, example in enumerate(examples, 1):
        heard = model.hear(clip_waveform(example, model.sample_rate, told.max_seconds))
        captions[example.clip_id] = model.write(heard, options)
        advance("hearing and writing", number, len(examples))
    return PredictedSplit(examples, Predictions(captions))


def write_predictions(found: Predictions, examples: Sequence[Example], out: Path) -> tuple[Path, ...]:
    """Captions and references as JSON Lines, features with them, scores of the heads; returns the files."""
    texts = {PREDICTIONS: _lines(_said(found, example) for example in examples)}
    if found.captions:
        references = ({"id": one.clip_id, "captions": list(one.captions)} for one in examples)
        texts[REFERENCES] = _lines(references)
    if found.heads:
        texts[HEADS] = json.dumps([asdict(one) for one in found.heads], indent=2) + "\n"
        texts[HEADS_TABLE] = head_table(found.heads)
    for name, text in texts.items():
        write_atomically(out / name, text)
    return tuple(out / name for name in texts)


def _said(found: Predictions, example: Example) -> dict[str, object]:
    said: dict[str, object] = {"id": example.clip_id}
    if found.captions:
        said["caption"] = found.captions[example.clip_id]
    facts = found.features.get(example.clip_id, ())
    return {**said, "facts": [asdict(fact) for fact in facts]} if facts else said


def _lines(rows: Iterable[object]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
