"""Fluency: error rate (FER), and the scores that it penalizes, FENSE (Zhou et al., 2022) and SPIDEr-FL.

The error detector is a BERT with a linear layer on its first token: one output for each kind of error and, last,
one for any error. Published detectors are files of PyTorch, `{"model_type", "num_classes", "state_dict"}`, whose
weights are named `encoder.*` and `clf.*`. A local folder holds such a file (`*.ckpt`), and beside it the
`config.json` and the tokenizer of its `model_type`; nothing else is needed, and nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import Captions, Score, mean_score
from linernotes.metrics.text_models import EXTRA, TextModel, best_device, loading
from linernotes.registry import need_extra

THRESHOLD = 0.9
"""A caption has an error if the detector gives more than this."""

PENALTY = 0.9
"""Share of its score that a caption with an error loses."""

MAX_TOKENS = 64
BATCH = 32

PUBLISHED = {
    "echecker_clotho_audiocaps_base.ckpt": "1a719f090af70614bbdb9f9437530b7e133c48cfa4a58d964de0d47fc974a2fa",
    "echecker_clotho_audiocaps_tiny.ckpt": "90ed0ac5033ec497ec66d4f68588053813e085671136dae312097c96c504f673",
}
"""The detectors that FENSE's authors released (github.com/blmoistawinde/fense, V0.1), with their sha256."""

_NOT_A_WORD = re.compile(r"[^\w\s]")
_CHECKPOINT_KEYS = ("model_type", "num_classes", "state_dict")


@dataclass(frozen=True, slots=True)
class ErrorDetector:
    """A network that gives logits (texts, kinds of errors), with its tokenizer and the device it is on."""

    label: str
    tokenizer: Any
    encoder: Any
    classifier: Any
    device: str


def fluency_error_rate(candidates: Captions, *, folder: Path | str | None) -> Score:
    """Share of captions with an error in their grammar, in 0..1, lower is better; it reads no references.

    Args:
        folder: with the detector, see above.

    Raises:
        MissingMetricError: there is no folder, or it lacks a file; the message names it.
    """
    if folder is None:
        raise MissingMetricError(
            "fluency errors need a folder with a detector, FENSE's echecker_clotho_audiocaps_base.ckpt, and "
            "beside it config.json and the tokenizer of the BERT it names"
        )
    detector = load_error_detector(Path(folder))
    texts = list(candidates.values())
    errors = [
        error
        for start in range(0, len(texts), BATCH)
        for error in _errors(texts[start : start + BATCH], detector)
    ]
    return mean_score(list(candidates), errors)


def penalized(score: Score, errors: Score) -> Score:
    """Mean over clips of `score`, less nine tenths where the caption has an error.

    Of sentence similarity this is FENSE, of SPIDEr it is SPIDEr-FL.

    Raises:
        ValueError: the scores are not of the same clips.
    """
    if set(score.clip_ids) != set(errors.clip_ids):
        raise ValueError("the score and the fluency errors must be of the same clips")
    wrong = errors.per_clip
    values = [value * (1 - PENALTY * wrong[clip_id]) for clip_id, value in score.per_clip.items()]
    return mean_score(list(score.clip_ids), values)


def _errors(texts: Sequence[str], detector: ErrorDetector) -> list[float]:
    """1 for each text with an error."""
    torch = need_extra("torch", EXTRA)
    words = [_NOT_A_WORD.sub("", text).lower() for text in texts]
    batch = detector.tokenizer(
        words, truncation=True, padding=True, max_length=MAX_TOKENS, return_tensors="pt"
    ).to(detector.device)
    with torch.inference_mode():
        first = detector.encoder(**batch).last_hidden_state[:, 0, :]
        any_error = torch.sigmoid(detector.classifier(first)[:, -1])
    wrong: list[float] = (any_error > THRESHOLD).double().tolist()
    return wrong


@lru_cache(maxsize=1)
def load_error_detector(folder: Path) -> ErrorDetector:
    """The detector of a local folder.

    Raises:
        MissingMetricError: a file is absent, or is not what was published under its name.
        MissingExtraError: transformers or torch is not installed.
    """
    path = _checkpoint_file(folder)
    torch, transformers = need_extra("torch", EXTRA), need_extra("transformers", EXTRA)
    with loading(TextModel(path.name, str(folder), None, is_folder=True)):
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    weights = _weights(path)
    encoder = transformers.AutoModel.from_config(config)
    classifier = torch.nn.Linear(config.hidden_size, len(weights["clf.bias"]))
    device = best_device()
    _fill(encoder, "encoder.", weights, path)
    _fill(classifier, "clf.", weights, path)
    return ErrorDetector(
        path.stem, tokenizer, encoder.eval().to(device), classifier.eval().to(device), device
    )


def _checkpoint_file(folder: Path) -> Path:
    found = sorted(folder.glob("*.ckpt"))
    if len(found) != 1:
        raise MissingMetricError(f"{folder} must hold one detector, a *.ckpt file; it has {len(found)}")
    if not (folder / "config.json").is_file():
        raise MissingMetricError(
            f"{folder} lacks config.json and the tokenizer of the BERT that {found[0].name} names"
        )
    expected = PUBLISHED.get(found[0].name)
    if expected and _sha256(found[0]) != expected:
        raise MissingMetricError(f"{found[0]} is not the published file: download it again")
    return found[0]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _weights(path: Path) -> dict[str, Any]:
    """The tensors by name; nothing of the file is run."""
    torch = need_extra("torch", EXTRA)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        weights: dict[str, Any] = content["state_dict"]
        _ = weights["clf.bias"]
    except (OSError, RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise MissingMetricError(
            f"{path} is not a detector as FENSE publishes them, with {', '.join(_CHECKPOINT_KEYS)}"
        ) from error
    return weights


def _fill(module: Any, prefix: str, weights: dict[str, Any], path: Path) -> None:
    """Load the weights below `prefix`; positions, which older versions of transformers saved, are not weights."""
    own = {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(prefix) and not name.endswith("position_ids")
    }
    try:
        module.load_state_dict(own)
    except RuntimeError as error:
        raise MissingMetricError(f"the weights of {path} do not fit the config.json beside it") from error
