"""The one training loop, on accelerate: a CPU, one GPU or many, whole or in bfloat16."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from linernotes import __version__
from linernotes.models.captioning import CaptionBatch, CaptionModel, FeatureModel, VocalsModel
from linernotes.models.families import load_family, save_model
from linernotes.registry import need_extra
from linernotes.training.batches import (
    AudioSource,
    Batches,
    Draw,
    balanced_batches,
    epoch_batches,
    prefetched,
)
from linernotes.training.examples import ExampleSets
from linernotes.training.heard import audio_source
from linernotes.training.journal import Journal, git_revision, plot_losses
from linernotes.training.recipe import (
    PRECISIONS,
    Recipe,
    TrainingOptions,
    recipe_to_mapping,
    training_identity,
)
from linernotes.training.schedules import Plateau, rate_share
from linernotes.training.shares import Part, share_of
from linernotes.training.start import continued_model, digest_of_start, licences_of_start
from linernotes.training.state import (
    STATE,
    MovingAverage,
    ResumeError,
    Standing,
    learning,
    load_state,
    save_state,
)
from linernotes.training.validation import caption_scores, metric_named, validation_loss, write_captions

Advance = Callable[[str, float, float], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How a run ended."""

    out: Path
    best: Path
    last: Path
    epochs: int
    steps: int
    metrics: dict[str, float]
    """Of the best epoch."""


class LossModule(nn.Module):
    """Makes the loss the forward pass, which is what accelerate wraps for several processes and bfloat16."""

    def __init__(self, model: CaptionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: CaptionBatch) -> Tensor:
        """The loss of a batch, a scalar."""
        return self.model.loss(batch)


def new_model(recipe: Recipe, examples: ExampleSets) -> CaptionModel:
    """The model that a recipe begins with; the same one for the same seed."""
    torch.manual_seed(recipe.training.seed)
    if recipe.training.start is not None:
        return continued_model(recipe)
    captions = [caption for example in examples.train for caption in example.captions]
    return load_family(recipe.family).new(recipe.model, captions)


def total_steps(recipe: Recipe, examples: ExampleSets) -> int:
    """Optimizer steps of all epochs."""
    options = recipe.training
    return options.steps or options.epochs * steps_per_epoch(recipe, examples)


def steps_per_epoch(recipe: Recipe, examples: ExampleSets) -> int:
    """Optimizer steps of a whole epoch."""
    return math.ceil(len(examples.train) / recipe.training.batch_size)


def train(
    recipe: Recipe,
    examples: ExampleSets,
    out: Path,
    *,
    resume: bool = False,
    features: Path | None = None,
    advance: Advance = lambda what, done, total: None,
) -> TrainingResult:
    """Train a model and leave `best/`, `last/`, the log and the state in `out`.

    `features` is the folder of the caches of frozen encoders; None puts it into `out`.

    Raises:
        ValueError: `out` holds a run already and `resume` is not set, or the state does not fit.
    """
    need_extra("accelerate", "train")
    out.mkdir(parents=True, exist_ok=True)
    if (out / STATE).exists() and not resume:
        raise ResumeError(
            f"{str(out)!r} holds a run already: add --resume to go on with it, or give another --out"
        )
    for name in recipe.training.metrics:
        metric_named(name)  # says now, not after an epoch, that there is none
    model = new_model(recipe, examples)
    if _hears_vocals(model):
        _need_stems(examples)
    everything = (*examples.train, *examples.validation)
    source = audio_source(
        model,
        everything,
        features or out / "features",
        lambda done: advance("listening", done, len(everything)),
    )
    with _accelerator(recipe.training) as accelerator:
        return _Run(recipe, examples, model, source, out, accelerator, advance).run()


def _hears_vocals(model: CaptionModel) -> bool:
    return isinstance(model, VocalsModel) and model.hears_vocals


def _need_stems(examples: ExampleSets) -> None:
    if not any(one.vocals for one in examples.train):
        raise ValueError(
            "no clip to learn from has a vocal stem (a file that `extra.vocals_path` names), so demixing "
            "supervision would change nothing: set model.demixing_weight=0, or learn from what "
            "`linernotes singing build` or `singing render` made"
        )


