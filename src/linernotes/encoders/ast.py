"""The Audio Spectrogram Transformer (Gong et al. 2021): patches of a mel spectrogram as states.

A network hears a window of 1,024 frames (10.24 s), as in its training; longer clips are cut into windows whose
states follow one another, the last one padded as it was there. Layout: that of
`MIT/ast-finetuned-audioset-10-10-0.4593` on the hub.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.published_layout import load_published
from linernotes.registry import need_extra

SAMPLE_RATE = 16_000
FRAME, HOP, TRANSFORM = 400, 160, 512
"""Samples: 25 ms every 10 ms, in a transform of the next power of two."""
LOWEST_HZ = 20.0
PREEMPHASIS = 0.97
FLOOR = float(np.finfo(np.float32).eps)
"""The least energy of a band, as Kaldi has it."""
PATCHES = ("all", "time")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AstFrontend:
    """What a network's spectrograms are scaled by: the mean and deviation of AudioSet's."""

    mean: float = -4.2677393
    std: float = 4.5689974
    do_normalize: bool = True


class AstEncoder(nn.Module):
    """Waveforms to states (batch, patches, dim), in order of time and, at one time, from low to high.

    Args:
        network: an `ASTModel` of transformers.
        frontend: how its spectrograms are scaled.
        truncate: hear the first window only, as the network's own feature extractor does.
        patches: "all", or "time": the mean over the patches that lie at one time, a twelfth as many states.

    The two states that stand for a whole window (class and distillation token) are left out.
    """

    sample_rate = SAMPLE_RATE

    def __init__(
        self,
        network: Any,
        frontend: AstFrontend = AstFrontend(),
        *,
        truncate: bool = False,
        patches: str = "all",
    ) -> None:
        super().__init__()
        if patches not in PATCHES:
            raise ValueError(f"patches is one of {', '.join(PATCHES)}, got {patches!r}")
        sizes = network.config
        self.network, self.frontend, self.truncate, self.patches = network, frontend, truncate, patches
        self.dim, self.window_frames = int(sizes.hidden_size), int(sizes.max_length)
        self.bands = int(sizes.num_mel_bins)
        self.patch, self.stride = int(sizes.patch_size), int(sizes.time_stride)
        self.rows = (self.bands - self.patch) // int(sizes.frequency_stride) + 1
        self.columns = (self.window_frames - self.patch) // self.stride + 1
        self.states_at_once = self.rows if patches == "all" else 1
        self.frame_s = self.window_frames * HOP / SAMPLE_RATE / self.columns / self.states_at_once

    @property
    def identity(self) -> str:
        """What the weights do not tell about how this encoder hears."""
        return f"{self.frontend} truncate={self.truncate} patches={self.patches}"

    def settings(self) -> dict[str, Any]:
        """Of the frontend, for `AstFrontend`."""
        return asdict(self.frontend)

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 16 kHz, `lengths (batch,)` samples of them real."""
        windows, columns = [], []
        for waveform, length in zip(waveforms, lengths, strict=True):
            cut = self._windows(waveform[: int(length)].detach().cpu().numpy())
            windows += cut
            columns.append([self._real_columns(len(window)) for window in cut])
        states = self._heard(windows)
        clips, start = [], 0
        for real in columns:
            parts = [states[start + number, :count].flatten(0, 1) for number, count in enumerate(real)]
            clips.append(torch.cat(parts))
            start += len(real)
        return AudioEmbeddings.of_clips(clips)

    def _windows(self, waveform: Floats) -> list[Floats]:
        """Spectrograms (frames, bands) of one window each; a rest shorter than a patch is left out."""
        spectrum = log_mel_energies(waveform, self.bands)
        if self.truncate:
            return [spectrum[: self.window_frames]]
        starts = range(0, len(spectrum), self.window_frames)
        cut = [spectrum[start : start + self.window_frames] for start in starts]
        return [window for number, window in enumerate(cut) if number == 0 or len(window) >= self.patch]

    def _real_columns(self, frames: int) -> int:
        """Patches of one row that hear at least half a patch of the `frames` that are real."""
        return min(self.columns, max(1, (frames - self.patch // 2) // self.stride + 1))

    def _heard(self, windows: list[Floats]) -> Tensor:
        """States (windows, columns, states at once, dim)."""
        padded = np.zeros((len(windows), self.window_frames, self.bands), np.float32)
        for row, window in zip(padded, windows, strict=True):
            row[: len(window)] = window
        if self.frontend.do_normalize:  # after padding, as in pre-training
            padded = (padded - self.frontend.mean) / (2 * self.frontend.std)
        weight = self.network.embeddings.patch_embeddings.projection.weight
        states = self.network(torch.from_numpy(padded).to(weight.device)).last_hidden_state[:, 2:]
        placed = states.unflatten(1, (self.rows, self.columns)).transpose(1, 2)
        heard: Tensor = placed if self.patches == "all" else placed.mean(2, keepdim=True)
        return heard


def log_mel_energies(waveform: Floats, bands: int) -> Floats:
    """Kaldi's filter bank features without dither, (frames, bands), as AST was trained on.

    Raises:
        ValueError: there are no samples.
    """
    if len(waveform) == 0:
        raise ValueError("a clip holds no samples: check its start and end, and the file")
    longer = np.pad(waveform.astype(np.float32), (0, max(0, FRAME - len(waveform))))
    frames = np.lib.stride_tricks.sliding_window_view(longer, FRAME)[::HOP].astype(np.float64)
    frames = frames - frames.mean(1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    window, filters = _tables(bands)
    power = np.abs(np.fft.rfft((frames - PREEMPHASIS * before) * window, TRANSFORM)) ** 2
    energies: Floats = np.log(np.maximum(power @ filters, FLOOR)).astype(np.float32)
    return energies


@lru_cache
def _tables(bands: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The window (400,) and the mel filters (257, bands)."""
    made = need_extra("transformers.audio_utils", "torch")
    with warnings.catch_warnings():
        # Of 128 bands some are narrower than a bin and stay empty: the published networks learned with that.
        warnings.simplefilter("ignore", UserWarning)
        filters = made.mel_filter_bank(
            num_frequency_bins=TRANSFORM // 2 + 1, num_mel_filters=bands, min_frequency=LOWEST_HZ,
            max_frequency=SAMPLE_RATE / 2, sampling_rate=SAMPLE_RATE, norm=None, mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )  # fmt: skip
    return np.hanning(FRAME), filters


def ast(
    weights: str = "none", frozen: bool = False, *, truncate: bool = False, patches: str = "all"
) -> AstEncoder:
    """For the registry: the AST of a folder or hub, or one of the published size with random weights ("none").

    Raises:
        ValueError: there is none at `weights`, or one for another sample rate.
    """
    del frozen  # the model that uses it sees to that
    if weights == "none":
        return new_ast(truncate=truncate, patches=patches)
    found = load_published("ASTModel", weights)
    if (rate := found.prepared.get("sampling_rate", SAMPLE_RATE)) != SAMPLE_RATE:
        raise ValueError(f"{weights!r} hears {rate} Hz: AST hears {SAMPLE_RATE} Hz")
    known = AstFrontend()
    frontend = AstFrontend(
        *(found.prepared.get(name, getattr(known, name)) for name in ("mean", "std", "do_normalize"))
    )
    return AstEncoder(found.network, frontend, truncate=truncate, patches=patches)


def new_ast(
    frontend: AstFrontend = AstFrontend(), *, truncate: bool = False, patches: str = "all", **sizes: Any
) -> AstEncoder:
    """One with random weights; `sizes` are those of `ASTConfig`."""
    transformers = need_extra("transformers", "torch")
    network = transformers.ASTModel(transformers.ASTConfig(**sizes))
    return AstEncoder(network, frontend, truncate=truncate, patches=patches)
