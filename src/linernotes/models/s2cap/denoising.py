"""Pre-training of a small T5 on captions alone: spans are hidden and have to be said (Raffel et al. 2020, 3.1.4).

What comes of it is a folder in T5's published layout, a `writer.source` whose text encoder knows what captions are
about.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from linernotes.checkpoint import replace_folder
from linernotes.encoders.published_layout import quietly
from linernotes.models.lp_musiccaps.network import IGNORED
from linernotes.models.s2cap.config import WriterConfig, WriterSizes
from linernotes.models.s2cap.writer import fresh_network
from linernotes.models.subwords import EOS, PAD, TOKENIZER_FILE, train_tokenizer

SENTINELS = tuple(f"<extra_id_{number}>" for number in range(32))
REPORT = "denoising.json"
SMALL = WriterSizes(dim=128, layers=2, heads=4, feed_forward=256)
TOLD_EVERY = 10


@dataclass(frozen=True, slots=True)
class DenoiseOptions:
    """How a T5 is pre-trained."""

    sizes: WriterSizes = field(default_factory=lambda: SMALL)
    tokens: int = 2000
    """At most in the tokenizer, the marks and sentinels included."""
    steps: int = 2000
    batch_size: int = 32
    learning_rate: float = 1e-3
    warmup_steps: int = 100
    hidden_share: float = 0.15
    """Of the tokens of a caption."""
    span: float = 3.0
    """Tokens hidden together, on average."""
    longest: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.hidden_share < 1:
            raise ValueError(f"hidden_share must lie between 0 and 1, got {self.hidden_share}")
        for name in ("tokens", "steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Corrupted:
    """A caption with spans hidden, and what was in them; both without the end token."""

    seen: tuple[int, ...]
    hidden: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Denoised:
    """What a run reached: cross entropy in nats a token of hidden spans."""

    folder: Path
    captions: int
    held_out_captions: int
    before: float
    """On held-out captions, with random weights."""
    after: float


def hide_spans(
    ids: Sequence[int], sentinels: Sequence[int], options: DenoiseOptions, rng: np.random.Generator
) -> Corrupted:
    """Replace random spans of a caption by sentinels; what is hidden follows its sentinel in the answer."""
    total = min(max(1, round(options.hidden_share * len(ids))), max(1, len(ids) - 1))
    spans = min(max(1, round(total / options.span)), total, len(ids) - total + 1, len(sentinels))
    lengths = _parts(total, spans, rng)
    # Before, between and after the spans; between two of them at least one token stays.
    free = len(ids) - total - (spans - 1)
    spare = np.diff([0, *sorted(rng.integers(0, free + 1, spans)), free])
    gaps = [int(count) + (0 < number < spans) for number, count in enumerate(spare)]
    seen: list[int] = []
    hidden: list[int] = []
    at = 0
    for sentinel, gap, length in zip(sentinels, gaps, lengths, strict=False):
        seen += [*ids[at : at + gap], sentinel]
        at += gap
        hidden += [sentinel, *ids[at : at + length]]
        at += length
    return Corrupted((*seen, *ids[at:]), tuple(hidden))


def pretrain_on_captions(
    captions: Sequence[str],
    held_out: Sequence[str],
    out: Path,
    options: DenoiseOptions = DenoiseOptions(),
    advance: Callable[[str, float, float], None] = lambda what, done, total: None,
) -> Denoised:
    """Train a T5 and write the folder `out`: `config.json`, `model.safetensors`, `tokenizer.json`.

    Raises:
        ValueError: there are no captions.
    """
    captions, held_out = (tuple(text for text in some if text.strip()) for some in (captions, held_out))
    if not captions or not held_out:
        raise ValueError("there are no captions to learn from, or none are held out: check the splits")
    torch.manual_seed(options.seed)
    tokenizer = train_tokenizer(captions, options.tokens, SENTINELS)
    network = fresh_network(WriterConfig(kind="t5", sizes=options.sizes), tokenizer)
    run = _Run(tokenizer, options)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=0.01)
    before = run.loss_of(network, held_out)
    network.train()
    for step, texts in enumerate(_batches(captions, options), 1):
        rate = min(1.0, step / options.warmup_steps) * (1 - (step - 1) / options.steps)
        optimizer.param_groups[0]["lr"] = options.learning_rate * rate
        torch.manual_seed(options.seed + step)
        loss = network(**run.batch(texts, np.random.default_rng((options.seed, step)))).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if step % TOLD_EVERY == 0 or step == options.steps:
            advance(f"hiding spans, loss {float(loss.detach()):.3f}", step, options.steps)
    after = run.loss_of(network, held_out)
    done = Denoised(out, len(captions), len(held_out), before, after)
    _write(network, tokenizer, options, done)
    return done


class _Run:
    """Captions to batches."""

    def __init__(self, tokenizer: Any, options: DenoiseOptions) -> None:
        self.tokenizer, self.options = tokenizer, options
        self.pad, self.end = tokenizer.token_to_id(PAD), tokenizer.token_to_id(EOS)
        self.sentinels = [tokenizer.token_to_id(name) for name in SENTINELS]

    def batch(self, texts: Sequence[str], rng: np.random.Generator) -> dict[str, Tensor]:
        """What a T5 takes, `labels` included."""
        seen, hidden = [], []
        for text in texts:
            ids = self.tokenizer.encode(text.strip(), add_special_tokens=False).ids[: self.options.longest]
            pair = hide_spans(ids, self.sentinels, self.options, rng)
            seen.append(torch.tensor([*pair.seen, self.end]))
            hidden.append(torch.tensor([*pair.hidden, self.end]))
        together = torch.nn.utils.rnn.pad_sequence
        inputs = together(seen, batch_first=True, padding_value=self.pad)
        labels = together(hidden, batch_first=True, padding_value=IGNORED)
        return {"input_ids": inputs, "attention_mask": inputs != self.pad, "labels": labels}

    @torch.no_grad()
    def loss_of(self, network: Any, texts: Sequence[str]) -> float:
        """Mean loss over captions, always with the same spans hidden."""
        network.eval()
        size, total = self.options.batch_size, 0.0
        for start in range(0, len(texts), size):
            some = texts[start : start + size]
            total += float(network(**self.batch(some, np.random.default_rng(start))).loss) * len(some)
        return total / len(texts)


def _batches(captions: Sequence[str], options: DenoiseOptions) -> Iterator[list[str]]:
    rng = np.random.default_rng(options.seed)
    for _ in range(options.steps):
        yield [captions[int(at)] for at in rng.integers(len(captions), size=options.batch_size)]


def _parts(total: int, parts: int, rng: np.random.Generator) -> list[int]:
    """`total` as a sum of positive numbers, each way as likely as any other."""
    cuts = sorted(rng.choice(np.arange(1, total), parts - 1, replace=False)) if parts > 1 else []
    return [int(length) for length in np.diff([0, *cuts, total])]


def _write(network: Any, tokenizer: Any, options: DenoiseOptions, done: Denoised) -> None:
    out = done.folder
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-", suffix=".part"))
    try:
        part.chmod(0o755)
        with quietly():
            network.save_pretrained(part)
        (part / TOKENIZER_FILE).write_text(tokenizer.to_str(), "utf-8")
        told = {**asdict(replace(done, folder=Path(out.name))), "options": asdict(options)}
        (part / REPORT).write_text(json.dumps(told, indent=2, default=str) + "\n", "utf-8")
        replace_folder(part, out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
