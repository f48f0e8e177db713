"""Demixing supervision (S2Cap, section 4.2): features of the mix pulled towards those of its vocals alone."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from linernotes.encoders.audio_encoder import AudioEmbeddings


def demixing_divergence(
    mix: AudioEmbeddings,
    vocals: AudioEmbeddings,
    direction: str = "mix||vocals",
    stop_gradient: str = "vocals",
) -> Tensor:
    """Mean over the frames that both have of KL(p || q) in nats; p and q are softmax over the channels.

    Args:
        mix: what the encoder heard of the recordings, (clips, frames, dim).
        vocals: what it heard of their vocal stems.
        direction: "mix||vocals" is KL(mix || vocals).
        stop_gradient: "vocals" makes their features a constant, "none" lets both sides learn.
    """
    frames = min(mix.states.shape[1], vocals.states.shape[1])
    both = mix.mask[:, :frames] & vocals.mask[:, :frames]
    target = vocals.states.detach() if stop_gradient == "vocals" else vocals.states
    mixed, sung = (
        functional.log_softmax(states[:, :frames][both].float(), dim=-1) for states in (mix.states, target)
    )
    first, second = (mixed, sung) if direction == "mix||vocals" else (sung, mixed)
    return (first.exp() * (first - second)).sum(-1).sum() / both.sum().clamp(min=1)
