"""Sentence similarity: cosine of the embeddings of candidate and references (Reimers and Gurevych, 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linernotes.metrics.score import Captions, References, Score, mean_score, paired
from linernotes.metrics.text_models import OFFLINE_MODEL, find_text_model, load_sentence_encoder

PUBLISHED_MODEL = "sentence-transformers/paraphrase-TinyBERT-L6-v2"
"""What FENSE and so profile `dcase` embed with; on the model hub."""

BATCH = 32


def sentence_similarity(
    candidates: Captions, references: References, *, model: str | Path = OFFLINE_MODEL, best: bool = False
) -> Score:
    """Mean over clips of the cosine with the references: their mean, as FENSE takes it, or with `best` the best.

    Args:
        model: a sentence-transformers model: a name on the model hub, the packaged MiniLM, or a folder.

    Raises:
        MissingMetricError: the model can't be loaded.
    """
    pairs = paired(candidates, references)
    texts = list(dict.fromkeys(text for _, candidate, refs in pairs for text in (candidate, *refs)))
    embeddings = dict(zip(texts, embed_sentences(texts, model=model), strict=True))
    over_references = np.max if best else np.mean
    values = [
        float(over_references([embeddings[candidate] @ embeddings[ref] for ref in refs]))
        for _, candidate, refs in pairs
    ]
    return mean_score([clip_id for clip_id, _, _ in pairs], values)


def sentence_similarity_label(model: str | Path = OFFLINE_MODEL) -> str:
    """The metric's name in a report, with the model, without which the number means nothing."""
    return f"sentence similarity ({find_text_model(model).label})"


def embed_sentences(texts: Sequence[str], *, model: str | Path = OFFLINE_MODEL) -> NDArray[np.float32]:
    """Embeddings (texts, dim) of length 1.

    Raises:
        MissingMetricError: the model can't be loaded.
    """
    encoder = load_sentence_encoder(find_text_model(model))
    embeddings: NDArray[np.float32] = encoder.encode(
        list(texts),
        batch_size=BATCH,
        normalize_embeddings=True,
        convert_to_numpy=True,
        show_progress_bar=False,
    )
    return embeddings
