"""BERTScore (Zhang et al., 2020): each token meets its most similar token of the other text, in a BERT's space.

Without idf weights and without rescaling, as the package bert_score does by default and as published music
captioning scores were made. Written here because that package, with transformers 5, fails on an empty caption and
no longer puts the blank before RoBERTa's first word with which all published scores were made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import Captions, References, Score, mean_score, paired
from linernotes.metrics.text_models import EXTRA, OFFLINE_MODEL, Encoder, find_text_model, load_encoder
from linernotes.registry import need_extra

Part = Literal["precision", "recall", "f1"]

PUBLISHED_MODEL = "roberta-large"

LAYERS = {
    "roberta-large": 17,
    "roberta-base": 10,
    "bert-base-uncased": 9,
    "bert-large-uncased": 18,
    "distilroberta-base": 5,
    "distilbert-base-uncased": 5,
    OFFLINE_MODEL: 5,
}
"""The layer whose states are compared: the authors' choice by correlation with people (WMT16), and for the
MiniLM, which they did not try, the last but one."""

_BYTE_PAIR_TOKENIZERS = ("Roberta", "GPT2")


def bert_score(
    candidates: Captions,
    references: References,
    *,
    model: str | Path = PUBLISHED_MODEL,
    num_layers: int | None = None,
    part: Part = "f1",
    batch_size: int = 32,
) -> Score:
    """Mean over clips of the best reference's `part`; 1 for equal texts, 0 for an empty one.

    Args:
        model: a name on the model hub, the packaged MiniLM, or a folder.
        num_layers: which layer's states; known for the models of `LAYERS`, also as folders of that name.
        part: `f1`, or `recall`, which profile `sonicverse2025` reports.
        batch_size: clips at once.

    Raises:
        MissingMetricError: the model can't be loaded, or has no such layer, or its layer is not known.
    """
    found = find_text_model(model)
    layer = num_layers or LAYERS.get(found.label)
    if layer is None:
        raise MissingMetricError(
            f"BERTScore does not know which layer of {found.label} to compare: give its number, --bert-layer"
        )
    encoder = load_encoder(found, layer)
    pairs = paired(candidates, references)
    longest = [max(len(text) for text in (candidate, *refs)) for _, candidate, refs in pairs]
    order = sorted(range(len(pairs)), key=longest.__getitem__)  # a batch is padded to its longest text
    values = np.zeros(len(pairs))
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        values[places] = list(_scores([pairs[place] for place in places], encoder, part))
    return mean_score([clip_id for clip_id, _, _ in pairs], values.tolist())


class _Text:
    """States of a text's tokens, of length 1, and which of them count."""

    __slots__ = ("counted", "states")

    def __init__(self, states: NDArray[np.float32], counted: NDArray[np.bool_]) -> None:
        self.states, self.counted = states, counted


def _scores(pairs: Sequence[tuple[str, str, Sequence[str]]], encoder: Encoder, part: Part) -> Iterator[float]:
    texts = list(dict.fromkeys(text for _, candidate, refs in pairs for text in (candidate, *refs)))
    encoded = dict(zip(texts, _encode(texts, encoder), strict=True))
    for _, candidate, refs in pairs:
        yield max(_match(encoded[candidate], encoded[ref], part) for ref in refs)


def _match(candidate: _Text, reference: _Text, part: Part) -> float:
    """Equations 1 to 3 of the paper; the tokens that begin and end a text may be met but don't count."""
    if not candidate.counted.any() or not reference.counted.any():
        return 0.0
    similarity = candidate.states @ reference.states.T
    precision = float(similarity.max(axis=1)[candidate.counted].mean())
    recall = float(similarity.max(axis=0)[reference.counted].mean())
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}[part]


def _encode(texts: Sequence[str], encoder: Encoder) -> Iterator[_Text]:
    torch = need_extra("torch", EXTRA)
    tokenizer = encoder.tokenizer
    # Byte-pair vocabularies tell a word at the start of a text from one after a blank.
    blank = " " if type(tokenizer).__name__.startswith(_BYTE_PAIR_TOKENIZERS) else ""
    batch = tokenizer(
        [blank + text.strip() if text.strip() else "" for text in texts],
        truncation=True, max_length=encoder.max_tokens, padding=True, return_tensors="pt",
    )  # fmt: skip
    ids, mask = batch["input_ids"], batch["attention_mask"]
    with torch.inference_mode():
        done = encoder.network(ids.to(encoder.device), attention_mask=mask.to(encoder.device))
        states = torch.nn.functional.normalize(done.last_hidden_state, dim=-1).float().cpu().numpy()
    ids, mask = ids.numpy(), mask.numpy().astype(bool)
    ends = [tokenizer.cls_token_id, tokenizer.sep_token_id]
    for row, kept in enumerate(mask):
        yield _Text(states[row, kept], ~np.isin(ids[row, kept], ends))
