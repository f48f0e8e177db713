"""What a run would be, from one real batch and without training: shapes, parameters, memory, steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.training.batches import Batches, epoch_batches
from linernotes.training.examples import ExampleSets
from linernotes.training.heard import audio_source
from linernotes.training.loop import new_model, steps_per_epoch, total_steps
from linernotes.training.recipe import Recipe

BYTES_PER_LEARNED = 16
"""A weight, its gradient and Adam's two moments, four bytes each."""


@dataclass(frozen=True, slots=True)
class Part:
    """Parameters of one part of the model."""

    name: str
    learned: int
    frozen: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """Numbers in clips, parameters, bytes and steps."""

    train_clips: int
    validation_clips: int
    left_out: dict[str, int]
    vocabulary: int
    audio_shape: tuple[int, ...]
    audio_is: str
    loss: float
    parts: tuple[Part, ...]
    weights_and_optimizer_bytes: int
    batch_activation_bytes: int
    steps_per_epoch: int
    total_steps: int

    def as_text(self) -> str:
        """A few lines for a terminal."""
        shape = " x ".join(str(size) for size in self.audio_shape)
        lines = [f"clips: {self.train_clips} to train, {self.validation_clips} to validate"]
        lines += [f"  left out: {count} ({reason})" for reason, count in self.left_out.items()]
        lines += [
            f"a batch: {self.audio_is} {shape}; loss before training {self.loss:.3f} nats per token",
            f"vocabulary: {self.vocabulary} words",
            "parameters:",
            *(f"  {part.name}: {part.learned:,} learned, {part.frozen:,} frozen" for part in self.parts),
            f"memory: {self.weights_and_optimizer_bytes / 1e6:.1f} MB weights, gradients and optimizer; "
            f"{self.batch_activation_bytes / 1e6:.1f} MB kept for one batch's backward pass",
            f"steps: {self.steps_per_epoch} an epoch, {self.total_steps} in all",
        ]
        return "\n".join(lines)


def dry_run_report(recipe: Recipe, examples: ExampleSets) -> DryRun:
    """Build the model and run the first batch forward, hearing only the clips in it."""
    model = new_model(recipe, examples)
    assert isinstance(model, nn.Module)
    options = recipe.training
    draws = epoch_batches(len(examples.train), options.batch_size, options.seed, 0)[0]
    with TemporaryDirectory() as folder:
        some = [examples.train[draw.index] for draw in draws]
        source = audio_source(model, some, Path(folder), lambda done: None)
        batches = Batches(examples.train, source, seed=options.seed, crop_s=recipe.data.crop_s)
        batch = batches.drawn(draws)
    kept_bytes = 0

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal kept_bytes
        kept_bytes += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model.train().loss(batch)
    is_embeddings = isinstance(batch.audio, AudioEmbeddings)
    audio = batch.audio.states if isinstance(batch.audio, AudioEmbeddings) else batch.audio.samples
    parts = tuple(_part(name, child) for name, child in model.named_children())
    return DryRun(
        train_clips=len(examples.train),
        validation_clips=len(examples.validation),
        left_out=dict(examples.left_out),
        vocabulary=len(getattr(model, "vocabulary", ())),
        audio_shape=tuple(audio.shape),
        audio_is="embeddings" if is_embeddings else "samples",
        loss=float(loss.detach()),
        parts=parts,
        weights_and_optimizer_bytes=sum(part.learned * BYTES_PER_LEARNED + part.frozen * 4 for part in parts),
        batch_activation_bytes=kept_bytes,
        steps_per_epoch=steps_per_epoch(recipe, examples),
        total_steps=total_steps(recipe, examples),
    )


def _part(name: str, module: nn.Module) -> Part:
    learned = sum(weight.numel() for weight in module.parameters() if weight.requires_grad)
    return Part(name, learned, sum(weight.numel() for weight in module.parameters()) - learned)
