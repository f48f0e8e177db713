"""What gives captions their likelihoods for ranking: a trained model in PyTorch, or an exported one without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from linernotes import audio
from linernotes.models.exported import ExportedModel, ExportedPieces, is_exported, load_exported
from linernotes.registry import need_extra
from linernotes.training.clip_audio import clip_waveform
from linernotes.training.examples import Example
from linernotes.training.feature_cache import Floats, clip_key, open_feature_cache
from linernotes.training.ranking import TrackScorer

Told = Callable[[float], Any]


def load_track_scorer(
    folder: str | Path,
    tracks: Sequence[Example],
    features: str | Path | None = None,
    advance: Told = lambda done: None,
) -> TrackScorer:
    """The model of a checkpoint folder, or of one that `linernotes export onnx` wrote, ready to rank `tracks`.

    What a frozen encoder hears of each track is kept below `features`, by default in the model's folder.
    `advance` is told how many tracks have been heard.

    Raises:
        CheckpointError: the folder holds no usable checkpoint.
        ExportedModelError: it holds a damaged exported model.
        MissingExtraError: it is a checkpoint, and PyTorch is not installed.
    """
    home = Path(features) if features else Path(folder) / "features"
    if is_exported(folder):
        return exported_scorer(load_exported(folder), tracks, home, advance)
    need_extra("torch", "torch")
    from linernotes.models.families import load_model
    from linernotes.training.heard import audio_source, model_scorer

    model = load_model(folder)
    return model_scorer(model, audio_source(model, tracks, home, advance))


def exported_scorer(
    model: ExportedModel | ExportedPieces,
    tracks: Sequence[Example],
    features: Path,
    advance: Told = lambda done: None,
) -> TrackScorer:
    """Likelihoods by an exported model, which hears now what it has not heard before."""
    max_seconds = model.description.max_seconds
    cache = open_feature_cache(features / model.encoder_identity, model.dim)
    sha256_of = lru_cache(maxsize=None)(audio.sha256_of)
    keys = {}
    for number, track in enumerate(tracks, 1):
        key = clip_key(track, sha256_of(track.path), max_seconds)
        if key not in cache:
            cache.add(key, model.hear(clip_waveform(track, model.sample_rate, max_seconds)))
        keys[track.clip_id] = key
        advance(number)

    def score(some: Sequence[Example], captions: Sequence[str]) -> Floats:
        return np.stack([model.score(cache[keys[track.clip_id]], captions) for track in some])

    return score
