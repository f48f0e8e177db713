"""The text decoders: T5's, BART's or GPT-2, as transformers has them, reading audio states.

Input and output share one table of embeddings, unless a checkpoint brings a head of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.published_layout import load_published, quietly
from linernotes.models.s2cap.alignment import PairedTextEncoder
from linernotes.models.s2cap.config import WriterConfig
from linernotes.models.s2cap.prefix import AudioPrefix
from linernotes.models.s2cap.tokens import Marks
from linernotes.models.subwords import BOS, EOS, PAD
from linernotes.registry import need_extra

KINDS: Mapping[str, str] = {
    "t5": "T5ForConditionalGeneration",
    "bart": "BartForConditionalGeneration",
    "gpt2": "GPT2LMHeadModel",
    "gpt2-prefix": "GPT2LMHeadModel",
}
FRESH = ("crossattention", "ln_cross_attn")
"""Parts of names of weights that GPT-2 was not pre-trained with: those that attend to the audio."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a checkpoint must tell so that its decoder can be built again."""

    kind: str
    sizes: Mapping[str, Any]
    """The configuration, as transformers has it."""
    marks: Marks
    scaled: bool
    """Whether states are made smaller before the output, as T5's are where embeddings are shared."""
    own_head: bool
    """Whether the output has weights of its own."""


class TextDecoder(nn.Module):
    """Audio states and the tokens so far to scores of the next token."""

    bias: Tensor | None

    def __init__(self, parts: Parts, whole: Any, config: WriterConfig) -> None:
        """`whole` is the model of transformers whose decoder this is."""
        super().__init__()
        self.parts = parts
        inner = {"t5": lambda: whole.decoder, "bart": lambda: whole.model.decoder}
        self.stack = inner.get(parts.kind, lambda: whole.transformer)()
        self.width = int(self.stack.config.hidden_size)
        self.head = whole.lm_head if parts.own_head else None
        bias = getattr(whole, "final_logits_bias", None)
        self.register_buffer("bias", None if bias is None else bias[0].clone())
        self.prefix = None
        if parts.kind == "gpt2-prefix":
            self.prefix = AudioPrefix(
                self.width, config.temporal_tokens, config.global_tokens, layers=config.prefix_layers,
                heads=int(self.stack.config.num_attention_heads), dropout=config.sizes.dropout,
            )  # fmt: skip
        self.prefix_tokens = config.prefix_tokens

    @property
    def longest(self) -> int | None:
        """Tokens that it can read, those of a prefix not counted; None knows no limit."""
        if self.parts.kind == "t5":
            return None
        return int(self.stack.config.max_position_embeddings) - self.prefix_tokens

    def forward(self, tokens: Tensor, audio: AudioEmbeddings, cache: Any = None) -> Tensor:
        """Scores (batch, time, vocabulary) of what follows each of `tokens (batch, time)`, in order.

        With a cache (an `EncoderDecoderCache`), the tokens follow those that it was given before.
        """
        keeps = {"past_key_values": cache, "use_cache": cache is not None}
        if self.prefix is not None:
            embedded = self.stack.get_input_embeddings()(tokens)
            if cache is None or cache.get_seq_length() == 0:
                embedded = torch.cat([self.prefix(audio).to(embedded.dtype), embedded], dim=1)
            hidden = self.stack(inputs_embeds=embedded, **keeps).last_hidden_state[:, -tokens.shape[1] :]
        else:
            hidden = self.stack(
                input_ids=tokens,
                encoder_hidden_states=audio.states.contiguous(),  # GPT-2 reads no expanded rows
                encoder_attention_mask=audio.mask,
                **keeps,
            ).last_hidden_state
        if self.parts.scaled:
            hidden = hidden * self.width**-0.5
        table = self.stack.get_input_embeddings() if self.head is None else self.head
        return functional.linear(hidden, table.weight, self.bias)

    def freeze(self) -> None:
        """Leave what was pre-trained as it is."""
        for name, weight in (*self.stack.named_parameters(), *_named(self.head)):
            weight.requires_grad_(any(part in name for part in FRESH))


def pretrained_decoder(config: WriterConfig) -> TextDecoder:
    """The decoder of a folder or a hub, with its weights.

    Raises:
        ValueError: there is none.
    """
    crossed = {"add_cross_attention": True} if config.kind == "gpt2" else {}
    whole = load_published(KINDS[config.kind], config.source, fresh=FRESH, **crossed).network
    sizes = whole.config
    own_head = whole.lm_head.weight is not whole.get_input_embeddings().weight
    scaled = config.kind == "t5" and bool(getattr(sizes, "scale_decoder_outputs", True))
    parts = Parts(config.kind, sizes.to_diff_dict(), _marks(config.kind, sizes), scaled, own_head)
    return TextDecoder(parts, whole, config)


