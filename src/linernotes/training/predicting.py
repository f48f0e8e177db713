"""What a trained model says of the clips of a split: captions, features, and how often its detectors are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from linernotes.checkpoint import read_checkpoint
from linernotes.clip import Fact
from linernotes.config import config_from_mapping
from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.models.captioning import CaptionModel, EmbeddingCaptionModel, FeatureModel
from linernotes.models.families import load_model
from linernotes.training.batches import AudioSource
from linernotes.training.examples import Example, load_split
from linernotes.training.head_scores import HeadScore, head_scores
from linernotes.training.heard import audio_source
from linernotes.training.predictions import Advance, PredictedSplit, Predictions
from linernotes.training.validation import write_captions

BATCH = 16


def predict_split(
    folder: Path,
    manifest: Path,
    split: str,
    features: Path,
    root: Path | None = None,
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
    examples = load_split(manifest, split, root, limit=limit, without_captions=not captioned)
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
