"""64 log-mel bands: what the DCASE 2020 captioning baseline hears."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.frontends import FRONTENDS, LOG_MEL_BANDS

FRONTEND = FRONTENDS["log-mel-64"]


class LogMelEncoder(nn.Module):
    """Natural logarithm of Hann-windowed mel powers, 31 frames a second: (batch, frames, 64)."""

    sample_rate, frame_s = FRONTEND.sample_rate, FRONTEND.frame_s
    dim = LOG_MEL_BANDS

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        clips = [
            torch.from_numpy(FRONTEND.rows(waveform[: int(length)].cpu().numpy()))
            for waveform, length in zip(waveforms, lengths, strict=True)
        ]
        return AudioEmbeddings.of_clips(clips).to(waveforms.device)


def log_mel_64(weights: str = "none", frozen: bool = True) -> LogMelEncoder:
    """The encoder; it has nothing to learn, so `weights` can only be "none"."""
    del frozen
    if weights != "none":
        raise ValueError(f"log-mel-64 has no weights: set 'none', not {weights!r}")
    return LogMelEncoder()