def new_decoder(config: WriterConfig, tokenizer: Any) -> TextDecoder:
    """One with random weights that writes with `tokenizer`.

    Raises:
        ValueError: the tokenizer lacks a mark.
    """
    sizes = _fresh_sizes(config, tokenizer)
    whole = _built(config.kind, sizes)
    parts = Parts(config.kind, sizes, _marks(config.kind, whole.config), config.kind == "t5", False)
    return TextDecoder(parts, whole, config)


def fresh_network(config: WriterConfig, tokenizer: Any) -> Any:
    """The whole model of transformers, text encoder included, with random weights.

    Raises:
        ValueError: the tokenizer lacks a mark.
    """
    return _built(config.kind, _fresh_sizes(config, tokenizer))


def decoder_to_json(decoder: TextDecoder) -> str:
    """What `decoder_from_json` needs."""
    return json.dumps(asdict(decoder.parts), indent=2) + "\n"


def decoder_from_json(text: str, config: WriterConfig) -> TextDecoder:
    """A decoder without weights.

    Raises:
        ValueError: the text is something else.
    """
    try:
        told = json.loads(text)
        marks = Marks(told["marks"]["start"], told["marks"]["end"], tuple(told["marks"]["lead"]))
        parts = Parts(told["kind"], told["sizes"], marks, told["scaled"], told["own_head"])
        whole = _built(parts.kind, parts.sizes)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"what is told of the text decoder is damaged: {error}") from error
    if parts.own_head:
        whole.lm_head.weight = nn.Parameter(whole.lm_head.weight.detach().clone())
    return TextDecoder(parts, whole, config)


def paired_text_encoder(config: WriterConfig) -> PairedTextEncoder:
    """The encoder that the decoder at `config.source` was pre-trained with.

    Raises:
        ValueError: there is none.
    """
    if not config.source:
        raise ValueError(
            "model.writer.source is empty: CRESCENDO aligns audio with a pre-trained text encoder, since one of "
            "random weights has nothing to teach; pre-train a small one with `linernotes denoise`"
        )
    if config.kind == "t5":
        return PairedTextEncoder(load_published("T5EncoderModel", config.source).network)
    return PairedTextEncoder(load_published("BartModel", config.source).network.encoder)


def _fresh_sizes(config: WriterConfig, tokenizer: Any) -> dict[str, Any]:
    size = config.sizes
    ids = {name: tokenizer.token_to_id(name) for name in (BOS, PAD, EOS)}
    missing = [name for name, number in ids.items() if number is None]
    if missing:
        raise ValueError(f"the tokenizer has no token {missing[0]!r}: give the one of a text decoder")
    shared = {
        "vocab_size": tokenizer.get_vocab_size(),
        "pad_token_id": ids[PAD],
        "eos_token_id": ids[EOS],
    }
    if config.kind == "t5":
        return {
            **shared, "decoder_start_token_id": ids[PAD], "d_model": size.dim, "d_kv": size.dim // size.heads,
            "d_ff": size.feed_forward, "num_layers": size.layers, "num_heads": size.heads,
            "dropout_rate": size.dropout,
        }  # fmt: skip
    if config.kind == "bart":
        sides = {
            f"{side}_{name}": value
            for side in ("encoder", "decoder")
            for name, value in (
                ("layers", size.layers), ("attention_heads", size.heads), ("ffn_dim", size.feed_forward)
            )
        }  # fmt: skip
        return {
            **shared, **sides, "bos_token_id": ids[BOS], "decoder_start_token_id": ids[EOS],
            "forced_eos_token_id": ids[EOS], "d_model": size.dim, "max_position_embeddings": size.positions,
            "dropout": size.dropout,
        }  # fmt: skip
    dropouts = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), size.dropout)
    return {
        **shared, **dropouts, "bos_token_id": ids[BOS], "n_embd": size.dim, "n_layer": size.layers,
        "n_head": size.heads, "n_inner": size.feed_forward, "n_positions": size.positions,
        "add_cross_attention": config.kind == "gpt2",
    }  # fmt: skip


def _built(kind: str, sizes: Mapping[str, Any]) -> Any:
    transformers = need_extra("transformers", "torch")
    network = getattr(transformers, KINDS[kind])
    known = {name: value for name, value in sizes.items() if name not in ("model_type", "architectures")}
    with quietly():
        whole = network(network.config_class(**known))
    whole.tie_weights()
    return whole


def _marks(kind: str, sizes: Any) -> Marks:
    end = sizes.eos_token_id
    end = int(end[0] if isinstance(end, list | tuple) else end)
    start = getattr(sizes, "decoder_start_token_id", None)
    if kind == "t5":
        return Marks(int(sizes.pad_token_id if start is None else start), end)
    if kind == "bart":
        return Marks(int(end if start is None else start), end, (int(sizes.bos_token_id),))
    return Marks(int(sizes.bos_token_id), end)


def _named(head: nn.Module | None) -> list[tuple[str, nn.Parameter]]:
    return [] if head is None else list(head.named_parameters())
