"""CIDEr-D (Vedantam et al., 2015): tf-idf weighted n-gram agreement with clipping and a length penalty."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linernotes.metrics.ngrams import MAX_N, Integers, Ngrams, TokenTable, count_ngrams, tabulate
from linernotes.metrics.ptb_tokens import ptb_words
from linernotes.metrics.score import Captions, References, Score, mean_score, paired

SIGMA = 6.0
SCALE = 10.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DocumentFrequencies:
    """In how many clips' references an n-gram stands."""

    clips: int
    frequencies: Mapping[str, int]  # n-grams with spaces between their tokens


def cider_d(
    candidates: Captions, references: References, *, document_frequencies: DocumentFrequencies | None = None
) -> Score:
    """CIDEr-D in 0..10, the mean over clips, as pycocoevalcap 1.2 computes it (profile `coco`).

    The weight of an n-gram is log(clips / clips whose references have it). The clips are those given, or those
    behind `document_frequencies`. Of one clip alone every weight is log(1/1), so its score is 0: score a few clips
    with the saved frequencies of a corpus.
    """
    pairs = paired(candidates, references)
    table = tabulate(
        (ptb_words(text) for _, text, _ in pairs),
        (map(ptb_words, refs) for _, _, refs in pairs),
    )
    clips = document_frequencies.clips if document_frequencies else len(pairs)
    penalty = _length_penalty(table)
    total = np.zeros(len(pairs))
    for grams in count_ngrams(table):
        known = _looked_up(grams, table, document_frequencies) if document_frequencies else _counted(grams)
        total += _similarity(grams, np.log(clips) - np.log(np.maximum(1, known)), penalty)
    counts = (table.lengths[1] >= 0).sum(axis=1)
    values = SCALE * total / MAX_N / counts
    return mean_score([clip_id for clip_id, _, _ in pairs], values.tolist())


def document_frequencies_of(references: References) -> DocumentFrequencies:
    """Count the document frequencies of a corpus of references."""
    table = tabulate([()] * len(references), (map(ptb_words, refs) for refs in references.values()))
    frequencies: dict[str, int] = {}
    for grams in count_ngrams(table):
        _, rows = np.unique(grams.identity, return_index=True)
        numbers = _counted(grams)[rows].tolist()
        frequencies.update(zip(_texts(grams, table, rows), numbers, strict=True))
    return DocumentFrequencies(len(references), frequencies)


def save_document_frequencies(references: References, path: Path) -> None:
    """Write the document frequencies of `references` as JSON, whole or not at all."""
    counted = document_frequencies_of(references)
    content = {"tokenizer": "ptb", "clips": counted.clips, "frequencies": counted.frequencies}
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}", delete=False
    ) as file:
        json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
    os.replace(file.name, path)


def load_document_frequencies(path: Path) -> DocumentFrequencies:
    """What `save_document_frequencies` wrote.

    Raises:
        ValueError: the file is something else.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        kept = DocumentFrequencies(int(content["clips"]), dict(content["frequencies"]))
        if kept.clips < 1:
            raise ValueError("no clips")
        return kept
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: not a file of document frequencies (JSON with 'clips' and 'frequencies')"
        ) from error


def _counted(grams: Ngrams) -> Integers:
    """(rows,) clips whose references have the row's n-gram."""
    present = (grams.counts[:, 1:] > 0).any(axis=1)
    clips: Integers = np.bincount(grams.identity, weights=present)[grams.identity].astype(np.int64)
    return clips


def _looked_up(grams: Ngrams, table: TokenTable, given: DocumentFrequencies) -> Integers:
    _, rows, inverse = np.unique(grams.identity, return_index=True, return_inverse=True)
    known = [given.frequencies.get(text, 0) for text in _texts(grams, table, rows)]
    return np.array(known, np.int64)[inverse]


def _texts(grams: Ngrams, table: TokenTable, rows: Integers) -> list[str]:
    columns = table.tokens[grams.start[rows][:, None] + np.arange(grams.order)].tolist()
    return [" ".join([table.words[number] for number in row]) for row in columns]


def _similarity(grams: Ngrams, weight: Floats, penalty: Floats) -> Floats:
    """(clips,) sum over references of the clipped cosine times the length penalty."""
    clips = len(penalty)
    candidate = grams.counts[:, 0] * weight
    candidate_norm = np.sqrt(np.bincount(grams.clip, candidate**2, minlength=clips))
    total = np.zeros(clips)
    for part in range(1, grams.counts.shape[1]):
        reference = grams.counts[:, part] * weight
        norms = candidate_norm * np.sqrt(np.bincount(grams.clip, reference**2, minlength=clips))
        product = np.bincount(grams.clip, np.minimum(candidate, reference) * reference, minlength=clips)
        total += penalty[:, part - 1] * np.divide(product, norms, out=np.zeros(clips), where=norms > 0)
    return total


def _length_penalty(table: TokenTable) -> Floats:
    """(clips, most references) Gaussian of the difference in bigrams, which is what the reference code counts."""
    bigrams = [np.maximum(0, lengths - 1) for lengths in table.lengths]
    penalty: Floats = np.exp(-((bigrams[0][:, None] - bigrams[1]) ** 2) / (2 * SIGMA**2))
    return penalty
