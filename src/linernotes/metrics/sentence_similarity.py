"""Sentence similarity: cosine of the embeddings of candidate and references (Reimers and Gurevych, 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linernotes.metrics.score import Captions, References, Score, mean_score, paired
from linernotes.metrics.text_models import OFFLINE_MODEL, find_text_model, load_sentence_encoder

PUBLISHED_MODEL = "sentence-transformers/paraphrase-TinyBERT-L6-v2"
"""What FENSE and so profile `dcase` embed with; on the model hub."""

BATCH = 32

Embeddings = Mapping[str, NDArray[np.float32]]
"""Text -> (dim,) of length 1."""


def sentence_similarity(
    candidates: Captions, references: References, *, model: str | Path = OFFLINE_MODEL, best: bool = False
) -> Score:
    """Mean over clips of the cosine with the references: their mean, as FENSE takes it, or with `best` the best.

    Args:
        model: a sentence-transformers model: a name on the model hub, the packaged MiniLM, or a folder.

    Raises:
        MissingMetricError: the model can't be loaded.
    """
    embeddings = embed_captions([candidates], references, model=model)
    return similarity_in(embeddings, candidates, references, best=best)


def similarity_in(
    embeddings: Embeddings, candidates: Captions, references: References, *, best: bool = False
) -> Score:
    """The same by the embeddings of `embed_captions`."""
    pairs = paired(candidates, references)
    over_references = np.max if best else np.mean
    values = [
        float(over_references([embeddings[candidate] @ embeddings[ref] for ref in refs]))
        for _, candidate, refs in pairs
    ]
    return mean_score([clip_id for clip_id, _, _ in pairs], values)


def embed_captions(
    systems: Sequence[Captions], references: References, *, model: str | Path = OFFLINE_MODEL
) -> Embeddings:
    """Embeddings by text of several systems' captions and of the references; no text is embedded twice.

    Raises:
        MissingMetricError: the model can't be loaded.
    """
    said = (text for candidates in systems for text in candidates.values())
    texts = list(dict.fromkeys(chain(said, *references.values())))
    return dict(zip(texts, embed_sentences(texts, model=model), strict=True))


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
