"""musicnn as MusCaps uses it: one vector for every three seconds (Manco et al. 2021, section III-B)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from linernotes.encoders import musicnn_frontend as frontend
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.frontends import musicnn_windows
from linernotes.encoders.musicnn import CHUNK_FEATURES, Musicnn, load_musicnn, set_weights
from linernotes.encoders.musicnn_checkpoint import read_musicnn
from linernotes.encoders.musicnn_onnx import tag_windows
from linernotes.registry import components

SHIPPED = "shipped"
UNTRAINED = "none"
"""What `weights` may be, besides a folder of the musicnn repository."""
BIG_MIDDLE_FILTERS, BIG_PENULTIMATE_FEATURES = 512, 500
"""Of MSD_musicnn_big."""
WINDOWS_AT_ONCE = 32


class MusicnnEncoder(nn.Module):
    """Front- and mid-end maps at their maximum over each 3 s window: (batch, chunks, 753), big: 2097."""

    sample_rate = frontend.SAMPLE_RATE
    frame_s = 1 / frontend.WINDOW_RATE_HZ

    def __init__(self, network: Musicnn) -> None:
        super().__init__()
        self.network = network
        self.dim = network.chunk_features

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
    return _shipped("mtt", frozen) if weights == SHIPPED else _published(Musicnn(), weights)


def musicnn_msd(weights: str = SHIPPED, frozen: bool = False) -> MusicnnEncoder | ShippedMusicnn:
    """The tagger trained on the Million Song Dataset."""
    return _shipped("msd", frozen) if weights == SHIPPED else _published(Musicnn(), weights)


def musicnn_msd_big(weights: str = UNTRAINED, frozen: bool = False) -> MusicnnEncoder:
    """The larger tagger trained on the Million Song Dataset, 2097 features a chunk; its weights do not ship."""
    del frozen  # the model that uses it sees to that
    if weights == SHIPPED:
        raise ValueError(
            "the big musicnn does not ship: give model.encoder.weights the folder MSD_musicnn_big of the musicnn "
            f"repository (github.com/jordipons/musicnn), or {UNTRAINED!r} for random weights"
        )
    return _published(Musicnn(middle=BIG_MIDDLE_FILTERS, penultimate=BIG_PENULTIMATE_FEATURES), weights)


def _shipped(vocabulary: str, frozen: bool) -> MusicnnEncoder | ShippedMusicnn:
    if frozen:
        return ShippedMusicnn(vocabulary)
    with resources.as_file(resources.files("linernotes") / "assets" / f"musicnn_{vocabulary}.onnx") as path:
        return MusicnnEncoder(load_musicnn(path))


def _published(network: Musicnn, weights: str) -> MusicnnEncoder:
    """The network with random weights, or those of a published model's folder."""
    if weights != UNTRAINED:
        if not Path(weights).is_dir():
            raise ValueError(
                f"musicnn's weights are {SHIPPED!r}, {UNTRAINED!r} or a folder of the musicnn repository, "
                f"got {weights!r}"
            )
        stored = read_musicnn(Path(weights))
        try:
            set_weights(network, stored)
        except RuntimeError as error:
            first = str(error).splitlines()[1].strip()
            raise ValueError(
                f"{weights!r} holds another musicnn than model.encoder.name says: {first}"
            ) from error
    return MusicnnEncoder(network)
