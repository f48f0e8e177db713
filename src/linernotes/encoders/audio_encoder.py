"""The seam between recordings and networks: waveforms in, a masked sequence of embeddings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from linernotes.encoders.frontends import chunk_indices


@dataclass(frozen=True, slots=True)
class AudioEmbeddings:
    """What an encoder heard of each clip of a batch, and which rows are real."""

    states: Tensor  # (batch, frames, dim)
    mask: Tensor  # (batch, frames), True at real frames

    @staticmethod
    def of_clips(clips: Sequence[Tensor]) -> AudioEmbeddings:
        """Clips of different lengths, each (frames, dim), padded with zeros to one batch."""
        states = torch.nn.utils.rnn.pad_sequence(list(clips), batch_first=True)
        frames = torch.tensor([len(clip) for clip in clips], device=states.device)
        return AudioEmbeddings(states, torch.arange(states.shape[1], device=states.device) < frames[:, None])

    def clips(self) -> list[Tensor]:
        """The real frames of each clip, (frames, dim)."""
        return [states[mask] for states, mask in zip(self.states, self.mask, strict=True)]

    def to(self, device: torch.device) -> AudioEmbeddings:
        """The same on another device."""
        return AudioEmbeddings(self.states.to(device), self.mask.to(device))

    def mean(self) -> Tensor:
        """Mean over the real frames, (batch, dim)."""
        weights = self.mask[..., None].to(self.states.dtype)
        return (self.states * weights).sum(1) / weights.sum(1).clamp(min=1.0)


class AudioEncoder(Protocol):
    """Hears a batch of waveforms. It owns its frontend, so that training and inference cannot differ."""

    @property
    def sample_rate(self) -> int:
        """Of the waveforms it takes, in Hz."""
        ...

    @property
    def dim(self) -> int:
        """Width of one embedding."""
        ...

    @property
    def frame_s(self) -> float:
        """Seconds from one embedding to the next."""
        ...

    def __call__(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples), of which `lengths (batch,)` samples are real."""
        ...


def cut_chunks(waveform: Tensor, chunk_samples: int) -> Tensor:
    """Consecutive chunks of a waveform (samples,) -> (chunks, chunk_samples), as `chunk_indices` has them."""
    if len(waveform) == 0:
        raise ValueError("a clip holds no samples: check its start and end, and the file")
    return waveform[torch.from_numpy(chunk_indices(len(waveform), chunk_samples)).to(waveform.device)]
