"""Word vectors from a GloVe text file (Pennington et al. 2014): a word and its numbers on every line."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from linernotes.models.vocabulary import Vocabulary


def use_glove(words: nn.Embedding, vocabulary: Vocabulary, path: str | Path) -> int:
    """Copy the vectors of the vocabulary's words into `words` and freeze it; returns how many were found.

    Words that the file lacks, and `<sos> <eos> <unk>`, keep their random vectors, frozen as well.

    Raises:
        ValueError: the file is no GloVe file of this width, or has none of the words.
    """
    wanted = {word.lower(): number for number, word in enumerate(vocabulary.words)}
    found = 0
    with Path(path).open(encoding="utf-8") as file, torch.no_grad():
        for number, line in enumerate(file, 1):
            word, *values = line.rstrip().split(" ")
            if word not in wanted:
                continue
            if len(values) != words.embedding_dim:
                raise ValueError(
                    f"{str(path)!r}, line {number}: {len(values)} numbers after the word, where model.word_dim "
                    f"is {words.embedding_dim}: choose the file of that width"
                )
            words.weight[wanted[word]] = torch.tensor([float(value) for value in values])
            found += 1
    if not found:
        raise ValueError(f"{str(path)!r} has none of the {len(vocabulary)} words: is it a GloVe text file?")
    words.weight.requires_grad_(False)
    return found
