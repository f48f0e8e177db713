"""The names that tensors have in the published checkpoints of LP-MusicCaps, and those they have here."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from linernotes.models.lp_musiccaps.network import TIED

RENAMED = {
    "audio_encoder.mel_encoder.mel_scale.fb": "audio_encoder.spectrogram.filters",
    "audio_encoder.mel_encoder.spec_fn.window": "audio_encoder.spectrogram.window",
}


def published_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published tensors under the names of `LpNetwork`; the tied ones are left to the table they are tied to."""
    return {RENAMED.get(name, name): tensor for name, tensor in weights.items() if name not in TIED}
