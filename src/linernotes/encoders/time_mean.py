"""An encoder whose embeddings are kept as their mean over time: one row a clip, small enough to cache for all."""

from __future__ import annotations

from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder


class TimeMean(nn.Module):
    """Any encoder, averaged over the real frames of each clip: (batch, 1, dim)."""

    def __init__(self, encoder: AudioEncoder, seconds: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.sample_rate, self.dim = encoder.sample_rate, encoder.dim
        self.frame_s = seconds  # one row stands for a whole clip

    @property
    def identity(self) -> str:
        """Of the encoder inside, which may hold no weights of its own."""
        return f"{type(self.encoder).__qualname__} {getattr(self.encoder, 'identity', '')}"

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples), of which `lengths (batch,)` samples are real."""
        heard = self.encoder(waveforms, lengths)
        return AudioEmbeddings(heard.mean()[:, None], heard.mask.new_ones(len(heard.states), 1))
