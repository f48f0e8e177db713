"""64 log-mel bands: what the DCASE 2020 captioning baseline hears."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.spectra import Framer, mel_filterbank, power_spectrum

SAMPLE_RATE = 16_000
FRAME_SAMPLES, HOP_SAMPLES, MEL_BANDS = 1024, 512, 64
SILENCE = 1e-10


class LogMelEncoder(nn.Module):
    """Natural logarithm of Hann-windowed mel powers, 31 frames a second: (batch, frames, 64)."""

    sample_rate = SAMPLE_RATE
    dim = MEL_BANDS
    frame_s = HOP_SAMPLES / SAMPLE_RATE

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        clips = [
            torch.from_numpy(_log_mel(waveform[: int(length)].cpu().numpy()))
            for waveform, length in zip(waveforms, lengths, strict=True)
        ]
        return AudioEmbeddings.of_clips(clips).to(waveforms.device)


def _log_mel(waveform: np.ndarray) -> np.ndarray:
    framer = Framer(FRAME_SAMPLES, HOP_SAMPLES)
    frames = np.concatenate([framer.push(waveform), framer.finish()])
    if len(frames) == 0:
        raise ValueError(f"a clip holds {len(waveform)} samples, where at least {FRAME_SAMPLES} are needed")
    mel = power_spectrum(frames) @ mel_filterbank(SAMPLE_RATE, FRAME_SAMPLES, MEL_BANDS).T
    spectra: np.ndarray = np.log(mel + SILENCE).astype(np.float32)
    return spectra


def log_mel_64(weights: str = "none", frozen: bool = True) -> LogMelEncoder:
    """The encoder; it has nothing to learn, so `weights` can only be "none"."""
    del frozen
    if weights != "none":
        raise ValueError(f"log-mel-64 has no weights: set 'none', not {weights!r}")
    return LogMelEncoder()
