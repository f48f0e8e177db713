"""From the embeddings of all layers to language tokens and feature logits (Chopra et al. 2025, section 3.2).

`PaperProjector` is what the paper says, `ReleasedProjector` what the published weights were trained in; the names
of the latter's parameters are those of the published file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.models.sonicverse.config import HeadConfig, SonicVerseConfig


@dataclass(frozen=True, slots=True)
class Projected:
    """What a clip becomes."""

    tokens: Tensor  # (batch, tokens, width)
    logits: dict[str, Tensor]  # feature -> (batch, classes)


def by_layer(states: Tensor, layers: int) -> Tensor:
    """(batch, ..., layers * width) -> (batch, ..., layers, width)."""
    return states.reshape(*states.shape[:-1], layers, states.shape[-1] // layers)


class ParallelMlps(nn.Module):
    """Several two-layer perceptrons on the same vector, a token from each: (batch, in) -> (batch, tokens, out)."""

    def __init__(self, tokens: int, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))
            for _ in range(tokens)
        )

    def forward(self, vector: Tensor) -> Tensor:
        return torch.stack([layer(vector) for layer in self.layers], dim=1)


class LayerWeights(nn.Module):
    """A weighted mean over layers whose weights are a softmax (eq. 3 and 5); they begin equal."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(layers))

    @property
    def weights(self) -> Tensor:
        """(layers,), not negative, 1 in all."""
        return torch.softmax(self.scores, dim=0)

    def forward(self, layered: Tensor) -> Tensor:
        """(batch, layers, width) -> (batch, width)."""
        return torch.einsum("l,blw->bw", self.weights, layered)


class PaperProjector(nn.Module):
    """Equations 3 to 7. The mean over time comes first, which is the same as after the sum over layers."""

    def __init__(self, config: SonicVerseConfig, layers: int, width: int, llm_width: int) -> None:
        super().__init__()
        hidden = config.hidden or llm_width
        self.layers = layers
        self.content_layers = LayerWeights(layers)
        self.content = ParallelMlps(config.content_tokens, width, hidden, llm_width)
        self.shared_layers = LayerWeights(layers) if config.heads else None
        self.backbone = _hidden_layer(width, config.backbone, config.dropout) if config.heads else None
        self.heads = nn.ModuleDict(
            {
                head.feature: nn.Sequential(
                    _hidden_layer(config.backbone, config.head_hidden, config.dropout),
                    nn.Linear(config.head_hidden, head.size),
                )
                for head in config.heads
            }
        )
        self.feature_tokens = nn.ModuleDict(
            {
                head.feature: ParallelMlps(config.tokens_per_head, head.size, hidden, llm_width)
                for head in config.heads
            }
        )

    def heads_of(self, audio: AudioEmbeddings) -> dict[str, Tensor]:
        """Logits by feature (eq. 6, before the sigmoid), (batch, classes)."""
        return self._logits(by_layer(audio.mean(), self.layers))

    def forward(self, audio: AudioEmbeddings) -> Projected:
        """Embeddings (batch, frames, layers * width) to tokens and logits."""
        mean = by_layer(audio.mean(), self.layers)
        logits = self._logits(mean)
        tokens = [self.content(self.content_layers(mean))]
        tokens += [self.feature_tokens[name](torch.sigmoid(found)) for name, found in logits.items()]
        return Projected(torch.cat(tokens, dim=1), logits)

    def detector_parameters(self) -> Sequence[nn.Parameter]:
        """Layer weights, backbone and heads."""
        parts = (self.shared_layers, self.backbone, self.heads)
        return [weight for part in parts if part is not None for weight in part.parameters()]

    def _logits(self, layered: Tensor) -> dict[str, Tensor]:
        if self.shared_layers is None or self.backbone is None:
            return {}
        shared = self.backbone(self.shared_layers(layered))
        return {name: head(shared) for name, head in self.heads.items()}


def _hidden_layer(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout))


class _ReleasedMlps(nn.Module):
    """Parallel MLPs that begin with a GELU; `layers.N.1` and `layers.N.3` are the linear ones."""

    def __init__(self, tokens: int, inputs: int, hidden: int, outputs: int, layers: int = 0) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.GELU(), nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))
            for _ in range(tokens)
        )
        self.aggregator = nn.Parameter(torch.zeros(layers)) if layers else None

    def forward(self, vector: Tensor) -> Tensor:
        """(batch, in) or, with layer weights, (batch, layers, in) -> (batch, tokens, out)."""
        if self.aggregator is not None:
            vector = torch.einsum("l,blw->bw", torch.softmax(self.aggregator, dim=0), vector)
        return torch.stack([layer(vector) for layer in self.layers], dim=1)


