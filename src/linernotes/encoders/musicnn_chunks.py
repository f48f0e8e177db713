"""musicnn as MusCaps uses it: one vector for every three seconds (Manco et al. 2021, section III-B)."""

from __future__ import annotations

from importlib import resources

import numpy as np
import torch
from torch import Tensor, nn

from linernotes.encoders import musicnn_frontend as frontend
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.frontends import musicnn_windows
from linernotes.encoders.musicnn import CHUNK_FEATURES, Musicnn, load_musicnn
from linernotes.encoders.musicnn_onnx import tag_windows
from linernotes.registry import components

SHIPPED = "shipped"
UNTRAINED = "none"
"""What `weights` may be."""
WINDOWS_AT_ONCE = 32


class MusicnnEncoder(nn.Module):
    """Front- and mid-end maps at their maximum over each 3 s window: (batch, chunks, 753)."""

    sample_rate = frontend.SAMPLE_RATE
    dim = CHUNK_FEATURES
    frame_s = 1 / frontend.WINDOW_RATE_HZ

    def __init__(self, network: Musicnn) -> None:
        super().__init__()
        self.network = network

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        windows = [
            musicnn_windows(waveform[: int(length)].cpu().numpy())
            for waveform, length in zip(waveforms, lengths, strict=True)
        ]
        device = self.network.dense.weight.device
        log_mel = torch.from_numpy(np.concatenate(windows)).to(device)
        # Training normalises over the batch, so it must see all windows at once; else blocks save memory.
        at_once = len(log_mel) if self.training else WINDOWS_AT_ONCE
        blocks = [self.network.feature_maps(block).amax(dim=2) for block in torch.split(log_mel, at_once)]
        features = torch.cat(blocks)
        return AudioEmbeddings.of_clips(torch.split(features, [len(clip) for clip in windows]))


class ShippedMusicnn:
    """The same of the shipped network as it is, on onnxruntime: twice as quick, and what the base install has."""

    sample_rate = frontend.SAMPLE_RATE
    dim = CHUNK_FEATURES
    frame_s = 1 / frontend.WINDOW_RATE_HZ

    def __init__(self, vocabulary: str) -> None:
        self.vocabulary = vocabulary

    @property
    def identity(self) -> str:
        """Which weights these are."""
        name = f"musicnn_{self.vocabulary}.onnx"
        return next(part.files[name] for part in components().values() if name in part.files)

    def __call__(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        clips = []
        for waveform, length in zip(waveforms, lengths, strict=True):
            windows = musicnn_windows(waveform[: int(length)].cpu().numpy())
            blocks = np.split(windows, range(WINDOWS_AT_ONCE, len(windows), WINDOWS_AT_ONCE))
            features = [tag_windows(self.vocabulary, block).chunk_features for block in blocks]
            clips.append(torch.from_numpy(np.concatenate(features)))
        return AudioEmbeddings.of_clips(clips).to(waveforms.device)


def musicnn_mtt(weights: str = SHIPPED, frozen: bool = False) -> MusicnnEncoder | ShippedMusicnn:
    """The tagger trained on MagnaTagATune, as the paper uses it."""
    return _musicnn("mtt", weights, frozen)


def musicnn_msd(weights: str = SHIPPED, frozen: bool = False) -> MusicnnEncoder | ShippedMusicnn:
    """The tagger trained on the Million Song Dataset."""
    return _musicnn("msd", weights, frozen)


def _musicnn(vocabulary: str, weights: str, frozen: bool) -> MusicnnEncoder | ShippedMusicnn:
    if weights == SHIPPED and frozen:
        return ShippedMusicnn(vocabulary)
    if weights == UNTRAINED:
        return MusicnnEncoder(Musicnn())
    if weights != SHIPPED:
        raise ValueError(f"musicnn's weights are {SHIPPED!r} or {UNTRAINED!r}, got {weights!r}")
    with resources.as_file(resources.files("linernotes") / "assets" / f"musicnn_{vocabulary}.onnx") as path:
        return MusicnnEncoder(load_musicnn(path))
