"""Export a trained small writer to two ONNX files with half-precision weights.

    python scripts/export_writer.py runs/writer src/linernotes/assets/small_writer

Weights are stored as float16 and cast when the session is made; all arithmetic stays float32.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from linernotes.config import config_from_mapping
from linernotes.models.text_writer import EncoderGraph, StepGraph, TextWriter, TextWriterConfig

SMALLEST_HALVED = 256
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


def halve_weights(path: Path) -> None:
    """Store large float32 weights as float16 behind a Cast, which onnxruntime folds when it loads the file."""
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.size < SMALLEST_HALVED:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(weights.astype(np.float16), f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    model.doc_string = ""
    for node in graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def export(checkpoint: Path, out: Path) -> None:
    """Write encoder.onnx, step.onnx and the tokenizer into `out`."""
    model = load_checkpoint(checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    for name, write in (("encoder.onnx", export_encoder), ("step.onnx", export_step)):
        write(model, out / name)
        halve_weights(out / name)
        print(f"{name}: {(out / name).stat().st_size / 1e6:.2f} MB")
    shutil.copyfile(checkpoint / "tokenizer.json", out / "tokenizer.json")
    shape = {
        key: getattr(model.config, key)
        for key in ("decoder_layers", "heads", "dim", "max_source", "max_target")
    }
    (out / "shape.json").write_text(json.dumps(shape), encoding="utf-8")


def main() -> None:
    """Parse the two folders, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.out)


if __name__ == "__main__":
    main()
