"""ONNX graphs whose matrices are stored in eight bits, and multiplied in eight bits.

A matrix keeps one scale for each output, what is multiplied with it one for each row. A row thus comes out the
same whatever stands beside it in a batch, which ONNX Runtime's own quantisation, one scale for all rows, would not
hold. Products are of unsigned by signed bytes: exact where the processor has VNNI (x86 since about 2019, 2022 from
AMD) or is an ARM; older x86 may cut off the largest sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.registry import need_extra

LEVELS, MIDDLE = 127, 128
"""Bytes on either side of zero, and the unsigned byte that stands for zero."""
SMALLEST = 1e-30
"""Scale of a row of zeros."""


def to_int8(content: bytes) -> bytes:
    """An ONNX file with every constant matrix of a product, and embeddings that share one, in eight bits."""
    onnx = need_extra("onnx", "onnx")
    model = onnx.load_model_from_string(content)
    rewriting = _Rewriting(model.graph)
    nodes = [made for node in model.graph.node for made in rewriting.nodes_for(node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [entry for entry in model.graph.initializer if entry.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend([*kept, *rewriting.made])
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    written: bytes = model.SerializeToString()
    return written


class _Rewriting:
    """Of one graph."""

    def __init__(self, graph: Any) -> None:
        self._onnx = need_extra("onnx", "onnx")
        self._constants = {entry.name: entry for entry in graph.initializer}
        self._scaled: set[str] = set()
        self.made: list[Any] = []
        products = [node for node in graph.node if self._weight(node) is not None]
        self._tables = {node.input[1] for node in products}
        for name, number in (("int8_unit", 1 / LEVELS), ("int8_least", SMALLEST)):
            self._constant(name, np.array(number, np.float32))
        self._constant("int8_middle", np.array(MIDDLE, np.uint8))
        self._constant("int8_zero", np.array(0, np.int8))

    def nodes_for(self, node: Any) -> list[Any]:
        """The nodes that take the place of `node`."""
        weight = self._weight(node)
        if weight is not None:
            return self._product(node, weight)
        if node.op_type == "Gather" and node.input[0] in self._tables and self._axis(node) == 0:
            return self._lookup(node)
        return [node]

    def _weight(self, node: Any) -> NDArray[np.float32] | None:
        """The constant matrix (inputs, outputs) of a product; None for any other node."""
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] not in self._constants:
            return None
        weight: NDArray[np.float32] = self._onnx.numpy_helper.to_array(self._constants[node.input[1]])
        if weight.ndim != 2:
            return None
        turned = any(one.name == "transB" and one.i for one in node.attribute)
        return weight.T if turned else weight

    def _product(self, node: Any, weight: NDArray[np.float32]) -> list[Any]:
        rows, out = node.input[0], node.output[0]
        matrix, scale = self._quantised(node.input[1], weight)
        made = self._scaling(rows)
        given = [f"{rows}_int8", matrix, "int8_unit", scale, "int8_middle", "int8_zero"]
        made += [
            self._node("MatMulIntegerToFloat", given, f"{out}_unscaled", domain="com.microsoft"),
            self._node("Mul", [f"{out}_unscaled", f"{rows}_scale"], out),
        ]
        if len(node.input) > 2:
            made[-1].output[0] = f"{out}_unbiased"
            made.append(self._node("Add", [f"{out}_unbiased", node.input[2]], out))
        return made

    def _scaling(self, rows: str) -> list[Any]:
        """Rows in bytes and the scale of each, made once for all products that read them."""
        if rows in self._scaled:
            return []
        self._scaled.add(rows)
        scale = f"{rows}_scale"
        return [
            self._node("Abs", [rows], f"{rows}_sizes"),
            self._node("ReduceMax", [f"{rows}_sizes"], f"{rows}_largest", axes=[-1], keepdims=1),
            self._node("Max", [f"{rows}_largest", "int8_least"], scale),
            self._node("Div", [rows, scale], f"{rows}_unit"),
            self._node("QuantizeLinear", [f"{rows}_unit", "int8_unit", "int8_middle"], f"{rows}_int8"),
        ]

    def _lookup(self, node: Any) -> list[Any]:
        """Rows of a table that is stored as the matrix of a product, (inputs, outputs): one scale for each."""
        table, places, out = node.input[0], node.input[1], node.output[0]
        weight: NDArray[np.float32] = self._onnx.numpy_helper.to_array(self._constants[table])
        matrix, scale = self._quantised(table, weight.T)
        return [
            self._node("Gather", [matrix, places], f"{out}_int8", axis=1),
            self._node("Cast", [f"{out}_int8"], f"{out}_bytes", to=self._onnx.TensorProto.FLOAT),
            self._node("Gather", [scale, places], f"{out}_scale", axis=0),
            self._node("Mul", [f"{out}_bytes", f"{out}_scale"], f"{out}_columns"),
            self._node("Transpose", [f"{out}_columns"], out, perm=[1, 0]),
        ]

    def _quantised(self, name: str, weight: NDArray[np.float32]) -> tuple[str, str]:
        """Names of a matrix in bytes and of its scales, one for each output."""
        names = f"{name}_int8", f"{name}_scales"
        if not any(entry.name == names[0] for entry in self.made):
            scales = np.maximum(np.abs(weight).max(axis=0), SMALLEST) / LEVELS
            self._constant(names[0], np.ascontiguousarray(np.round(weight / scales).astype(np.int8)))
            self._constant(names[1], scales.astype(np.float32))
        return names

    def _constant(self, name: str, value: NDArray[Any]) -> None:
        self.made.append(self._onnx.numpy_helper.from_array(value, name))

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
        return self._onnx.helper.make_node(kind, inputs, [output], name=f"{output}_{kind}", **attributes)

    def _axis(self, node: Any) -> int:
        return next((int(one.i) for one in node.attribute if one.name == "axis"), 0)