class _Backbone(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.hidden_layer_1 = nn.Linear(inputs, outputs)

    def forward(self, states: Tensor) -> Tensor:
        return functional.relu(self.hidden_layer_1(states))


class _ReleasedHead(nn.Module):
    """`aggregator` is in the published file, but its softmax runs over one element: layers count alike."""

    def __init__(self, config: SonicVerseConfig, outputs: int, layers: int) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.aggregator = nn.Parameter(torch.zeros(layers, 1, 1), requires_grad=False)
        self.hidden_layer_1 = nn.Linear(config.backbone, config.head_hidden)
        self.output = nn.Linear(config.head_hidden, outputs)

    def forward(self, vector: Tensor) -> Tensor:
        hidden = functional.relu(self.hidden_layer_1(vector))
        logits: Tensor = self.output(functional.dropout(hidden, self.dropout, self.training))
        return logits


class ReleasedProjector(nn.Module):
    """The published projector: time is summed, layers are averaged, heads hand on their logits as they are."""

    def __init__(self, config: SonicVerseConfig, layers: int, width: int, llm_width: int) -> None:
        super().__init__()
        hidden = config.hidden or llm_width
        self.layers, self.frames, self.dropout = layers, config.released_frames, config.dropout
        self.features = tuple(head.feature for head in config.heads)
        self.lmm_projector = _ReleasedMlps(config.content_tokens, width, hidden, llm_width, layers)
        if config.heads:
            self.backbone = _Backbone(width, config.backbone)
        for head in config.heads:
            self._add_head(head, config, layers, hidden, llm_width)

    def _add_head(
        self, head: HeadConfig, config: SonicVerseConfig, layers: int, hidden: int, llm_width: int
    ) -> None:
        name = _published(head.feature)
        self.add_module(name, _ReleasedHead(config, head.size, layers))
        mlps = _ReleasedMlps(config.tokens_per_head, head.size, hidden, llm_width)
        self.add_module(f"{name}_projector", mlps)

    def heads_of(self, audio: AudioEmbeddings) -> dict[str, Tensor]:
        """Logits by feature, (batch, classes)."""
        return self._logits(by_layer(self.padded(audio).states, self.layers).transpose(1, 2))

    def forward(self, audio: AudioEmbeddings) -> Projected:
        """Embeddings (batch, frames, layers * width), padded to `frames`, to tokens and logits."""
        states = by_layer(self.padded(audio).states, self.layers).transpose(1, 2)
        logits = self._logits(states)
        tokens = [self.lmm_projector(states.mean(2))]
        tokens += [
            self.get_submodule(f"{_published(name)}_projector")(found) for name, found in logits.items()
        ]
        return Projected(torch.cat(tokens, dim=1), logits)

    def padded(self, audio: AudioEmbeddings) -> AudioEmbeddings:
        """Every clip with zeros after its frames, as many as the release has; what is longer is cut."""
        states = torch.where(audio.mask[..., None], audio.states, 0.0)[:, : self.frames]
        states = functional.pad(states, (0, 0, 0, self.frames - states.shape[1]))
        return AudioEmbeddings(states, torch.ones(states.shape[:2], dtype=torch.bool, device=states.device))

    def detector_parameters(self) -> Sequence[nn.Parameter]:
        """Backbone and heads."""
        parts = [self.get_submodule(name) for name in ("backbone",) if self.features]
        parts += [self.get_submodule(_published(name)) for name in self.features]
        return [weight for part in parts for weight in part.parameters()]

    def _logits(self, states: Tensor) -> dict[str, Tensor]:
        if not self.features:
            return {}
        kept = functional.dropout(self.backbone(states), self.dropout, self.training)
        summed = kept.sum(2).mean(1)
        return {name: self.get_submodule(_published(name))(summed) for name in self.features}


def _published(feature: str) -> str:
    return f"{feature}_detection"


def new_projector(
    config: SonicVerseConfig, layers: int, width: int, llm_width: int
) -> PaperProjector | ReleasedProjector:
    """The projector of a configuration; `width` is that of one layer of the encoder."""
    kind = ReleasedProjector if config.variant == "released" else PaperProjector
    return kind(config, layers, width, llm_width)
