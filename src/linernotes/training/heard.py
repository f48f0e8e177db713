"""Where a run's audio comes from: decoded again and again, or heard once by a frozen encoder and kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from linernotes import audio
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder
from linernotes.models.captioning import CaptionModel, EmbeddingCaptionModel
from linernotes.training.batches import AudioSource, EmbeddingSource, WaveformSource
from linernotes.training.clip_audio import clip_waveform
from linernotes.training.examples import Example
from linernotes.training.feature_cache import FeatureCache, Floats, clip_key, open_feature_cache
from linernotes.training.ranking import TrackScorer


class KeptEmbeddings(Mapping[str, Tensor]):
    """Embeddings (frames, dim) by clip id, read from the cache when asked for."""

    def __init__(self, cache: FeatureCache, keys: Mapping[str, str]) -> None:
        self._cache, self._keys = cache, keys

    def __getitem__(self, clip_id: str) -> Tensor:
        return torch.from_numpy(self._cache[self._keys[clip_id]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def encoder_identity(encoder: AudioEncoder) -> str:
    """Sixteen hexadecimal digits that change with the encoder's code name, rate or any weight."""
    digest = hashlib.sha256(f"{type(encoder).__qualname__} {encoder.sample_rate} {encoder.dim}".encode())
    digest.update(str(getattr(encoder, "identity", "")).encode())
    if isinstance(encoder, nn.Module):
        for name, tensor in encoder.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def audio_source(
    model: CaptionModel, examples: Sequence[Example], folder: Path, advance: Callable[[float], Any]
) -> AudioSource:
    """The source that suits `model`; a frozen encoder hears now what it has not heard before.

    `folder` holds the feature caches; `advance` is told how many examples are ready.
    """
    if not (isinstance(model, EmbeddingCaptionModel) and model.encoder_is_frozen):
        return WaveformSource(model.sample_rate, model.max_seconds)
    encoder = model.audio_encoder
    cache = open_feature_cache(folder / encoder_identity(encoder), encoder.dim)
    sha256_of = lru_cache(maxsize=None)(audio.sha256_of)
    keys = {}
    for number, example in enumerate(own_share_first(examples), 1):
        key = clip_key(example, sha256_of(example.path), model.max_seconds)
        if key not in cache:
            cache.look_again()
        if key not in cache:
            cache.add(key, _hear(model, example))
        keys[example.clip_id] = key
        advance(number)
    return EmbeddingSource(KeptEmbeddings(cache, keys), encoder.frame_s)


def model_scorer(model: CaptionModel, source: AudioSource) -> TrackScorer:
    """Likelihoods by a model in PyTorch, of tracks that `source` knows."""

    @torch.no_grad()
    def score(tracks: Sequence[Example], captions: Sequence[str]) -> Floats:
        heard = source.together([source.clip(track) for track in tracks])
        if isinstance(heard, AudioEmbeddings):
            assert isinstance(model, EmbeddingCaptionModel)
            scores = model.score_encoded(heard, captions)
        else:
            scores = model.score(heard.samples, heard.lengths, captions)
        found: Floats = scores.float().cpu().numpy()
        return found

    return score


def own_share_first(examples: Sequence[Example]) -> list[Example]:
    """All examples, each process of a run beginning with others, so that together they hear each once.

    A launcher (accelerate, torchrun) tells a process its number by RANK and how many there are by WORLD_SIZE.
    """
    rank, processes = (int(os.environ.get(name, normal)) for name, normal in (("RANK", 0), ("WORLD_SIZE", 1)))
    shares = [examples[(rank + turn) % processes :: processes] for turn in range(processes)]
    return [example for share in shares for example in share]


def _hear(model: EmbeddingCaptionModel, example: Example) -> Floats:
    waveform = torch.from_numpy(clip_waveform(example, model.sample_rate, model.max_seconds))
    with torch.no_grad():
        heard = model.encode(waveform[None], torch.tensor([len(waveform)]))
    rows: Floats = heard.states[0][heard.mask[0]].float().cpu().numpy()
    return rows
