"""musicnn as a PyTorch module: a tagger whose first layer is shaped like musical events (Pons & Serra, 2019).

Tall filters over frequency hear timbre, long filters over time hear rhythm; both are pooled over frequency and
go through three residual convolutions over time. `musicnn_onnx` runs the same network without PyTorch; here it
is for training (MusCaps fine-tunes it). The frontend is `musicnn_frontend`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

MEL_BANDS = 96
NORM_EPSILON = 1e-3
"""Batch normalisation of TensorFlow 1 layers; PyTorch's default of 1e-5 shifts every tag."""

TIMBRE_KERNELS = ((7, 38), (7, 67))
"""(frames, bands): 0.4 and 0.7 of the mel axis."""
RHYTHM_FRAMES = (128, 64, 32)
TIMBRE_FILTERS, RHYTHM_FILTERS, MIDDLE_FILTERS = 204, 51, 64
FRONT_FEATURES = len(TIMBRE_KERNELS) * TIMBRE_FILTERS + len(RHYTHM_FRAMES) * RHYTHM_FILTERS
CHUNK_FEATURES = FRONT_FEATURES + 3 * MIDDLE_FILTERS
PENULTIMATE_FEATURES = 200


@dataclass(frozen=True, slots=True)
class MusicnnOutput:
    """What the network says of each window, from the tags down to its feature maps."""

    logits: Tensor  # (batch, tags)
    penultimate: Tensor  # (batch, 200)
    chunk_features: Tensor  # (batch, 753), maps at their maximum over time
    maps: Tensor  # (batch, 753, frames)

    @property
    def probabilities(self) -> Tensor:
        """Independent probability of every tag, (batch, tags)."""
        return torch.sigmoid(self.logits)


class FilterBank(nn.Module):
    """Convolution over a spectrogram whose activations are kept at their maximum over frequency."""

    def __init__(self, filters: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, filters, kernel)
        self.norm = nn.BatchNorm2d(filters, eps=NORM_EPSILON)
        # TensorFlow's "same": an even kernel looks one frame further ahead than back.
        self.before, self.after = (kernel[0] - 1) // 2, kernel[0] // 2

    def forward(self, spectrogram: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Of `scale * spectrogram + shift`, (batch, 1, frames, bands) -> (batch, filters, frames).

        The scale goes into the filters and the shift into their bias, so that no gradient for the spectrogram is
        needed, which costs as much as that for the filters.
        """
        filters, room = self.convolution.weight, (0, 0, self.before, self.after)
        responses = functional.conv2d(
            functional.pad(spectrogram, room), filters * scale, self.convolution.bias
        )
        ones = torch.ones_like(spectrogram[:1, :, :, : filters.shape[3]])
        responses = responses + shift * functional.conv2d(functional.pad(ones, room), filters)
        activated: Tensor = self.norm(functional.relu(responses))
        # Of equal maxima one is chosen, as in the original's pooling; `amax` divides gradients and takes longer.
        return activated.max(dim=3).values


class TimeConvolution(nn.Module):
    """Convolution over time; normalised after the rectifier, as the original does."""

    def __init__(self, features: int, filters: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(features, filters, 7, padding=3)
        self.norm = nn.BatchNorm1d(filters, eps=NORM_EPSILON)

    def forward(self, maps: Tensor) -> Tensor:
        """(batch, features, frames) -> (batch, filters, frames)."""
        activated: Tensor = self.norm(functional.relu(self.convolution(maps)))
        return activated


class Musicnn(nn.Module):
    """Log-mel windows of any length from 1 frame on (187 in training) to tags and features.

    Shapes in this file are those of the shipped networks; the published "big" one has 512 middle filters, 500
    penultimate and so 2097 chunk features.
    """

    def __init__(
        self,
        tags: int = 50,
        *,
        middle: int = MIDDLE_FILTERS,
        penultimate: int = PENULTIMATE_FEATURES,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.chunk_features = FRONT_FEATURES + 3 * middle
        self.input_norm = nn.BatchNorm2d(1, eps=NORM_EPSILON)
        self.timbre = nn.ModuleList(FilterBank(TIMBRE_FILTERS, kernel) for kernel in TIMBRE_KERNELS)
        self.rhythm = nn.ModuleList(FilterBank(RHYTHM_FILTERS, (frames, 1)) for frames in RHYTHM_FRAMES)
        self.middle = nn.ModuleList(
            TimeConvolution(features, middle) for features in (FRONT_FEATURES, middle, middle)
        )
        self.pooled_norm = nn.BatchNorm1d(2 * self.chunk_features, eps=NORM_EPSILON)
        self.dense = nn.Linear(2 * self.chunk_features, penultimate)
        self.dense_norm = nn.BatchNorm1d(penultimate, eps=NORM_EPSILON)
        self.output = nn.Linear(penultimate, tags)
        self.dropout = nn.Dropout(dropout)

    def feature_maps(self, log_mel: Tensor) -> Tensor:
        """Front and middle maps side by side, (batch, frames, 96) -> (batch, 753, frames)."""
        norm = self.input_norm
        # Its scale and shift are learned inside the filter banks.
        spectrogram = functional.batch_norm(
            log_mel.unsqueeze(1), norm.running_mean, norm.running_var, None, None, self.training, eps=norm.eps
        )
        banks = (*self.timbre, *self.rhythm)
        front = torch.cat([bank(spectrogram, norm.weight, norm.bias) for bank in banks], dim=1)
        first: Tensor = self.middle[0](front)
        second: Tensor = first + self.middle[1](first)
        third: Tensor = second + self.middle[2](second)
        return torch.cat([front, first, second, third], dim=1)

    def forward(self, log_mel: Tensor) -> MusicnnOutput:
        """(batch, frames, 96), log10(10000 mel + 1), to tags and features."""
        maps = self.feature_maps(log_mel)
        strongest = maps.amax(dim=2)
        # The checkpoint flattens (feature, [max, mean]), feature by feature.
        pooled = torch.stack([strongest, maps.mean(dim=2)], dim=2).flatten(1)
        dense = functional.relu(self.dense(self.dropout(self.pooled_norm(pooled))))
        penultimate = self.dense_norm(dense)
        return MusicnnOutput(self.output(self.dropout(penultimate)), penultimate, strongest, maps)


def load_musicnn(path: Path) -> Musicnn:
    """The network with the weights that a shipped ONNX file carries, in evaluation mode."""
    import onnx
    from onnx import numpy_helper

    stored = onnx.load(path).graph.initializer
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in stored}
    model = Musicnn(tags=len(weights["output.bias"]))
    set_weights(model, weights)
    return model.eval()


def set_weights(model: Musicnn, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Put published weights into the network, which counts batches from zero.

    Raises:
        RuntimeError: a weight is missing or has another shape.
    """
    fresh = model.state_dict()
    counters = {name: fresh[name] for name in fresh if name.endswith("num_batches_tracked")}
    own = {name: torch.from_numpy(np.array(weights[name])) for name in fresh if name in weights}
    model.load_state_dict(own | counters)
