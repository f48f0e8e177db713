"""A PyTorch module as an ONNX file, and what the files of one exported model come with."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

OPSET = 17


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What a model becomes: files by name, and what the base install has to know of it."""

    contents: dict[str, bytes]
    frontend: str
    max_words: int
    frames_per_step: int = 1
    start_id: int = 0
    end_id: int = 0


@torch.no_grad()
def graph_file(
    module: nn.Module,
    example: Sequence[Tensor],
    inputs: list[str],
    outputs: list[str],
    axes: Mapping[str, Mapping[int, str]],
) -> bytes:
    """One module as an ONNX file; `axes` names the sizes that may vary."""
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # The exporter warns of shapes it keeps, all of which are meant to be kept, and of its own age.
        warnings.simplefilter("ignore")
        file = Path(scratch) / "graph.onnx"
        torch.onnx.export(
            module.eval(),
            tuple(example),
            file,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: dict(named) for name, named in axes.items()},
            opset_version=OPSET,
            dynamo=False,
        )
        return file.read_bytes()
