"""The small writer's networks in onnxruntime: several models of one shape that write together.

They share a tokenizer, and the mean of their probabilities chooses the next token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.decoding import State, StepResult
from linernotes.networks import open_network

MEMORY = ("states", "copy_keys", "cross_keys", "cross_values")
"""What the encoder's file gives and the decoder's file reads, in order."""


@dataclass(frozen=True)
class WriterNetwork:
    """Pairs of ONNX sessions (encoder, step), one pair a model, and the sizes their arrays need."""

    encoders: tuple[Any, ...]
    steps: tuple[Any, ...]
    layers: int
    heads: int
    head_dim: int
    max_source: int

    def start(self, source: Sequence[int]) -> WriterStep:
        """Encode source ids; the result decodes."""
        ids = np.array([source], dtype=np.int64)
        memories = [
            {"source": ids, **dict(zip(MEMORY, encoder.run(None, {"source": ids}), strict=True))}
            for encoder in self.encoders
        ]
        return WriterStep(self.steps, tuple(memories))

    def empty_state(self) -> State:
        """The state of one beam before any token: keys and values of every model."""
        empty = np.zeros((1, self.layers, self.heads, 0, self.head_dim), np.float32)
        return {f"{name}{i}": empty for i in range(len(self.steps)) for name in ("keys", "values")}


@dataclass(frozen=True)
class WriterStep:
    """`decoding.Step` for one source."""

    sessions: tuple[Any, ...]
    memories: tuple[Mapping[str, NDArray[Any]], ...]

    def __call__(self, state: State, tokens: NDArray[np.int64]) -> StepResult:
        """Run one step of every model for every beam."""
        after: dict[str, NDArray[np.float32]] = {}
        spoken = []
        for i, (session, memory) in enumerate(zip(self.sessions, self.memories, strict=True)):
            past = {"keys": state[f"keys{i}"], "values": state[f"values{i}"]}
            log_probs, after[f"keys{i}"], after[f"values{i}"] = session.run(
                None, {**memory, **past, "tokens": tokens}
            )
            spoken.append(log_probs)
        if len(spoken) == 1:
            return StepResult(spoken[0], after)
        mean = np.mean(np.exp(np.stack(spoken)), axis=0, dtype=np.float32)
        return StepResult(np.log(mean), after)


def read_network(folder: Path) -> WriterNetwork:
    """Open the ONNX files that `scripts/export_writer.py` wrote."""
    shape = json.loads((folder / "shape.json").read_text(encoding="utf-8"))
    members = range(1, shape["members"] + 1)
    return WriterNetwork(
        encoders=tuple(open_network(folder / f"encoder{i}.onnx") for i in members),
        steps=tuple(open_network(folder / f"step{i}.onnx") for i in members),
        layers=shape["decoder_layers"],
        heads=shape["heads"],
        head_dim=shape["dim"] // shape["heads"],
        max_source=shape["max_source"],
    )
