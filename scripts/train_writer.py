"""Train the small writer on the aspect lists and captions of MusicCaps' train half.

    python scripts/train_writer.py recipes/writer/small.toml --musiccaps musiccaps-public.csv --out runs/writer

Writes `tokenizer.json`, `config.json` and `checkpoint.pt` (averaged weights) into the output folder, again
and again while it runs, so that any state can be exported.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from linernotes.config import config_from_mapping, config_to_mapping, load_config
from linernotes.models.text_writer import TextWriter, TextWriterConfig
from linernotes.writers.small.prompt import BOS, EOS, SPECIALS, source_ids
from linernotes.writers.small.tokenizer import BpeTokenizer, train_bpe
from linernotes.writers.small.wording import WordLists, fold

sys.path.insert(0, str(Path(__file__).parent))
from writer_data import (
    Augmentation,
    Example,
    Pair,
    make_example,
    plain_example,
    read_pairs,
    split_pairs,
)

WORDS = Path(__file__).parent.parent / "src/linernotes/assets/small_writer/words.json"


@dataclass(frozen=True)
class Recipe:
    """Everything a training run depends on besides the data."""

    seed: int = 1
    vocabulary: int = 3000
    validation: int = 200
    minutes: float = 50.0
    """Of processor time, so that other work on the machine costs patience and not quality."""
    batch_size: int = 32
    learning_rate: float = 1.2e-3
    floor: float = 0.03
    warmup_steps: int = 300
    weight_decay: float = 0.03
    label_smoothing: float = 0.1
    word_dropout: float = 0.1
    average_decay: float = 0.998
    checkpoint_minutes: float = 4.0
    bfloat16: bool = True
    model: TextWriterConfig = field(default_factory=TextWriterConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class Batch:
    """Padded ids; `weight` is 0 at padding and at words the aspects do not license."""

    source: Tensor
    target_in: Tensor
    target_out: Tensor
    weight: Tensor


def encode(
    example: Example, tokenizer: BpeTokenizer, model: TextWriterConfig
) -> tuple[list[int], list[int], list[int]]:
    """Source ids, target ids with <bos> and <eos>, and the weight of every target after <bos>."""
    target, weight = [tokenizer.special(BOS)], []
    for word, licensed in zip(example.words, example.licensed, strict=True):
        pieces = tokenizer.encode_word(word)
        target += pieces
        weight += [int(licensed)] * len(pieces)
    target, weight = target[: model.max_target - 1], weight[: model.max_target - 2]
    source = source_ids(tokenizer, example.controls, example.aspects, model.max_source)
    return source, [*target, tokenizer.special(EOS)], [*weight, 1]


def collate(rows: Sequence[tuple[list[int], list[int], list[int]]]) -> Batch:
    """Pad rows with zeros (<pad> is id 0)."""

    def pad(lists: Sequence[list[int]]) -> Tensor:
        out = np.zeros((len(lists), -(-max(map(len, lists)) // 8) * 8), np.int64)
        for i, items in enumerate(lists):
            out[i, : len(items)] = items
        return torch.from_numpy(out)

    sources, targets, weights = zip(*rows, strict=True)
    return Batch(
        pad(sources), pad([t[:-1] for t in targets]), pad([t[1:] for t in targets]), pad(weights).float()
    )


def epochs(
    pairs: Sequence[Pair], free: frozenset[str], tokenizer: BpeTokenizer, recipe: Recipe
) -> Iterator[Batch]:
    """Batches for ever; items of like length share a batch, batches come in random order."""
    rng = random.Random(recipe.seed)
    while True:
        rows = [
            encode(make_example(pair, free, recipe.augmentation, rng), tokenizer, recipe.model)
            for pair in pairs
        ]
        rows.sort(key=lambda row: len(row[1]) + 0.5 * len(row[0]) + 12 * rng.random())
        starts = list(range(0, len(rows), recipe.batch_size))
        rng.shuffle(starts)
        for start in starts:
            yield collate(rows[start : start + recipe.batch_size])


def loss_of(model: TextWriter, batch: Batch, smoothing: float, target_in: Tensor) -> Tensor:
    """Label-smoothed negative log-likelihood per licensed token."""
    losses = model.token_losses(batch.source, target_in, batch.target_out)
    nll = losses.likelihood
    if smoothing:
        nll = (1 - smoothing) * nll + smoothing * losses.uniform
    return (nll * batch.weight).sum() / batch.weight.sum()


@torch.no_grad()
def validation_loss(model: TextWriter, batches: Sequence[Batch]) -> float:
    """Mean negative log-likelihood (nats per licensed token) of the cleaned validation captions."""
    model.eval()
    total, count = 0.0, 0.0
    for batch in batches:
        count_here = float(batch.weight.sum())
        total += float(loss_of(model, batch, 0.0, batch.target_in)) * count_here
        count += count_here
    return total / count


def learn_tokenizer(pairs: Sequence[Pair], size: int) -> BpeTokenizer:
    """Pieces of the lower-case captions and aspects."""
    texts = [fold(text).lower() for pair in pairs for text in (pair.caption, *pair.aspects)]
    return train_bpe([f" {text}" for text in texts], size, SPECIALS)


def train(
    recipe: Recipe, pairs: list[Pair], out: Path, pieces: Path | None = None, start: Path | None = None
) -> None:
    """Run the recipe, with the tokenizer of the file `pieces` if given, so that models can write together.

    `start` is the folder of an earlier run whose weights (and tokenizer) this one goes on from.
    The learning rate follows the processor's clock, so a run ends when it says.
    """
    torch.manual_seed(recipe.seed)
    lists = WordLists.load(WORDS)
    training, held_out = split_pairs(pairs, recipe.validation)
    pieces = start / "tokenizer.json" if start else pieces
    tokenizer = BpeTokenizer.load(pieces) if pieces else learn_tokenizer(training, recipe.vocabulary)
    model_config = replace(recipe.model, vocabulary=len(tokenizer))
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(out / "tokenizer.json")
    (out / "config.json").write_text(json.dumps(config_to_mapping(model_config), indent=1), encoding="utf-8")
    (out / "recipe.json").write_text(json.dumps(config_to_mapping(recipe), indent=1), encoding="utf-8")
    rows = [encode(plain_example(pair, lists.free), tokenizer, model_config) for pair in held_out]
    checks = [collate(rows[i : i + 50]) for i in range(0, len(rows), 50)]
    model = TextWriter(model_config)
    if start:
        model.load_state_dict(torch.load(start / "checkpoint.pt", weights_only=True))
    average = TextWriter(model_config)
    average.load_state_dict(model.state_dict())
    parameters = sum(p.numel() for p in model.parameters())
    print(
        f"{parameters} parameters, {len(tokenizer)} pieces, {len(training)} + {len(held_out)} items",
        flush=True,
    )
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        betas=(0.9, 0.98),
    )
    began = saved = time.process_time()
    recent: list[float] = []
    for step, batch in enumerate(epochs(training, lists.free, tokenizer, recipe)):
        minutes = (time.process_time() - began) / 60
        done = min(minutes / recipe.minutes, 1.0)
        rate = recipe.floor + (1 - recipe.floor) * 0.5 * (1 + float(np.cos(np.pi * done)))
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * rate * min(1.0, (step + 1) / recipe.warmup_steps)
        recent.append(_update(model, optimiser, batch, recipe, len(tokenizer)))
        _average(average, model, min(recipe.average_decay, (1 + step) / (10 + step)))
        finished = done >= 1.0
        if finished or time.process_time() - saved > 60 * recipe.checkpoint_minutes:
            saved = time.process_time()
            held = validation_loss(average, checks) if checks else float("nan")
            print(
                f"{minutes:6.1f} min  step {step}  epoch {step * recipe.batch_size / len(training):.1f}  "
                f"train {np.mean(recent):.3f}  validation {held:.4f}",
                flush=True,
            )
            recent.clear()
            torch.save(average.state_dict(), out / "checkpoint.tmp")
            (out / "checkpoint.tmp").rename(out / "checkpoint.pt")
        if finished:
            return


def _update(
    model: TextWriter, optimiser: torch.optim.Optimizer, batch: Batch, recipe: Recipe, pieces: int
) -> float:
    model.train()
    noise = torch.rand(batch.target_in.shape) < recipe.word_dropout
    noise &= batch.target_in >= len(SPECIALS)
    random_ids = torch.randint(len(SPECIALS), pieces, batch.target_in.shape)
    target_in = torch.where(noise, random_ids, batch.target_in)
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
        loss = loss_of(model, batch, recipe.label_smoothing, target_in)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def _average(average: TextWriter, model: TextWriter, decay: float) -> None:
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)


def main() -> None:
    """Read the recipe and the csv, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--musiccaps", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json of an earlier run")
    parser.add_argument("--start", type=Path, help="folder of an earlier run to go on from")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="override a top-level key")
    arguments = parser.parse_args()
    recipe = load_config(arguments.recipe, Recipe)
    changes = {key: json.loads(value) for key, value in (item.split("=", 1) for item in arguments.set)}
    if changes:
        recipe = config_from_mapping({**config_to_mapping(recipe), **changes}, Recipe)
    torch.set_num_threads(1)
    train(recipe, read_pairs(arguments.musiccaps), arguments.out, arguments.tokenizer, arguments.start)


if __name__ == "__main__":
    main()
