"""Turn the TensorFlow checkpoints inside the wheel musicnn==0.1.0 (ISC) into the ONNX files that ship.

    pip download --no-deps musicnn==0.1.0
    python scripts/convert_musicnn.py musicnn-0.1.0-py3-none-any.whl src/linernotes/assets

No TensorFlow: `linernotes.encoders.musicnn_checkpoint` reads the files. The ONNX files keep the parameters as
they are under the names of `linernotes.encoders.musicnn.Musicnn`, so that PyTorch loads them too; in the graph,
rectifier and batch normalisation stand behind the maximum over frequency, so that the full-size maps are touched
once.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from linernotes.encoders.musicnn_checkpoint import DATA, INDEX, Weights, read_checkpoint, torch_state

WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
MODELS = {"musicnn_mtt": "musicnn/MTT_musicnn", "musicnn_msd": "musicnn/MSD_musicnn"}
WINDOW_FRAMES, MEL_BANDS, EPSILON = 187, 96, 1e-3
CHANNEL_BLOCK = 16
"""What the runtime's fastest convolutions compute at once."""


class Graph:
    """Collects nodes; methods return the name of the tensor they add. Parameters keep PyTorch's names."""

    def __init__(self, state: Weights) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants = [numpy_helper.from_array(array, name) for name, array in state.items()]

    def constant(self, name: str, values: list[int]) -> str:
        self.constants.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def norm(self, x: str, norm: str, output: str = "") -> str:
        parts = [f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
        return self.add("BatchNormalization", x, *parts, output=output, epsilon=EPSILON)

    def dense(self, x: str, layer: str) -> str:
        return self.add("Gemm", x, f"{layer}.weight", f"{layer}.bias", transB=1)

    def filter_bank(self, spectrogram: str, bank: str, shape: tuple[int, ...]) -> str:
        """(batch, 1, frames, 96) -> (batch, filters, frames, 1).

        The maximum over frequency of `norm(relu(x + bias))` is `norm(relu(max(x) + bias))` where the norm's scale
        is positive and takes the minimum of x where it is negative: those filters are turned around and back.
        Filters are padded to whole blocks of channels, so that the runtime pools in its own layout.
        """
        axes = self.constant(f"{bank}.axes", [1, 2])
        sign = self.add("Unsqueeze", self.add("Sign", f"{bank}.norm.weight"), axes)
        turned = self.add(
            "Mul",
            f"{bank}.convolution.weight",
            self.add("Unsqueeze", sign, self.constant(f"{bank}.axis", [3])),
        )
        filters, _, frames, bands = shape
        padding = self.constant(f"{bank}.padding", [0] * 4 + [-filters % CHANNEL_BLOCK, 0, 0, 0])
        blocked = self.add("Pad", turned, padding)
        maps = self.add("Conv", spectrogram, blocked, pads=[(frames - 1) // 2, 0, frames // 2, 0])
        pooled = self.add("MaxPool", maps, kernel_shape=[1, MEL_BANDS - bands + 1])
        ends = [
            self.constant(f"{bank}.{end}", [at]) for end, at in (("start", 0), ("stop", filters), ("of", 1))
        ]
        peak = self.add("Slice", pooled, *ends)
        bias = self.add("Unsqueeze", f"{bank}.convolution.bias", axes)
        biased = self.add("Add", self.add("Mul", peak, sign), bias)
        return self.norm(self.add("Relu", biased), f"{bank}.norm")

    def middle(self, maps: str, layer: str) -> str:
        """(batch, features, frames, 1) -> (batch, 64, frames, 1)."""
        kernel = self.add("Unsqueeze", f"{layer}.convolution.weight", self.constant(f"{layer}.axis", [3]))
        convolved = self.add("Conv", maps, kernel, f"{layer}.convolution.bias", pads=[3, 0, 3, 0])
        return self.norm(self.add("Relu", convolved), f"{layer}.norm")


def build_onnx(state: Weights) -> onnx.ModelProto:
    """`log_mel` (batch, 187, 96) -> `probabilities` (batch, 50), `penultimate` (batch, 200), `chunk_features`."""
    graph = Graph(state)
    image = graph.add("Unsqueeze", "log_mel", graph.constant("input.axis", [1]))
    spectrogram = graph.norm(image, "input_norm")
    banks = [
        graph.filter_bank(spectrogram, bank, state[f"{bank}.convolution.weight"].shape)
        for bank in ("timbre.0", "timbre.1", "rhythm.0", "rhythm.1", "rhythm.2")
    ]
    front = graph.add("Concat", *banks, axis=1)
    first = graph.middle(front, "middle.0")
    second = graph.add("Add", first, graph.middle(first, "middle.1"))
    third = graph.add("Add", second, graph.middle(second, "middle.2"))
    maps = graph.add("Concat", front, first, second, third, axis=1)
    strongest = graph.add("GlobalMaxPool", maps)
    graph.add("Flatten", strongest, output="chunk_features")
    # Flattened feature by feature: max, mean, max, mean ...
    pooled = graph.add(
        "Flatten", graph.add("Concat", strongest, graph.add("GlobalAveragePool", maps), axis=2)
    )
    dense = graph.add("Relu", graph.dense(graph.norm(pooled, "pooled_norm"), "dense"))
    graph.norm(dense, "dense_norm", output="penultimate")
    graph.add("Sigmoid", graph.dense("penultimate", "output"), output="probabilities")
    outputs = [value("probabilities", 50), value("penultimate", 200), value("chunk_features", 753)]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "musicnn", [value("log_mel", WINDOW_FRAMES, MEL_BANDS)], outputs, graph.constants
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="linernotes",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def value(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])


def main() -> None:
    parser = argparse.ArgumentParser(description="Convert the musicnn checkpoints to ONNX.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    if (digest := hashlib.sha256(arguments.wheel.read_bytes()).hexdigest()) != WHEEL_SHA256:
        raise SystemExit(
            f"{arguments.wheel} has sha256 {digest}, expected {WHEEL_SHA256}; get musicnn==0.1.0."
        )
    with zipfile.ZipFile(arguments.wheel) as wheel:
        for name, folder in MODELS.items():
            parts = (wheel.read(f"{folder}/{part}") for part in (INDEX, DATA))
            state = torch_state(read_checkpoint(*parts))
            path = arguments.out / f"{name}.onnx"
            onnx.save(build_onnx(state), path)
            print(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        (arguments.out / "licences").mkdir(exist_ok=True)
        licence = wheel.read("musicnn-0.1.0.dist-info/LICENSE.md")
        (arguments.out / "licences" / "musicnn.txt").write_bytes(licence)


if __name__ == "__main__":
    main()
