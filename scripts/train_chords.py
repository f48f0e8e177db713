"""Fit the chord network on rendered pieces and write src/linernotes/assets/chord_net.npz.

Data: pieces of `linernotes.datasets.rendered` with seeds of 100000 and up (the benchmark's seeds 0 to 239 are
never read), and sounds without harmony: noise, drums and espeak-ng's speech. Two steps, the first resumable:

    python scripts/harmony_data.py --cache CACHE --seeds 100000 100900
    python scripts/train_chords.py --cache CACHE
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from harmony_data import Example, load_examples
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from linernotes.features.harmony.chord_net import (
    CHORDS,
    NO_CHORD,
    NOTES,
    QUALITIES,
    SPANS_FRAMES,
    VIEW_NOTES,
    ChordNet,
    first_of_view,
    surroundings,
)

WEIGHTS = Path(__file__).parents[1] / "src" / "linernotes" / "assets" / "chord_net.npz"
FRAMES_A_PIECE, FRAMES_TONELESS = 50, 12
"""Frames drawn from each piece in each epoch; neighbours say nearly the same."""


class TorchChordNet(nn.Module):
    """The same network as `ChordNet`, to be trained."""

    def __init__(self, width1: int, width2: int) -> None:
        super().__init__()
        self.first = nn.Linear(len(SPANS_FRAMES) * VIEW_NOTES, width1)
        self.second = nn.Linear(width1, width2)
        self.out = nn.Linear(width2, len(QUALITIES))
        self.none = nn.Linear(width2, 1)
        starts = torch.tensor([first_of_view(root) for root in range(12)])
        self.register_buffer("view", starts[:, None] + torch.arange(VIEW_NOTES))

    def forward(self, near: torch.Tensor) -> torch.Tensor:
        """Surroundings (batch, spans, notes) -> logits (batch, chords)."""
        views = functional.pad(near, (12, 12))[:, :, self.view].transpose(1, 2)
        hidden = functional.relu(self.first(views.reshape(len(near), 12, -1)))
        hidden = functional.relu(self.second(functional.dropout(hidden, 0.1, self.training)))
        return torch.cat([self.out(hidden).flatten(1), self.none(hidden.mean(dim=1))], dim=1)

    def numpy(self) -> ChordNet:
        """The trained weights, for inference and for the file."""
        layers = (self.first, self.second, self.out, self.none)
        arrays = [a.detach().numpy() for layer in layers for a in (layer.weight.T, layer.bias)]
        return ChordNet(*(np.ascontiguousarray(array, np.float32) for array in arrays))


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Surroundings (frames, spans, notes) in half precision, labels (frames,), frames of each piece."""

    near: NDArray[np.float16]
    labels: NDArray[np.int64]
    pieces: list[NDArray[np.int64]]

    @property
    def toneless(self) -> NDArray[np.int64]:
        """Frames without harmony, to be mixed into others."""
        return np.flatnonzero(self.labels == NO_CHORD)


def gather(examples: list[Example]) -> TrainingSet:
    """All frames of the examples, one after another."""
    near = [surroundings(example.semitones).astype(np.float16) for example in examples]
    labels = [example.frame_labels() for example in examples]
    ends = np.cumsum([len(part) for part in labels])
    pieces = [np.arange(end - len(part), end) for part, end in zip(labels, ends, strict=True)]
    return TrainingSet(np.concatenate(near), np.concatenate(labels), pieces)


def draw(data: TrainingSet, generator: np.random.Generator) -> NDArray[np.int64]:
    """A shuffled choice of labelled frames, the same number from each piece with harmony."""
    chosen = []
    for piece in data.pieces:
        count = FRAMES_TONELESS if data.labels[piece[0]] == NO_CHORD else FRAMES_A_PIECE
        chosen.append(generator.choice(piece, min(count, len(piece)), replace=False))
    frames = np.concatenate(chosen)
    frames = frames[data.labels[frames] >= 0]
    return np.asarray(generator.permutation(frames))


def roughened(near: torch.Tensor, background: torch.Tensor) -> torch.Tensor:
    """Another equaliser and noise, now and then no bass or treble, and drums, noise or speech over half of it.

    So that the network leans on no one soundfont, and calls nothing toneless that has tones in it.
    """
    batch = len(near)
    loudness = torch.rand(batch, 1, 1) * (torch.rand(batch, 1, 1) < 0.5)
    mixed = torch.log1p(torch.expm1(near) * (1 - 0.5 * loudness) + torch.expm1(background) * loudness)
    points = torch.rand(batch, 1, 8) * 0.9 + 0.55
    gains = functional.interpolate(points, NOTES, mode="linear", align_corners=True)
    noise = torch.rand(batch, 1, 1) * 0.25 * torch.rand(batch, 1, NOTES)
    cut = torch.where(torch.rand(batch, 1, 1) < 0.12, torch.randint(4, 30, (batch, 1, 1)), 0)
    top = torch.where(torch.rand(batch, 1, 1) < 0.12, torch.randint(40, 70, (batch, 1, 1)), NOTES)
    note = torch.arange(NOTES)
    return (mixed * gains + noise) * ((note >= cut) & (note < top))


def train(data: TrainingSet, epochs: int, widths: tuple[int, int], check: list[Example]) -> TorchChordNet:
    """AdamW with a learning rate that falls to nothing along a cosine."""
    torch.manual_seed(1)
    generator, toneless = np.random.default_rng(1), data.toneless
    net = TorchChordNet(*widths)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    for epoch in range(epochs):
        net.train()
        losses = []
        drawn = draw(data, generator)
        batches = np.array_split(drawn, len(drawn) // 256 + 1)
        for number, frames in enumerate(batches):
            done = (epoch + number / len(batches)) / epochs
            optimiser.param_groups[0]["lr"] = 2e-3 * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-5
            background = data.near[generator.choice(toneless, len(frames))]
            near = roughened(
                torch.from_numpy(data.near[frames]).float(), torch.from_numpy(background).float()
            )
            loss = functional.cross_entropy(
                net(near), torch.from_numpy(data.labels[frames]), label_smoothing=0.02
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        print(
            f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}, {accuracy(net, check)}", flush=True
        )
    return net.eval()


def accuracy(net: TorchChordNet, examples: list[Example]) -> str:
    """Share of frames whose chord, and whose root, is right."""
    numpy_net = net.eval().numpy()
    guessed = np.concatenate([numpy_net(example.semitones).argmax(axis=1) for example in examples])
    truth = np.concatenate([example.frame_labels() for example in examples])
    known = (truth >= 0) & (truth < NO_CHORD)
    roots = guessed[known] // len(QUALITIES) == truth[known] // len(QUALITIES)
    return f"frames right {np.mean(guessed[known] == truth[known]):.3f}, roots {np.mean(roots):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--widths", type=int, nargs=2, default=(80, 48))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    training, check = (
        load_examples(options.cache, held_out=False),
        load_examples(options.cache, held_out=True),
    )
    net = train(gather(training), options.epochs, tuple(options.widths), check)
    weights = net.numpy()
    np.savez_compressed(
        options.out, **{name: getattr(weights, name).astype(np.float16) for name in ChordNet.__slots__}
    )
    print(f"{options.out}: {options.out.stat().st_size} bytes, {CHORDS} outputs")


if __name__ == "__main__":
    main()
