"""A model that hears, from a folder on this machine: Qwen2-Audio in the layout of transformers; no remote code."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.llm import Message, RefusedError, Sound
from linernotes.llm.local import EXTRA, Local, fingerprint_of, without_bars
from linernotes.registry import need_extra

MODEL_TYPE = "qwen2_audio"


def load_local_audio(folder: Path) -> Local:
    """Load a folder; on a GPU where there is one.

    Raises:
        FileNotFoundError: there is no folder.
        ValueError: it holds no Qwen2-Audio that transformers can load.
        MissingExtraError: transformers is not installed.
    """
    transformers, torch = need_extra("transformers", EXTRA), need_extra("torch", EXTRA)
    safetensors = need_extra("safetensors", EXTRA)
    _refuse_others(folder)
    what: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with without_bars(transformers):
            processor = transformers.AutoProcessor.from_pretrained(folder, **what)
            network = transformers.Qwen2AudioForConditionalGeneration.from_pretrained(
                folder, use_safetensors=True, **what
            ).eval()
    except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
        raise ValueError(f"{folder} holds no model that transformers can load: {error}") from error
    network.to("cuda" if torch.cuda.is_available() else "cpu")

    def prompt(messages: Sequence[Message]) -> Any:
        return _inputs(processor, messages).to(network.device)

    return Local(network, processor.tokenizer, f"{folder.name} ({fingerprint_of(folder)})", prompt)


def _refuse_others(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder at {folder}")
    try:
        kind = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{folder} holds no config.json of a model") from error
    if kind != MODEL_TYPE:
        raise ValueError(f"{folder} holds a model of type {kind!r}; one that hears is {MODEL_TYPE!r}")


def _inputs(processor: Any, messages: Sequence[Message]) -> Any:
    """The network's inputs: words by the processor's own template, sounds at its own rate."""
    turns = [{"role": message.role, "content": _parts_of(message)} for message in messages]
    text = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    rate = int(processor.feature_extractor.sampling_rate)
    sounds = [_samples(sound, rate) for message in messages for sound in message.sounds]
    if not sounds:
        return processor(text=text, return_tensors="pt")
    return processor(text=text, audio=sounds, sampling_rate=rate, return_tensors="pt")


def _parts_of(message: Message) -> str | list[dict[str, str]]:
    if not message.sounds:
        return message.content
    return [*({"type": "audio"} for _ in message.sounds), {"type": "text", "text": message.content}]


def _samples(sound: Sound, rate: int) -> NDArray[np.float32]:
    """Mono samples (samples,) at `rate`.

    Raises:
        RefusedError: it is no sound that can be read.
    """
    try:
        samples, given = soundfile.read(
            io.BytesIO(base64.b64decode(sound.data)), dtype="float32", always_2d=True
        )
    except (ValueError, soundfile.LibsndfileError) as error:
        raise RefusedError(f"a sound of the request can't be read: {error}") from error
    return Audio(samples.mean(axis=1), given).at_rate(rate)
