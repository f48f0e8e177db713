"""Stage 1, CRESCENDO (S2Cap, section 4.1): audio states that look like the paired text encoder's.

The paper says L = -cos(sg(text), pool(audio)); docs/models/s2cap.md tells what was open and what is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from linernotes.encoders.audio_encoder import AudioEmbeddings


class PairedTextEncoder:
    """The text encoder that a decoder was pre-trained with, as a target.

    It is no part of the model that learns: no gradient reaches it, no optimizer sees it, no checkpoint holds it.
    """

    def __init__(self, network: Any) -> None:
        self.network = network.eval()
        self.width = int(network.config.hidden_size)

    @torch.no_grad()
    def __call__(self, texts: Sequence[Sequence[int]], device: torch.device) -> AudioEmbeddings:
        """States (batch, tokens, width) of token ids; the mask is True at real tokens."""
        network = self.network.to(device)
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(list(row)) for row in texts], batch_first=True)
        real = torch.arange(ids.shape[1]) < torch.tensor([len(row) for row in texts])[:, None]
        ids, real = ids.to(device), real.to(device)
        return AudioEmbeddings(network(input_ids=ids, attention_mask=real).last_hidden_state, real)


def crescendo_loss(text: AudioEmbeddings, audio: AudioEmbeddings) -> Tensor:
    """Minus the mean cosine of text states and audio states over all real tokens of the batch, in -1..1.

    The audio of each clip is pooled to as many rows as its text has tokens; the text is a constant.
    """
    return -token_cosines(text, audio)[text.mask].mean()


def token_cosines(text: AudioEmbeddings, audio: AudioEmbeddings) -> Tensor:
    """Cosine of each text state, a constant, with the audio pooled to that text's length, (batch, tokens)."""
    pooled = pool_to_lengths(audio, text.mask.sum(1), text.mask.shape[1])
    return functional.cosine_similarity(pooled.float(), text.states.detach().float(), dim=-1)


def pool_to_lengths(audio: AudioEmbeddings, lengths: Tensor, longest: int) -> Tensor:
    """The real rows of each clip averaged to `lengths (batch,)` rows, (batch, longest, dim), zeros behind them.

    Row i of n is the mean of rows floor(i F / n) to ceil((i + 1) F / n) of F: neighbours may share one, and none
    is empty where the audio is the shorter.
    """
    frames, wanted = audio.mask.sum(1)[:, None], lengths.to(audio.mask.device)[:, None].clamp(min=1)
    rows = torch.arange(longest, device=audio.mask.device)
    starts = rows * frames // wanted
    ends = ((rows + 1) * frames + wanted - 1) // wanted
    places = torch.arange(audio.mask.shape[1], device=audio.mask.device)
    inside = (places >= starts[..., None]) & (places < ends[..., None]) & audio.mask[:, None]
    inside = inside & (rows < wanted)[..., None]
    weights = inside.float()  # in 16 bits rows could not be counted
    states = audio.states.float().masked_fill(~audio.mask[..., None], 0.0)  # not even infinities
    return weights @ states / weights.sum(-1, keepdim=True).clamp(min=1.0)
