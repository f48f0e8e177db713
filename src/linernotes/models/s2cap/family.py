"""How singing style captioners come into being, and what lies beside their weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from linernotes.config import config_from_mapping
from linernotes.models.s2cap import S2Cap, S2CapConfig
from linernotes.models.s2cap.alignment import PairedTextEncoder
from linernotes.models.s2cap.ears import ears_to_json, new_ears, restored_ears
from linernotes.models.s2cap.tokens import CaptionTokens
from linernotes.models.s2cap.writer import (
    decoder_from_json,
    decoder_to_json,
    new_decoder,
    paired_text_encoder,
    pretrained_decoder,
)
from linernotes.models.subwords import TOKENIZER_FILE, load_tokenizer, tokenizer_from_json, train_tokenizer

EARS_FILE, WRITER_FILE = "encoder.json", "writer.json"


@dataclass(frozen=True, slots=True)
class S2CapFamily:
    """The `ModelFamily`."""

    config_class: type[Any] = S2CapConfig

    def new(self, config: S2CapConfig, captions: Iterable[str]) -> S2Cap:
        """A model to train: pre-trained parts and tokenizer loaded where they are named, else fresh and fitted."""
        writer = config.writer
        text = paired_text_encoder(writer) if config.stage == "align" else None
        source = writer.tokenizer or writer.source
        tokenizer = load_tokenizer(source) if source else train_tokenizer(captions, writer.tokenizer_size)
        decoder = pretrained_decoder(writer) if writer.source else new_decoder(writer, tokenizer)
        tokens = CaptionTokens(tokenizer, decoder.parts.marks)
        known = decoder.stack.get_input_embeddings().weight.shape[0]
        if len(tokens) > known:
            raise ValueError(
                f"the tokenizer {source!r} has {len(tokens)} tokens, the text decoder {known}: they do not belong "
                "together"
            )
        return S2Cap(config, tokens, new_ears(config), decoder, text)

    def restored(self, config: S2CapConfig, files: Mapping[str, str]) -> S2Cap:
        """A model without weights."""
        for name in (TOKENIZER_FILE, EARS_FILE, WRITER_FILE):
            if name not in files:
                raise ValueError(f"there is no {name} beside the weights")
        decoder = decoder_from_json(files[WRITER_FILE], config.writer)
        tokens = CaptionTokens(tokenizer_from_json(files[TOKENIZER_FILE]), decoder.parts.marks)
        return S2Cap(config, tokens, restored_ears(config, files[EARS_FILE]), decoder, _text_at_hand(config))

    def continued(self, config: S2CapConfig, stored: Mapping[str, Any]) -> S2CapConfig:
        """The recipe's, but what the weights were made for: encoder, decoder and bridge are the checkpoint's."""
        old = config_from_mapping(stored, S2CapConfig, "model.")
        writer = replace(old.writer, frozen=config.writer.frozen)
        encoder = replace(old.encoder, frozen=config.encoder.frozen)
        return replace(config, encoder=encoder, sizes=old.sizes, writer=writer)

    def files(self, model: S2Cap) -> Mapping[str, str]:
        """The tokenizer, and what encoder and decoder are built of."""
        return {
            TOKENIZER_FILE: model.vocabulary.to_json(),
            EARS_FILE: ears_to_json(model.encoder),
            WRITER_FILE: decoder_to_json(model.decoder),
        }


def _text_at_hand(config: S2CapConfig) -> PairedTextEncoder | None:
    """Only going on with CRESCENDO needs it: captioning with such a checkpoint does not."""
    if config.stage != "align":
        return None
    try:
        return paired_text_encoder(config.writer)
    except ValueError:
        return None


S2CAP = S2CapFamily()
