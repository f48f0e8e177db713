"""Export trained small writers to ONNX: two files a model, with weights of 8 or 16 bits.

    python scripts/export_writer.py runs/writer1 runs/writer2 --out src/linernotes/assets/small_writer

Weights are unpacked when the session is made; all arithmetic is float32.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from linernotes.config import config_from_mapping
from linernotes.models.text_writer import EncoderGraph, StepGraph, TextWriter, TextWriterConfig

SMALLEST_SHRUNK = 256
"""Weights with fewer numbers stay in float32."""


def load_checkpoint(folder: Path) -> TextWriter:
    """The model that `train_writer.py` left in `folder`."""
    table = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = TextWriter(config_from_mapping(table, TextWriterConfig))
    model.load_state_dict(torch.load(folder / "checkpoint.pt", weights_only=True))
    return model.eval()


def export_encoder(model: TextWriter, path: Path) -> None:
    """Source ids (1, source) -> states, copy_keys, cross_keys, cross_values."""
    torch.onnx.export(
        EncoderGraph(model),
        (torch.full((1, 7), 5, dtype=torch.int64),),
        str(path),
        input_names=["source"],
        output_names=["states", "copy_keys", "cross_keys", "cross_values"],
        dynamic_axes={
            "source": {1: "source"},
            "states": {1: "source"},
            "copy_keys": {1: "source"},
            "cross_keys": {3: "source"},
            "cross_values": {3: "source"},
        },
        opset_version=17,
        dynamo=False,
    )


def export_step(model: TextWriter, path: Path) -> None:
    """One decoding step; see `StepGraph`."""
    config = model.config
    source = torch.full((1, 7), 5, dtype=torch.int64)
    with torch.no_grad():
        memory = EncoderGraph(model)(source)
    past = torch.zeros(2, config.decoder_layers, config.heads, 3, config.dim // config.heads)
    torch.onnx.export(
        StepGraph(model),
        (torch.tensor([5, 6]), source, *memory, past, past),
        str(path),
        input_names=[
            "tokens",
            "source",
            "states",
            "copy_keys",
            "cross_keys",
            "cross_values",
            "keys",
            "values",
        ],
        output_names=["log_probs", "new_keys", "new_values"],
        dynamic_axes={
            "tokens": {0: "beams"},
            "source": {1: "source"},
            "states": {1: "source"},
            "copy_keys": {1: "source"},
            "cross_keys": {3: "source"},
            "cross_values": {3: "source"},
            "keys": {0: "beams", 3: "time"},
            "values": {0: "beams", 3: "time"},
            "log_probs": {0: "beams"},
            "new_keys": {0: "beams", 3: "time_after"},
            "new_values": {0: "beams", 3: "time_after"},
        },
        opset_version=17,
        dynamo=False,
    )


def shrink_weights(path: Path, bits: int) -> None:
    """Store large weights as float16 or scaled int8, behind nodes which onnxruntime folds when it loads."""
    model = onnx.load(str(path))
    graph = model.graph
    nodes, scales = [], []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.size < SMALLEST_SHRUNK:
            continue
        name = tensor.name
        if bits == 16 or weights.ndim != 2:
            tensor.CopyFrom(numpy_helper.from_array(weights.astype(np.float16), f"{name}_small"))
            nodes.append(onnx.helper.make_node("Cast", [f"{name}_small"], [name], to=onnx.TensorProto.FLOAT))
            continue
        axis = 0 if "MatMul" in name else 1  # one scale an output, or a row of an embedding
        scale = np.abs(weights).max(axis=axis, keepdims=True) / 127
        scale = np.maximum(scale, 1e-12).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(np.round(weights / scale).astype(np.int8), f"{name}_small"))
        scales.append(numpy_helper.from_array(scale, f"{name}_scale"))
        nodes.append(
            onnx.helper.make_node("Cast", [f"{name}_small"], [f"{name}_float"], to=onnx.TensorProto.FLOAT)
        )
        nodes.append(onnx.helper.make_node("Mul", [f"{name}_float", f"{name}_scale"], [name]))
    graph.initializer.extend(scales)
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])
    for node in graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def export(checkpoints: Sequence[Path], out: Path, bits: int) -> None:
    """Write encoder1.onnx, step1.onnx, ... the sizes and the tokenizer into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizers = {(folder / "tokenizer.json").read_text(encoding="utf-8") for folder in checkpoints}
    if len(tokenizers) != 1:
        raise ValueError("models that write together need one tokenizer: train the second with --tokenizer")
    for number, folder in enumerate(checkpoints, start=1):
        model = load_checkpoint(folder)
        for name, write in (("encoder", export_encoder), ("step", export_step)):
            path = out / f"{name}{number}.onnx"
            write(model, path)
            shrink_weights(path, bits)
            print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    (out / "tokenizer.json").write_text(tokenizers.pop(), encoding="utf-8")
    keys = ("decoder_layers", "heads", "dim", "max_source", "max_target")
    shape = {"members": len(checkpoints), **{key: getattr(model.config, key) for key in keys}}
    (out / "shape.json").write_text(json.dumps(shape), encoding="utf-8")


def main() -> None:
    """Parse the folders, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "checkpoints", type=Path, nargs="+", help="folders of training runs that share a tokenizer"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8, help="of a stored weight")
    arguments = parser.parse_args()
    export(arguments.checkpoints, arguments.out, arguments.bits)


if __name__ == "__main__":
    main()