class _Run:
    """A run under way."""

    def __init__(
        self,
        recipe: Recipe,
        examples: ExampleSets,
        model: CaptionModel,
        source: AudioSource,
        out: Path,
        accelerator: Any,
        advance: Advance,
    ) -> None:
        assert isinstance(model, nn.Module)
        options = recipe.training
        self.recipe, self.options, self.examples, self.model = recipe, options, examples, model
        self.source, self.out, self.accelerator, self.advance = source, out, accelerator, advance
        labels_of = model.labels_of if isinstance(model, FeatureModel) else None
        self.batches = Batches(
            examples.train, source, seed=options.seed, crop_s=recipe.data.crop_s, labels_of=labels_of,
            vocals=_hears_vocals(model),
        )  # fmt: skip
        self.validation = Batches(examples.validation, source, labels_of=labels_of)
        self.total_steps = total_steps(recipe, examples)
        model.to(accelerator.device)
        kind = torch.optim.AdamW if options.optimizer == "adamw" else torch.optim.Adam
        weights = [weight for _, weight in learning(model)]
        optimizer = kind(weights, lr=options.learning_rate, weight_decay=options.weight_decay)
        self.wrapped, self.optimizer = accelerator.prepare(LossModule(model), optimizer)
        self.average = MovingAverage(model, options.average_decay) if options.average_decay else None
        self.fingerprint = hashlib.sha256(
            _told(recipe, examples, labels_of is not None).encode()
        ).hexdigest()[:16]
        self.standing = Standing(plateau=Plateau(options.plateau_patience))
        if (out / STATE).exists():
            self.standing = load_state(out / STATE, self.fingerprint, model, self.optimizer, self.average)

    def run(self) -> TrainingResult:
        """All epochs that are left."""
        self.journal = Journal(self.out, self.standing.step) if self.accelerator.is_main_process else None
        try:
            while self.standing.step < self.total_steps and not self.standing.finished:
                self._epoch()
        finally:
            if self.journal is not None:
                self.journal.close()
        self.accelerator.wait_for_everyone()
        metrics = json.loads((self.out / "best" / "training.json").read_text("utf-8"))["metrics"]
        at = self.standing
        return TrainingResult(self.out, self.out / "best", self.out / "last", at.epoch, at.step, metrics)

    def _epoch(self) -> None:
        at, options = self.standing, self.options
        left = self._order(at.epoch)[at.batches :][: self.total_steps - at.step]
        for draws, parts in zip(left, prefetched(left, self._parts), strict=True):
            self._step(len(draws), parts)
            at.batches += 1
            if options.save_every_steps and at.step % options.save_every_steps == 0:
                self._save_state()
        self._end_epoch()

    def _order(self, epoch: int) -> list[list[Draw]]:
        options, train = self.options, self.examples.train
        if options.sampling is None:
            return epoch_batches(len(train), options.batch_size, options.seed, epoch)
        return balanced_batches([one.tags for one in train], options.batch_size, options.seed, epoch)

    def _parts(self, draws: list[Draw]) -> list[Part]:
        """This process's share of a batch, in as many parts as gradients are accumulated over."""
        return share_of(
            draws,
            self.batches,
            self.model,
            process=self.accelerator.process_index,
            processes=self.accelerator.num_processes,
            accumulate=self.options.accumulate,
        )

    def _step(self, clips: int, parts: list[Part]) -> None:
        at, options = self.standing, self.options
        rate = options.learning_rate * rate_share(options, at.step, self.total_steps) * at.plateau.factor
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(_step_seed(options.seed, at.step, self.accelerator.process_index))
        self.wrapped.train()
        loss = self._over_processes(self._gradients(parts))
        norm = self.accelerator.clip_grad_norm_(self.wrapped.parameters(), options.clip_norm or math.inf)
        if not math.isfinite(loss):
            raise ValueError(
                f"the loss is {loss} at step {at.step + 1}: lower training.learning_rate or training.clip_norm, "
                "or use training.precision = 'float32'; the last good state is kept"
            )
        self.optimizer.step()
        self.optimizer.zero_grad()
        at.step += 1
        at.loss_sum += loss * clips
        at.loss_clips += clips
        if self.average is not None:
            self.average.update(self.model, at.step)
        if self.journal is not None:
            values = {"epoch": at.epoch + 1, "loss": loss, "learning_rate": rate}
            self.journal.write("step", at.step, {**values, "gradient_norm": float(norm)})
        self.advance(f"epoch {at.epoch + 1}, loss {loss:.3f}", at.step, self.total_steps)

    def _gradients(self, parts: list[Part]) -> float:
        """Backward passes of this process's share; returns what it adds to the loss of the batch."""
        loss_sum = 0.0
        for number, part in enumerate(parts, 1):
            is_last = number == len(parts)
            with nullcontext() if is_last else self.accelerator.no_sync(self.wrapped):
                loss = self.wrapped(part.batch)
                # Gradients are averaged over processes, each of which holds a part of the mean.
                self.accelerator.backward(loss * (part.weight * self.accelerator.num_processes))
            loss_sum += float(loss.detach()) * part.weight
        return loss_sum

    def _over_processes(self, value: float) -> float:
        """The sum over all processes."""
        if self.accelerator.num_processes == 1:
            return value
        return float(self.accelerator.reduce(torch.tensor(value, device=self.accelerator.device)))

    def _end_epoch(self) -> None:
        at = self.standing
        training_loss = at.loss_sum / max(1, at.loss_clips)
        at.epoch, at.batches, at.loss_sum, at.loss_clips = at.epoch + 1, 0, 0.0, 0
        averaged = self.average.in_place_of_weights(self.model) if self.average else nullcontext()
        with averaged:
            self.model.eval()
            metrics = self._as_main_has({"training_loss": training_loss, **self._validate()})
            at.plateau.see(metrics["validation_loss"])
            better = self._note_best(metrics)
            if self.accelerator.is_main_process:
                info = self._info(metrics)
                for name in ("best", "last") if better else ("last",):
                    save_model(self.model, self.recipe.family, self.out / name, info)
        if self.journal is not None:
            self.journal.write("epoch", at.step, {"epoch": at.epoch, **metrics})
            plot_losses(self.out)
        at.finished = bool(self.options.patience) and at.stale_epochs >= self.options.patience
        self._save_state()

    def _validate(self) -> dict[str, float]:
        """Loss and metrics on the validation clips; every process works, so that none waits too long."""
        with self.accelerator.autocast():
            loss = validation_loss(self.model, self.validation, self.options.batch_size)
        if not self.options.metrics:
            return {"validation_loss": loss}
        some = self.examples.validation[: self.options.metric_clips]
        captions = write_captions(
            self.model, some, self.source, replace(self.recipe.decoding, beams=1),
            advance=lambda done: self.advance("captioning for validation", done, len(some)),
        )  # fmt: skip
        return {"validation_loss": loss, **caption_scores(captions, some, self.options.metrics)}

    def _as_main_has(self, metrics: dict[str, float]) -> dict[str, float]:
        """The metrics of the main process, by which all processes stop and choose alike."""
        told = [metrics]
        if self.accelerator.num_processes > 1:
            need_extra("accelerate.utils", "train").broadcast_object_list(told)
        return told[0]

    def _note_best(self, metrics: dict[str, float]) -> bool:
        at, monitor = self.standing, self.options.monitor
        value = -metrics["validation_loss"] if monitor == "loss" else metrics[monitor]
        if at.best is None or value > at.best:
            at.best, at.stale_epochs = value, 0
            return True
        at.stale_epochs += 1
        return False

    def _info(self, metrics: dict[str, float]) -> dict[str, Any]:
        return {
            "linernotes": __version__,
            "git_revision": git_revision(),
            "epoch": self.standing.epoch,
            "step": self.standing.step,
            "metrics": metrics,
            "clips": {"train": len(self.examples.train), "validation": len(self.examples.validation)},
            "left_out": dict(self.examples.left_out),
            "licences": sorted({*self.examples.licences, *licences_of_start(self.recipe)}),
            "recipe": json.loads(json.dumps(recipe_to_mapping(self.recipe), default=str)),
        }

    def _save_state(self) -> None:
        if self.accelerator.is_main_process:
            save_state(
                self.out / STATE, self.fingerprint, self.model, self.optimizer, self.average, self.standing
            )


