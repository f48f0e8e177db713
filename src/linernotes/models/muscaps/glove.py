"""Word vectors from a GloVe text file (Pennington et al. 2014): a word and its numbers on every line."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import torch
from torch import nn

from linernotes.models.vocabulary import Vocabulary


def use_glove(words: nn.Embedding, vocabulary: Vocabulary, path: str | Path) -> int:
    """Copy the vectors of the vocabulary's words into `words` and freeze it; returns how many were found.

    Words that the file lacks, and `<sos> <eos> <unk>`, keep their random vectors, frozen as well.

    Raises:
        OSError: the file can't be read.
        ValueError: it is no GloVe file of this width, or has none of the words.
    """
    wanted: dict[str, list[int]] = defaultdict(list)
    for number, word in enumerate(vocabulary.words):
        wanted[word.lower()].append(number)
    found: set[int] = set()
    try:
        with Path(path).open(encoding="utf-8") as file, torch.no_grad():
            for number, line in enumerate(file, 1):
                word, *told = line.rstrip().split(" ")
                if word in wanted and (
                    vector := _vector(told, words.embedding_dim, f"{path}, line {number}")
                ):
                    words.weight[wanted[word]] = torch.tensor(vector)
                    found.update(wanted[word])
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{str(path)!r} is no text in UTF-8: unpack it, and give the GloVe .txt file"
        ) from error
    if not found:
        raise ValueError(f"{str(path)!r} has none of the {len(vocabulary)} words: is it a GloVe text file?")
    words.weight.requires_grad_(False)
    return len(found)


def _vector(told: list[str], width: int, where: str) -> list[float]:
    """The numbers of a line; none where a word of several parts (". . .") only begins like one of ours."""
    try:
        values = [float(value) for value in told]
    except ValueError as error:
        if len(told) > width:
            return []
        raise ValueError(f"{where}: {error}; a GloVe text file has a word and its numbers a line") from error
    if len(values) != width:
        raise ValueError(
            f"{where}: {len(values)} numbers after the word, where model.word_dim is {width}: choose the file of "
            "that width, or set model.word_dim"
        )
    return values
