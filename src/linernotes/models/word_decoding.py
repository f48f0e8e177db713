"""What all captioners over a word vocabulary share: targets, losses and likelihoods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from linernotes.models.vocabulary import Vocabulary
from linernotes.models.word_search import writable


@dataclass(frozen=True, slots=True)
class Targets:
    """Captions as a network reads and predicts them, padded to one batch."""

    inputs: Tensor  # (batch, time), <sos> first
    outputs: Tensor  # (batch, time), <eos> last


def targets_of(
    captions: Sequence[str], vocabulary: Vocabulary, max_words: int, device: torch.device
) -> Targets:
    """Token ids of captions, each cut after `max_words` words.

    Raises:
        ValueError: a caption has no words.
    """
    rows = [torch.tensor(vocabulary.encode(caption)[:max_words], dtype=torch.long) for caption in captions]
    empty = [caption for caption, row in zip(captions, rows, strict=True) if not len(row)]
    if empty:
        raise ValueError(f"the caption {empty[0]!r} has no words")
    sos, eos = torch.tensor([vocabulary.sos_id]), torch.tensor([vocabulary.eos_id])
    inputs = torch.nn.utils.rnn.pad_sequence([torch.cat([sos, row]) for row in rows], batch_first=True)
    outputs = torch.nn.utils.rnn.pad_sequence([torch.cat([row, eos]) for row in rows], batch_first=True)
    return Targets(inputs.to(device), outputs.to(device))


def mean_cross_entropy(logits: Tensor, outputs: Tensor) -> Tensor:
    """Mean over the real tokens, in nats; logits (batch, time, vocabulary), outputs (batch, time)."""
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), outputs.flatten(), ignore_index=Vocabulary.pad_id
    )


def log_likelihoods(logits: Tensor, outputs: Tensor) -> Tensor:
    """log P of each caption: the sum over its real tokens, (batch,)."""
    log_probs = torch.log_softmax(logits.float(), dim=-1)
    chosen = log_probs.gather(-1, outputs[..., None])[..., 0]
    return (chosen * (outputs != Vocabulary.pad_id)).sum(-1)


def next_word_log_probs(logits: Tensor) -> np.ndarray:
    """Log-probabilities (beams, vocabulary) for the search, which never writes `<pad>` or `<sos>`."""
    return writable(torch.log_softmax(logits.float(), dim=-1).cpu().numpy())
