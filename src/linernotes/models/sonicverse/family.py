"""How SonicVerse captioners come into being, and what their checkpoints say of the parts they only name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from linernotes.llm.local import load_network, width_of
from linernotes.models.sonicverse import SonicVerse, SonicVerseConfig
from linernotes.models.sonicverse.language import CaptionLanguageModel, language_model_at
from linernotes.models.word_family import load_audio_encoder

PARTS_FILE = "parts.json"


class SonicVerseFamily:
    """A `ModelFamily`."""

    config_class = SonicVerseConfig

    def new(self, config: SonicVerseConfig, captions: Iterable[str]) -> SonicVerse:
        """A model to train: encoder and language model loaded, the projector fresh."""
        del captions  # the language model has its own words
        return _built(config, None)

    def restored(self, config: SonicVerseConfig, files: Mapping[str, str]) -> SonicVerse:
        """A model whose projector has no weights yet; the language model must be the one it was trained with."""
        return _built(config, json.loads(files.get(PARTS_FILE, "{}")).get("language_model"))

    def files(self, model: SonicVerse) -> Mapping[str, str]:
        """A fingerprint of the language model, by which another one under its name is recognised."""
        told = {"language_model": model.language.fingerprint if model.language is not None else None}
        return {PARTS_FILE: json.dumps(told, indent=2) + "\n"}


def _built(config: SonicVerseConfig, expected: str | None) -> SonicVerse:
    encoder = load_audio_encoder(config.encoder.name, config.encoder.weights, config.encoder.frozen)
    if config.caption_weight == 0:
        # Heads learn without it, but what follows them has to fit it later.
        width = width_of(language_model_at(config.llm.source)) if config.llm.source else None
        return SonicVerse(config, encoder, None, width)
    loaded = load_network(language_model_at(config.llm.source))
    if expected is not None and loaded.fingerprint != expected:
        raise ValueError(
            f"the language model at {config.llm.source!r} is another than this model was trained with "
            f"(fingerprint {loaded.fingerprint}, not {expected}): its projector would speak to the wrong one"
        )
    return SonicVerse(config, encoder, CaptionLanguageModel(loaded, config.llm))


SONICVERSE = SonicVerseFamily()
