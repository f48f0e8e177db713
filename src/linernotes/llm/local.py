"""A chat model of transformers from a folder on this machine, also a GGUF file; nothing is downloaded."""

from __future__ import annotations

import hashlib
import importlib
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from linernotes.llm import Completion, LanguageModelError, Message, RefusedError, Schema, TruncatedError
from linernotes.llm.json_answers import parse_answer
from linernotes.registry import need_extra

EXTRA = "llm"
BROKEN = (OSError, ValueError, KeyError, RuntimeError, struct.error, IndexError)
"""What transformers raises on a folder that is no model; the last two on a GGUF file that was cut off."""
HEAD_BYTES = 2**20


class Local:
    """A loaded model. Threads take turns: one request at a time keeps the processor busy anyway.

    JSON is asked for by the prompt alone and checked on arrival; the weights are not constrained to it.
    `prompt` makes the network's inputs of messages; without it they are words, by the tokenizer's template.
    """

    def __init__(
        self,
        network: Any,
        tokenizer: Any,
        name: str,
        prompt: Callable[[Sequence[Message]], Any] | None = None,
    ) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._name = name
        self._prompt = prompt or self._prompt_of_words
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The folder's name and a fingerprint of what is in it."""
        return self._name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = 512,
    ) -> Completion:
        """Greedy at temperature 0, else sampled; `temperature=None` is what the model's own settings say."""
        with self._lock:
            prompt = self._prompt(messages)
            length = int(prompt["input_ids"].shape[1])
            self._refuse_too_long(length, max_tokens)
            written = self._network.generate(**prompt, **self._manner(temperature, max_tokens))[0, length:]
        try:
            text, data = self._read(written, schema)
        except LanguageModelError as error:
            error.tokens_in, error.tokens_out = length, len(written)
            raise
        return Completion(text, self._name, data, length, len(written))

    def _read(self, written: Any, schema: Schema | None) -> tuple[str, Any]:
        if not len(written) or int(written[-1]) not in self._ends():
            raise TruncatedError(f"the answer was cut off at {len(written)} tokens")
        text = str(self._tokenizer.decode(written, skip_special_tokens=True)).strip()
        return text, None if schema is None else parse_answer(text, schema)

    def _prompt_of_words(self, messages: Sequence[Message]) -> Any:
        if any(message.sounds for message in messages):
            raise RefusedError("this model reads words and can't hear")
        turns = [{"role": message.role, "content": message.content} for message in messages]
        return self._tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )

    def _manner(self, temperature: float | None, max_tokens: int) -> dict[str, Any]:
        manner: dict[str, Any] = {"max_new_tokens": max_tokens, "pad_token_id": min(self._ends())}
        if temperature is None:
            return manner
        if temperature == 0:
            return {**manner, "do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        return {**manner, "do_sample": True, "temperature": temperature}

    def _ends(self) -> set[int]:
        ends = self._network.generation_config.eos_token_id
        found = set(ends) if isinstance(ends, list) else {ends}
        return {int(end) for end in (*found, self._tokenizer.eos_token_id) if end is not None}

    def _refuse_too_long(self, length: int, max_tokens: int) -> None:
        most = getattr(self._network.config, "max_position_embeddings", None)
        if most is not None and length + max_tokens > most:
            raise RefusedError(
                f"{length} tokens of prompt and {max_tokens} of answer are over the model's {most}"
            )


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A causal language model of transformers in evaluation mode, as it stands on disk."""

    network: Any
    tokenizer: Any
    name: str
    """The folder's or file's name."""
    fingerprint: str
    """Tells it apart from other models of that name."""


def load_local(path: Path) -> Local:
    """Load a folder (safetensors or one GGUF file in it) or a GGUF file.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        ValueError: it holds no model, several GGUF files, or one without a chat template.
        MissingExtraError: transformers, or gguf for a GGUF file, is not installed.
    """
    loaded = load_network(path)
    if not loaded.tokenizer.chat_template:
        raise ValueError(f"{path} has no chat template: an instruction-tuned model is needed")
    return Local(loaded.network, loaded.tokenizer, f"{loaded.name} ({loaded.fingerprint})")


def load_network(path: Path) -> LoadedNetwork:
    """The network and tokenizer of a folder or a GGUF file; errors are those of `load_local`."""
    folder, gguf = _find(path)
    transformers = need_extra("transformers", EXTRA)
    need_extra("torch", EXTRA)
    safetensors = need_extra("safetensors", EXTRA)
    if gguf is not None:
        need_extra("gguf", EXTRA)
    what: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    if gguf is not None:
        what["gguf_file"] = gguf.name
    else:
        what["use_safetensors"] = True
    try:
        with without_bars(transformers):
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **what)
            network = transformers.AutoModelForCausalLM.from_pretrained(folder, **what).eval()
    except (*BROKEN, safetensors.SafetensorError) as error:
        raise ValueError(f"{path} holds no model that transformers can load: {_reason(error)}") from error
    return LoadedNetwork(network, tokenizer, (gguf or folder).name, _fingerprint(folder, gguf))


def _reason(error: Exception) -> str:
    """What transformers says, without its list of all the models that it knows."""
    if isinstance(error, struct.error | IndexError):
        return f"it was cut off or damaged ({error})"
    return " ".join(str(error).split()).partition(" Model type should be one of ")[0]


@contextmanager
def without_bars(transformers: Any) -> Iterator[None]:
    """No progress bars of transformers: they would stand beside our own.

    The one that reads a GGUF file does not ask transformers' settings, so it is switched off where it is made.
    """
    shows_bars = transformers.logging.is_progress_bar_enabled()
    transformers.logging.disable_progress_bar()
    gguf = importlib.import_module("transformers.modeling_gguf_pytorch_utils")
    bar = getattr(gguf, "tqdm", None)
    if bar is not None:
        gguf.tqdm = partial(bar, disable=True)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if shows_bars:
            transformers.logging.enable_progress_bar()
        if bar is not None:
            gguf.tqdm = bar  # type: ignore[attr-defined]


def _find(path: Path) -> tuple[Path, Path | None]:
    if path.is_file() and path.suffix == ".gguf":
        return path.parent, path
    if not path.is_dir():
        raise FileNotFoundError(f"no folder or GGUF file at {path}")
    if (path / "config.json").exists():
        return path, None
    ggufs = sorted(path.glob("*.gguf"))
    if len(ggufs) != 1:
        raise ValueError(f"{path} holds no config.json and {len(ggufs)} GGUF files; one of them is needed")
    return path, ggufs[0]


def width_of(path: Path) -> int:
    """Width of one token's embedding, without loading weights; errors are those of `load_local`."""
    folder, gguf = _find(path)
    transformers = need_extra("transformers", EXTRA)
    what = {} if gguf is None else {"gguf_file": gguf.name}
    try:
        config = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **what
        )
        return int(config.get_text_config().hidden_size)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} holds no model that transformers can load: {error}") from error


def fingerprint_of(path: Path) -> str:
    """What `load_network` would call the model at `path`; errors are those of `load_local`."""
    return _fingerprint(*_find(path))


def _fingerprint(folder: Path, gguf: Path | None) -> str:
    """Of names, sizes and first megabytes: tells models apart in cache keys without reading gigabytes."""
    digest = hashlib.sha256()
    for path in [gguf] if gguf else sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(HEAD_BYTES))
    return digest.hexdigest()[:12]
