"""The families that write with a word vocabulary: how they are built and what lies beside their weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from linernotes.encoders.audio_encoder import AudioEncoder
from linernotes.models.captioning import CaptionModel
from linernotes.models.dcase_baseline import DcaseBaseline, DcaseBaselineConfig
from linernotes.models.muscaps import MusCaps, MusCapsConfig
from linernotes.models.muscaps.glove import use_glove
from linernotes.models.vocabulary import (
    VOCABULARY_FILE,
    build_vocabulary,
    vocabulary_from_json,
    vocabulary_to_json,
)
from linernotes.registry import AUDIO_ENCODERS, find_named

SHIPPED, UNTRAINED = "shipped", "none"


@dataclass(frozen=True, slots=True)
class WordFamily:
    """A `ModelFamily` of models that take (config, vocabulary, encoder)."""

    config_class: type[Any]
    model_class: type[Any]

    def new(self, config: Any, captions: Iterable[str]) -> CaptionModel:
        """A model to train, with its encoder's weights loaded and a vocabulary of `captions`."""
        vocabulary = build_vocabulary(captions, min_count=config.min_count, lowercase=config.lowercase)
        encoder = load_audio_encoder(config.encoder.name, config.encoder.weights, config.encoder.frozen)
        model: CaptionModel = self.model_class(config, vocabulary, encoder)
        if isinstance(model, MusCaps) and model.config.glove:
            use_glove(model.network.words, vocabulary, model.config.glove)
        return model

    def restored(self, config: Any, files: Mapping[str, str]) -> CaptionModel:
        """A model without weights."""
        if VOCABULARY_FILE not in files:
            raise ValueError(f"there is no {VOCABULARY_FILE} beside the weights")
        vocabulary = vocabulary_from_json(files[VOCABULARY_FILE])
        stays_shipped = config.encoder.frozen and config.encoder.weights == SHIPPED
        weights = SHIPPED if stays_shipped else UNTRAINED
        encoder = load_audio_encoder(config.encoder.name, weights, config.encoder.frozen)
        model: CaptionModel = self.model_class(config, vocabulary, encoder)
        return model

    def files(self, model: Any) -> Mapping[str, str]:
        """The vocabulary."""
        return {VOCABULARY_FILE: vocabulary_to_json(model.vocabulary)}


def load_audio_encoder(name: str, weights: str, frozen: bool) -> AudioEncoder:
    """The encoder called `name`; `weights` is "shipped", "none" or a path, as the encoder allows.

    One that is shipped and stays frozen may come without weights of its own: then it is no `nn.Module`, and the
    checkpoint names it instead of holding it.

    Raises:
        ValueError: there is no such encoder, or it has no such weights.
    """
    encoder: AudioEncoder = find_named(AUDIO_ENCODERS, name, "audio encoder")(weights, frozen)
    return encoder


MUSCAPS = WordFamily(MusCapsConfig, MusCaps)
DCASE_BASELINE = WordFamily(DcaseBaselineConfig, DcaseBaseline)
