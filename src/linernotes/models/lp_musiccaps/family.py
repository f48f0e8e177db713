"""How LP-MusicCaps captioners come into being, and what lies beside their weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from linernotes.config import config_from_mapping
from linernotes.models.captioning import CaptionModel
from linernotes.models.lp_musiccaps import LpMusicCaps, LpMusicCapsConfig
from linernotes.models.lp_musiccaps.bart import (
    BART_FILE,
    bart_from_json,
    bart_to_json,
    new_bart,
    pretrained_bart,
)
from linernotes.models.subwords import TOKENIZER_FILE, load_subwords, subwords_from_json, train_subwords


@dataclass(frozen=True, slots=True)
class LpFamily:
    """The `ModelFamily`."""

    config_class: type[Any] = LpMusicCapsConfig

    def new(self, config: LpMusicCapsConfig, captions: Iterable[str]) -> CaptionModel:
        """A model to train: BART's weights and tokenizer loaded if there are any, else fresh and fitted."""
        source = config.tokenizer or config.bart
        subwords = load_subwords(source) if source else train_subwords(captions, config.tokenizer_size)
        bart = pretrained_bart(config.bart) if config.bart else new_bart(config.sizes, subwords)
        if len(subwords) > bart.config.vocab_size:
            raise ValueError(
                f"the tokenizer {source!r} has {len(subwords)} tokens, BART {bart.config.vocab_size}: they do not "
                "belong together"
            )
        return LpMusicCaps(config, subwords, bart)

    def restored(self, config: LpMusicCapsConfig, files: Mapping[str, str]) -> CaptionModel:
        """A model without weights."""
        for name in (TOKENIZER_FILE, BART_FILE):
            if name not in files:
                raise ValueError(f"there is no {name} beside the weights")
        return LpMusicCaps(
            config, subwords_from_json(files[TOKENIZER_FILE]), bart_from_json(files[BART_FILE])
        )

    def continued(self, config: LpMusicCapsConfig, stored: Mapping[str, Any]) -> LpMusicCapsConfig:
        """The recipe's, but what the weights were made for: spectrogram, window and BART are the checkpoint's."""
        old = config_from_mapping(stored, LpMusicCapsConfig, "model.")
        return replace(
            config, spectrogram=old.spectrogram, window_s=old.window_s, sizes=old.sizes, bart="", tokenizer=""
        )

    def files(self, model: LpMusicCaps) -> Mapping[str, str]:
        """The tokenizer, and BART's sizes."""
        return {TOKENIZER_FILE: model.vocabulary.to_json(), BART_FILE: bart_to_json(model.network.bart)}


LP_MUSICCAPS = LpFamily()
