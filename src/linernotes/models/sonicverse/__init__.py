"""SonicVerse (Chopra et al. 2025): music features detected on the way guide a frozen language model's caption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from linernotes.clip import Fact
from linernotes.datasets.feature_classes import labels_of_facts
from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder
from linernotes.encoders.time_mean import TimeMean
from linernotes.models.captioning import CaptionBatch
from linernotes.models.sonicverse.config import HeadConfig, LanguageModelConfig, SonicVerseConfig
from linernotes.models.sonicverse.language import CaptionLanguageModel
from linernotes.models.sonicverse.predicted import facts_of_logits
from linernotes.models.sonicverse.projector import Projected, new_projector

__all__ = ["HeadConfig", "LanguageModelConfig", "SonicVerse", "SonicVerseConfig"]

NO_CAPTIONS = (
    "this model was trained to detect features only (model.caption_weight = 0): go on from it with a recipe that "
    "writes captions"
)
WINDOWS_AT_ONCE = 4
"""Windows of a recording that the language model writes for together."""
LORA = "lora_"
"""Part of the names of what low-rank adaptation adds."""


class SonicVerse(nn.Module):
    """A `CaptionModel` that also detects features; without a language model it detects them only.

    Checkpoints hold what training changed. The language model and a frozen encoder with weights of its own are
    named in the configuration and read from where they are.
    """

    windows_at_once = WINDOWS_AT_ONCE

    def __init__(
        self,
        config: SonicVerseConfig,
        encoder: AudioEncoder,
        language: CaptionLanguageModel | None,
        language_width: int | None = None,
    ) -> None:
        super().__init__()
        self.config, self.language = config, language
        layers = int(getattr(encoder, "layers", 1))
        # The paper's projector needs no more than the mean over time: of many layers that alone is cached.
        averaged = config.variant == "paper" and config.encoder.frozen and layers > 1
        self.encoder = TimeMean(encoder, config.max_seconds) if averaged else encoder
        width = language.width if language is not None else language_width or config.backbone
        self.projector = new_projector(config, layers, encoder.dim // layers, width)
        if config.encoder.frozen and isinstance(self.encoder, nn.Module):
            self.encoder.requires_grad_(False)
        if config.heads_frozen:
            for weight in self.projector.detector_parameters():
                weight.requires_grad_(False)
        if config.caption_weight == 0:
            detectors = {id(weight) for weight in self.projector.detector_parameters()}
            for weight in self.projector.parameters():
                weight.requires_grad_(weight.requires_grad and id(weight) in detectors)
        self.register_state_dict_post_hook(_leave_out_named)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_put_in_named)  # type: ignore[no-untyped-call]

    @property
    def sample_rate(self) -> int:
        """Of the waveforms it takes, in Hz."""
        return self.encoder.sample_rate

    @property
    def max_seconds(self) -> float:
        """The longest clip it is made for."""
        return self.config.max_seconds

    @property
    def audio_encoder(self) -> AudioEncoder:
        """What turns waveforms into embeddings."""
        return self.encoder

    @property
    def encoder_is_frozen(self) -> bool:
        """Whether embeddings can be kept during training."""
        return self.config.encoder.frozen

    @property
    def writes_captions(self) -> bool:
        """Whether there is a language model."""
        return self.language is not None

    @property
    def vocabulary(self) -> CaptionLanguageModel:
        """What turns captions into tokens."""
        return self._language()

    @property
    def device(self) -> torch.device:
        """Where the projector is."""
        return next(self.projector.parameters()).device

    def train(self, mode: bool = True) -> SonicVerse:
        """As ever, but what is frozen stays in evaluation mode."""
        super().train(mode)
        if self.config.encoder.frozen and isinstance(self.encoder, nn.Module):
            self.encoder.eval()
        if self.language is not None and not self.language.config.lora_rank:
            # Activations are recomputed in training mode only; there is no dropout in these models to be heard.
            self.language.train(mode and self.language.config.checkpoint_activations)
        return self

    def encode(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """What the encoder hears, (batch, frames, layers * width); without gradients where it is frozen."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.config.encoder.frozen):
            return self.encoder(waveforms, lengths).to(self.device)

    def loss(self, batch: CaptionBatch) -> Tensor:
        """lambda_cap * cross entropy of the captions + lambda_k * binary cross entropy of each head (eq. 8)."""
        if isinstance(batch.audio, AudioEmbeddings):
            audio = batch.audio.to(self.device)
        else:
            audio = self.encode(batch.audio.samples, batch.audio.lengths)
        config, captioned = self.config, self.language is not None and self.config.caption_weight > 0
        projected = (
            self.projector(audio) if captioned else Projected(audio.states, self.projector.heads_of(audio))
        )
        total = config.feature_weight * self._feature_loss(projected.logits, batch.labels)
        if captioned:
            words = self._language().loss(projected.tokens, batch.captions, config.max_tokens)
            total = total + config.caption_weight * words
        return total

    def token_count(self, caption: str) -> int:
        """Tokens that the captions' loss is the mean over; the heads' loss weighs clips by them too."""
        if self.config.caption_weight == 0:
            return 1
        return min(len(self._language().encode(caption)), self.config.max_tokens) + 1

    def labels_of(self, facts: Sequence[Fact]) -> dict[str, NDArray[np.float32]]:
        """What its heads should say of a clip with these facts: feature -> (classes,), NaN where nobody knows."""
        return {
            head.feature: labels_of_facts(facts, head.feature, head.names)
            for head in self.config.heads
            if head.names
        }

    @torch.no_grad()
    def facts(self, audio: AudioEmbeddings, seconds: float) -> list[tuple[Fact, ...]]:
        """Detected features of clips that last `seconds` at most."""
        logits = self.projector.heads_of(audio.to(self.device))
        return [
            facts_of_logits({name: found[row] for name, found in logits.items()}, self.config.heads, seconds)
            for row in range(len(audio.states))
        ]

    @torch.no_grad()
    def probabilities(self, audio: AudioEmbeddings) -> dict[str, Tensor]:
        """Of every class of every head, feature -> (batch, classes)."""
        logits = self.projector.heads_of(audio.to(self.device))
        return {name: torch.sigmoid(found.float()) for name, found in logits.items()}

    @torch.no_grad()
    def generate(self, waveforms: Tensor, lengths: Tensor, options: DecodingOptions) -> list[str]:
        """A caption for each clip."""
        return self.generate_encoded(self.encode(waveforms, lengths), options)

    @torch.no_grad()
    def generate_encoded(self, audio: AudioEmbeddings, options: DecodingOptions) -> list[str]:
        """A caption for each clip that was heard before."""
        return self._language().generate(self.projector(audio.to(self.device)).tokens, options)

    @torch.no_grad()
    def score(self, waveforms: Tensor, lengths: Tensor, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip), (batch, captions)."""
        return self.score_encoded(self.encode(waveforms, lengths), captions)

    @torch.no_grad()
    def score_encoded(self, audio: AudioEmbeddings, captions: Sequence[str]) -> Tensor:
        """log P(caption | clip) of clips heard before, (batch, captions)."""
        tokens = self.projector(audio.to(self.device)).tokens
        return self._language().score(tokens, captions, self.config.max_tokens)

    def _feature_loss(self, logits: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> Tensor:
        """Sum over the heads of the mean over the labels that are known."""
        total = torch.zeros((), device=self.device)
        for name, truth in labels.items():
            if name not in logits:
                continue
            wanted = truth.to(self.device)
            known = ~torch.isnan(wanted)
            # Unknown labels weigh nothing, but each head stays part of the sum: several processes need that.
            losses = functional.binary_cross_entropy_with_logits(
                logits[name].float(), torch.nan_to_num(wanted), reduction="none"
            )
            total = total + (losses * known).sum() / known.sum().clamp(min=1)
        return total

    def _language(self) -> CaptionLanguageModel:
        if self.language is None:
            raise ValueError(NO_CAPTIONS)
        return self.language


def _named(model: SonicVerse, names: Iterator[str]) -> Iterator[str]:
    """Of parameter names those that the checkpoint leaves to where the configuration says they are."""
    stays = model.config.encoder.frozen and model.config.encoder.weights != "none"
    for name in names:
        if (name.startswith("language.") and LORA not in name) or (stays and name.startswith("encoder.")):
            yield name


def _leave_out_named(model: Any, weights: dict[str, Tensor], prefix: str, metadata: Any) -> None:
    own = (name.removeprefix(prefix) for name in list(weights) if name.startswith(prefix))
    for name in list(_named(model, own)):
        del weights[prefix + name]


def _put_in_named(model: Any, weights: dict[str, Tensor], prefix: str, *told: Any) -> None:
    """Let what was left out stay as it is, instead of being missed."""
    here: dict[str, Tensor] = {}
    for part, module in (("language", model.language), ("encoder", model.encoder)):
        if isinstance(module, nn.Module):
            here.update(module.state_dict(prefix=f"{part}."))
    for name in _named(model, iter(here)):
        weights.setdefault(prefix + name, here[name])
