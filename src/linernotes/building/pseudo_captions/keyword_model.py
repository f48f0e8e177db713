"""Keyword-to-caption (K2C; Wu et al., 2023): a T5 that was trained to turn keywords into a sentence.

It is told the keywords and nothing else, so it often leaves some out or writes of something else: a baseline.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linernotes.building.pseudo_captions import Made, Order, Provenance
from linernotes.building.pseudo_captions.offline import sha256_of
from linernotes.llm import Completion, LanguageModel, Message, RefusedError, Schema
from linernotes.registry import need_extra

EXTRA = "llm"
BEAMS = 5
LONGEST = 64
"""Tokens of a caption."""
SEPARATOR = " "
"""Between keywords: models trained on CommonGen read `guitar play stage`."""
HEAD_BYTES = 2**20


class KeywordModel:
    """A loaded encoder-decoder behind the seam of language models; threads take turns."""

    def __init__(self, network: Any, tokenizer: Any, name: str) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._name = name
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """What was loaded, with a fingerprint of a folder, and how it is decoded."""
        return self._name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = LONGEST,
    ) -> Completion:
        """The sentence for the keywords in the last message, by beam search."""
        with self._lock:
            told = self._tokenizer(messages[-1].content, return_tensors="pt", truncation=True, max_length=512)
            written = self._network.generate(
                input_ids=told["input_ids"],
                attention_mask=told["attention_mask"],
                max_new_tokens=max_tokens,
                num_beams=BEAMS,
                do_sample=False,
            )[0]
        text = " ".join(str(self._tokenizer.decode(written, skip_special_tokens=True)).split())
        if not text:
            raise RefusedError("the model wrote nothing for these keywords")
        return Completion(text, self._name, None, int(told["input_ids"].shape[1]), len(written))


@dataclass(frozen=True, slots=True)
class FromKeywords:
    """Makes captions by a `KeywordModel`."""

    model: LanguageModel

    def __call__(self, order: Order) -> Made:
        """The caption, beginning with a capital and ending with a full stop."""
        told = SEPARATOR.join(order.tags)
        answer = self.model.complete([Message("user", told)], max_tokens=LONGEST)
        text = answer.text[0].upper() + answer.text[1:]
        source = Provenance(
            self.model.name,
            answer.model,
            sha256_of(told),
            answer.written or datetime.now(UTC).isoformat(timespec="seconds"),
            answer.tokens_in,
            answer.tokens_out,
        )
        return Made(text if text[-1] in ".!?" else text + ".", source, from_cache=answer.from_cache)


def load_keyword_model(where: str) -> KeywordModel:
    """Load a folder, or `name` or `name@revision` of the model hub; safetensors only, no remote code.

    Raises:
        ValueError: it holds no encoder-decoder that transformers can load.
        FileNotFoundError: there is no such folder.
        MissingExtraError: torch or transformers is not installed.
    """
    if not where:
        raise ValueError("t5: needs the folder or the name of a T5 checkpoint after it")
    folder = Path(where).expanduser()
    if not folder.is_dir() and (where.startswith((".", "/", "~")) or where.count("/") > 1):
        raise FileNotFoundError(f"there is no folder {where} with a T5 checkpoint")
    transformers = need_extra("transformers", EXTRA)
    need_extra("torch", EXTRA)
    safetensors = need_extra("safetensors", EXTRA)
    source, _, revision = (str(folder), "", "") if folder.is_dir() else where.partition("@")
    what = {"local_files_only": folder.is_dir(), "trust_remote_code": False, "revision": revision or None}
    shows_bars = transformers.logging.is_progress_bar_enabled()
    transformers.logging.disable_progress_bar()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **what)
        network = transformers.AutoModelForSeq2SeqLM.from_pretrained(source, use_safetensors=True, **what)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, safetensors.SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(f"{where} holds no T5 checkpoint that transformers can load: {reason}") from error
    finally:
        if shows_bars:
            transformers.logging.enable_progress_bar()
    mark = _fingerprint(folder) if folder.is_dir() else revision or "main"
    return KeywordModel(network.eval(), tokenizer, f"{folder.name or where} ({mark}), {BEAMS} beams")


def _fingerprint(folder: Path) -> str:
    """Of names, sizes and first megabytes, as `llm.local` does."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(HEAD_BYTES))
    return digest.hexdigest()[:12]
