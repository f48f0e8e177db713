"""What a trained model says of the clips of a split: captions, features, and how often its detectors are right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from linernotes.checkpoint import read_checkpoint
from linernotes.clip import Fact
from linernotes.config import config_from_mapping
from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.export import write_atomically
from linernotes.manifest import read_manifest
from linernotes.models.captioning import CaptionModel, EmbeddingCaptionModel, FeatureModel
from linernotes.models.families import load_model
from linernotes.training.batches import AudioSource
from linernotes.training.examples import Example, select_examples
from linernotes.training.head_scores import HeadScore, head_scores, head_table
from linernotes.training.heard import audio_source
from linernotes.training.recipe import DataOptions
from linernotes.training.validation import write_captions

Advance = Callable[[str, float, float], None]
"""Told what is being done, how much of it is done, and how much there is."""

BATCH = 16
PREDICTIONS, REFERENCES = "predictions.jsonl", "references.jsonl"
HEADS, HEADS_TABLE = "heads.json", "heads.md"


@dataclass(frozen=True, slots=True)
class Predictions:
    """By clip id; `captions` is empty for a model that detects features alone."""

    captions: Mapping[str, str]
    features: Mapping[str, tuple[Fact, ...]]
    heads: tuple[HeadScore, ...]


@dataclass(frozen=True, slots=True)
class PredictedSplit:
    """The clips of a split and what was said of them."""

    examples: tuple[Example, ...]
    found: Predictions


def predict_split(
    folder: Path,
    manifest: Path,
    split: str,
    features: Path,
    *,
    limit: int = 0,
    beams: int | None = None,
    advance: Advance = lambda what, done, total: None,
) -> PredictedSplit:
    """`predict` with a checkpoint folder, on the clips of a manifest, decoding as its recipe says.

    Raises:
        CheckpointError: the folder holds no model.
        ValueError: the split has no clips.
    """
    model = load_model(folder)
    captioned = not isinstance(model, FeatureModel) or model.writes_captions
    data = DataOptions(
        train_split=split, validation_split=split, test_split=split,
        limit=limit, validation_limit=limit, without_captions=not captioned,
    )  # fmt: skip
    examples = select_examples(read_manifest(manifest), manifest.parent, data).train
    told = read_checkpoint(folder).info.get("recipe", {}).get("decoding", {})
    options = config_from_mapping(told, DecodingOptions)
    if beams is not None:
        options = replace(options, beams=beams)
    return PredictedSplit(examples, predict(model, examples, features, options, advance))


def predict(
    model: CaptionModel,
    examples: Sequence[Example],
    features: Path,
    options: DecodingOptions,
    advance: Advance = lambda what, done, total: None,
) -> Predictions:
    """Captions and features of `examples`; `features` is the folder of the caches of frozen encoders."""
    count = len(examples)
    source = audio_source(model, examples, features, lambda done: advance("listening", done, count))
    told: dict[str, tuple[Fact, ...]] = {}
    scores: tuple[HeadScore, ...] = ()
    if isinstance(model, FeatureModel):
        told, scores = _detected(model, examples, source)
    captions: dict[str, str] = {}
    if not isinstance(model, FeatureModel) or model.writes_captions:
        captions = write_captions(
            model, examples, source, options, BATCH, lambda done: advance("writing", done, count)
        )
    return Predictions(captions, told, scores)


def _detected(
    model: FeatureModel, examples: Sequence[Example], source: AudioSource
) -> tuple[dict[str, tuple[Fact, ...]], tuple[HeadScore, ...]]:
    told: dict[str, tuple[Fact, ...]] = {}
    chances: dict[str, list[np.ndarray]] = {}
    truth: dict[str, list[np.ndarray]] = {}
    for start in range(0, len(examples), BATCH):
        some = examples[start : start + BATCH]
        heard = source.together([source.clip(example) for example in some])
        if not isinstance(heard, AudioEmbeddings):
            assert isinstance(model, EmbeddingCaptionModel)
            heard = model.encode(heard.samples, heard.lengths)
        longest = max(example.end_s - example.start_s for example in some)
        told.update(zip((one.clip_id for one in some), model.facts(heard, longest), strict=True))
        for name, rows in model.probabilities(heard).items():
            chances.setdefault(name, []).append(rows.cpu().numpy())
        for example in some:
            for name, row in model.labels_of(example.facts).items():
                truth.setdefault(name, []).append(row[None])
    joined = [{name: np.concatenate(rows) for name, rows in table.items()} for table in (chances, truth)]
    return told, head_scores(joined[0], joined[1])


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
