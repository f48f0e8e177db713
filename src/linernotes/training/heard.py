"""Where a run's audio comes from: decoded again and again, or heard once by a frozen encoder and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from linernotes import audio
from linernotes.models.captioning import CaptionModel, EmbeddingCaptionModel
from linernotes.training.batches import AudioSource, EmbeddingSource, WaveformSource, load_waveform
from linernotes.training.examples import Example
from linernotes.training.feature_cache import FeatureCache, clip_key, open_feature_cache


class KeptEmbeddings(Mapping[str, Tensor]):
    """Embeddings (frames, dim) by clip id, read from the cache when asked for."""

    def __init__(self, cache: FeatureCache, keys: Mapping[str, str]) -> None:
        self._cache, self._keys = cache, keys

    def __getitem__(self, clip_id: str) -> Tensor:
        return self._cache[self._keys[clip_id]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def audio_source(
    model: CaptionModel, examples: Sequence[Example], folder: Path, advance: Callable[[float], Any]
) -> AudioSource:
    """The source that suits `model`; a frozen encoder hears now what it has not heard before.

    `folder` holds the feature caches; `advance` is told how many examples are ready.
    """
    if not (isinstance(model, EmbeddingCaptionModel) and model.encoder_is_frozen):
        return WaveformSource(model.sample_rate, model.max_seconds)
    cache = open_feature_cache(folder, model.audio_encoder)
    sha256_of = lru_cache(maxsize=None)(audio.sha256_of)
    keys = {}
    for number, example in enumerate(examples, 1):
        # What is heard depends on how much of the clip is: max_seconds is part of what the cache knows.
        key = f"{clip_key(example, sha256_of(example.path))}:{model.max_seconds:g}"
        if key not in cache:
            cache.add(key, _hear(model, example))
        keys[example.clip_id] = key
        advance(number)
    return EmbeddingSource(KeptEmbeddings(cache, keys), model.audio_encoder.frame_s)


def _hear(model: EmbeddingCaptionModel, example: Example) -> Tensor:
    waveform = load_waveform(example, model.sample_rate, model.max_seconds)
    with torch.no_grad():
        heard = model.encode(waveform[None], torch.tensor([len(waveform)]))
    return heard.states[0][heard.mask[0]]
