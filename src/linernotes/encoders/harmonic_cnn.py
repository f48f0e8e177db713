"""Harmonic CNN: learnable band-pass filters stacked by harmonic, then seven pooled convolutions (Won et al. 2020).

The names and shapes of the modules are those of the published checkpoints (sota-music-tagging-models, MIT), so
that they load as they are. 5 s of audio at 16 kHz give 256 features, the maximum over what time is left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from linernotes.encoders.audio_encoder import AudioEmbeddings, cut_chunks
from linernotes.encoders.frontends import HARMONIC_CHUNK_S, HARMONIC_FRAME, HARMONIC_HOP, SAMPLE_RATE, SILENCE

FRAME_SAMPLES, HOP_SAMPLES = HARMONIC_FRAME, HARMONIC_HOP
CHUNK_SAMPLES = HARMONIC_CHUNK_S * SAMPLE_RATE
HARMONICS, BANDS_PER_SEMITONE = 6, 2
LOWEST_MIDI, HIGHEST_MIDI = 24, 88
"""C1, and E6: the note nearest to 8 kHz / 6, so that the sixth harmonic of every band can be heard."""

LEVELS = (HIGHEST_MIDI - LOWEST_MIDI) * BANDS_PER_SEMITONE
BANDWIDTH_SLOPE, BANDWIDTH_HZ = 0.1079, 24.7
"""Equivalent rectangular bandwidth = (0.1079 f + 24.7 Hz) / Q (Won et al. 2020, eq. 3)."""
CHUNKS_AT_ONCE = 8


class Windowing(nn.Module):
    """Holds the STFT's window under the name that the checkpoints give it."""

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(FRAME_SAMPLES))