def _told(recipe: Recipe, examples: ExampleSets, has_labels: bool) -> str:
    """All that a run depends on; a state that was saved under other conditions is not gone on from."""
    told = f"{training_identity(recipe)} {examples.fingerprint}"
    if recipe.training.sampling is not None:
        told += json.dumps([one.tags for one in examples.train])
    if has_labels:
        told += str([one.facts for one in examples.train])
    return told + digest_of_start(recipe)


def _step_seed(seed: int, step: int, process: int) -> int:
    digest = hashlib.sha256(f"{seed} {step} {process}".encode()).digest()
    return int.from_bytes(digest[:7])


@contextmanager
def _accelerator(options: TrainingOptions) -> Iterator[Any]:
    """An Accelerator for one run; its process-wide state is cleared afterwards, for the next run."""
    Accelerator = need_extra("accelerate", "train").Accelerator  # noqa: N806
    AcceleratorState = need_extra("accelerate.state", "train").AcceleratorState  # noqa: N806

    # A model may hold layers that its settings leave unused, such as the audio layer of the paper's attention.
    distributed = need_extra("accelerate", "train").DistributedDataParallelKwargs(find_unused_parameters=True)
    accelerator = Accelerator(mixed_precision=PRECISIONS[options.precision], kwargs_handlers=[distributed])
    try:
        yield accelerator
    finally:
        accelerator.free_memory()
        AcceleratorState._reset_state()
