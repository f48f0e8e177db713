"""How good a model is on held-out clips: loss, and captions it writes against those of people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch

from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.metrics.score import Captions, References, Score
from linernotes.models.captioning import CaptionModel, EmbeddingCaptionModel
from linernotes.training.batches import AudioSource, Batches
from linernotes.training.examples import Example

Metric: TypeAlias = Callable[[Captions, References], Score]


def metric_named(name: str) -> Metric:
    """The metric that a recipe calls `name`.

    Raises:
        ValueError: there is none.
    """
    from linernotes.metrics import bleu, cider, rouge_l

    metrics: Mapping[str, Metric] = {
        "cider": cider.cider_d,
        "bleu4": bleu.bleu_coco,
        "rouge_l": rouge_l.rouge_l,
    }
    if name not in metrics:
        raise ValueError(f"training.metrics: no metric called {name!r}; choose from {', '.join(metrics)}")
    return metrics[name]


@torch.no_grad()
def validation_loss(model: CaptionModel, batches: Batches, batch_size: int) -> float:
    """Mean loss over whole clips with their first caption; `model` must be in evaluation mode."""
    total, count = 0.0, len(batches.examples)
    for start in range(0, count, batch_size):
        batch = batches.in_order(start, batch_size)
        total += float(model.loss(batch)) * len(batch)
    return total / count


def write_captions(
    model: CaptionModel,
    examples: Sequence[Example],
    source: AudioSource,
    options: DecodingOptions,
    batch_size: int = 16,
    advance: Callable[[float], Any] = lambda done: None,
) -> dict[str, str]:
    """A caption for every example, by clip id."""
    captions: dict[str, str] = {}
    for start in range(0, len(examples), batch_size):
        some = examples[start : start + batch_size]
        heard = source.together([source.clip(example) for example in some])
        if isinstance(heard, AudioEmbeddings):
            assert isinstance(model, EmbeddingCaptionModel)
            texts = model.generate_encoded(heard, options)
        else:
            texts = model.generate(heard.samples, heard.lengths, options)
        captions.update(zip((example.clip_id for example in some), texts, strict=True))
        advance(len(captions))
    return captions


def caption_scores(
    captions: Mapping[str, str], examples: Sequence[Example], names: Sequence[str]
) -> dict[str, float]:
    """Corpus scores of written captions against all captions of their clips."""
    references = {example.clip_id: example.captions for example in examples if example.clip_id in captions}
    return {name: metric_named(name)(captions, references).corpus for name in names}