class HarmonicSpectrogram(nn.Module):
    """Triangular filters around the first six harmonics of 128 fundamentals; their sharpness is learned."""

    centres_hz: Tensor
    bins_hz: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.spec = Windowing()
        self.bw_Q = nn.Parameter(torch.ones(1))
        midi = LOWEST_MIDI + np.arange(LEVELS) / BANDS_PER_SEMITONE
        fundamentals = 440.0 * 2.0 ** ((midi - 69) / 12)
        centres = np.concatenate([fundamentals * harmonic for harmonic in range(1, HARMONICS + 1)])
        self.register_buffer("centres_hz", torch.from_numpy(centres.astype(np.float32)), persistent=False)
        bins = torch.linspace(0, SAMPLE_RATE // 2, FRAME_SAMPLES // 2 + 1)
        self.register_buffer("bins_hz", bins, persistent=False)

    def filters(self) -> Tensor:
        """Triangles (bins, harmonics * levels), 1 at their centre and 0 half a bandwidth away."""
        bandwidth = (BANDWIDTH_SLOPE * self.centres_hz + BANDWIDTH_HZ) / self.bw_Q
        distance = (self.bins_hz[:, None] - self.centres_hz).abs()
        return (1 - 2 * distance / bandwidth).clamp(min=0)

    def forward(self, waveforms: Tensor) -> Tensor:
        """(batch, samples) -> decibels (batch, harmonics, levels, frames)."""
        window = self.spec.window
        spectrum = torch.stft(waveforms, FRAME_SAMPLES, HOP_SAMPLES, window=window, return_complex=True)
        return self.decibels((spectrum.real**2 + spectrum.imag**2).transpose(1, 2))

    def decibels(self, power: Tensor) -> Tensor:
        """Power spectra (batch, frames, bins) -> (batch, harmonics, levels, frames)."""
        bands = (power @ self.filters()).transpose(1, 2)
        decibels = 10 * torch.log10(bands.clamp(min=SILENCE))
        return decibels.reshape(power.shape[0], HARMONICS, LEVELS, -1)


class PooledConvolution(nn.Module):
    """Convolution, normalisation, rectifier, maximum pooling."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1)
        self.bn = nn.BatchNorm2d(after)

    def forward(self, maps: Tensor) -> Tensor:
        """(batch, before, bands, frames) -> (batch, after, bands / 2, frames / 2)."""
        return functional.max_pool2d(functional.relu(self.bn(self.conv(maps))), 2)


class PooledResidual(nn.Module):
    """Two convolutions beside an identity, then maximum pooling over (bands, frames)."""

    def __init__(self, channels: int, pooling: tuple[int, int]) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn_1 = nn.BatchNorm2d(channels)
        self.conv_2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn_2 = nn.BatchNorm2d(channels)
        self.pooling = pooling

    def forward(self, maps: Tensor) -> Tensor:
        """(batch, channels, bands, frames) to the same channels, pooled."""
        change = self.bn_2(self.conv_2(functional.relu(self.bn_1(self.conv_1(maps)))))
        return functional.max_pool2d(functional.relu(maps + change), self.pooling)


class HarmonicCnn(nn.Module):
    """5 s chunks to tags; `features` stops before the classifier, as MusCaps does."""

    def __init__(self, tags: int = 50, channels: int = 128) -> None:
        super().__init__()
        wide = 2 * channels
        self.hstft = HarmonicSpectrogram()
        self.hstft_bn = nn.BatchNorm2d(HARMONICS)
        self.layer1 = PooledConvolution(HARMONICS, channels)
        self.layer2 = PooledResidual(channels, (2, 2))
        self.layer3 = PooledResidual(channels, (2, 2))
        self.layer4 = PooledResidual(channels, (2, 2))
        self.layer5 = PooledConvolution(channels, wide)
        self.layer6 = PooledResidual(wide, (2, 3))
        self.layer7 = PooledResidual(wide, (2, 3))
        self.dense1 = nn.Linear(wide, wide)
        self.bn = nn.BatchNorm1d(wide)
        self.dense2 = nn.Linear(wide, tags)
        self.dropout = nn.Dropout(0.5)

    def features(self, chunks: Tensor) -> Tensor:
        """(batch, 80000) -> (batch, 2 * channels)."""
        return self.features_of_decibels(self.hstft(chunks))

    def features_of_decibels(self, decibels: Tensor) -> Tensor:
        """(batch, harmonics, levels, frames) -> (batch, 2 * channels)."""
        maps: Tensor = self.hstft_bn(decibels)
        layers = (self.layer1, self.layer2, self.layer3, self.layer4, self.layer5, self.layer6, self.layer7)
        for layer in layers:
            maps = layer(maps)
        return maps.squeeze(2).amax(dim=2)

    def forward(self, chunks: Tensor) -> Tensor:
        """(batch, 80000) -> probability of every tag, (batch, tags)."""
        hidden = functional.relu(self.bn(self.dense1(self.features(chunks))))
        return torch.sigmoid(self.dense2(self.dropout(hidden)))


class HarmonicCnnEncoder(nn.Module):
    """One vector for every five seconds: (batch, chunks, 256)."""

    sample_rate = SAMPLE_RATE
    frame_s = CHUNK_SAMPLES / SAMPLE_RATE

    def __init__(self, network: HarmonicCnn) -> None:
        super().__init__()
        self.network = network
        self.dim = network.dense1.in_features

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        clips = [
            cut_chunks(waveform[: int(length)], CHUNK_SAMPLES)
            for waveform, length in zip(waveforms, lengths, strict=True)
        ]
        chunks = torch.cat(clips).to(self.network.dense1.weight.device)
        at_once = len(chunks) if self.training else CHUNKS_AT_ONCE
        features = torch.cat([self.network.features(block) for block in torch.split(chunks, at_once)])
        return AudioEmbeddings.of_clips(torch.split(features, [len(clip) for clip in clips]))


def harmonic_cnn(weights: str = "none", frozen: bool = False) -> HarmonicCnnEncoder:
    """The encoder with random weights ("none"), or those of a checkpoint file of sota-music-tagging-models.

    Raises:
        ValueError: the file holds something else.
    """
    del frozen  # the model that uses it sees to that
    network = HarmonicCnn()
    if weights == "none":
        return HarmonicCnnEncoder(network)
    path = Path(weights)
    if not path.is_file():
        raise ValueError(
            f"no Harmonic CNN weights at {weights!r}: give the path of a best_model.pth, or 'none' for random ones"
        )
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling fails in many ways, and torch's advice is to allow code to run
        raise ValueError(
            f"{weights!r} is no Harmonic CNN checkpoint: PyTorch can't read it as weights"
        ) from error
    try:
        network.load_state_dict(stored)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{weights!r} is no Harmonic CNN checkpoint: {str(error).splitlines()[0]}"
        ) from error
    return HarmonicCnnEncoder(network)
