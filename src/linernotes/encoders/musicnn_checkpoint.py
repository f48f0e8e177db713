"""musicnn's published weights as they come: TensorFlow checkpoints, read without TensorFlow.

A checkpoint is a table of names (the LevelDB table format, prefix-compressed keys, bundle entries in
protocol-buffer wire format) beside one file of raw little-endian floats.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

INDEX, DATA = ".index", ".data-00000-of-00001"

Weights = dict[str, NDArray[np.float32]]


def read_musicnn(folder: Path) -> Weights:
    """The weights of a published model's folder, such as MSD_musicnn_big, by the names of our `Musicnn`.

    Raises:
        ValueError: the folder holds something else.
    """
    if not (folder / INDEX).is_file() or not (folder / DATA).is_file():
        raise ValueError(
            f"{str(folder)!r} holds no {INDEX} and {DATA}: give a model's folder of the musicnn repository, such "
            "as musicnn/MSD_musicnn_big"
        )
    try:
        return torch_state(read_checkpoint((folder / INDEX).read_bytes(), (folder / DATA).read_bytes()))
    except (ValueError, IndexError, KeyError, struct.error) as error:
        raise ValueError(f"{str(folder)!r} is no checkpoint of musicnn, or damaged ({error})") from error


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Value of the base-128 integer at `at` and the place after it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def table_block(table: bytes, handle: bytes) -> dict[bytes, bytes]:
    """Keys and values of the table block whose (offset, size) `handle` holds."""
    offset, at = read_varint(handle, 0)
    size, _ = read_varint(handle, at)
    if table[offset + size]:
        raise ValueError("The checkpoint's index is compressed; this reader knows plain blocks only.")
    block = table[offset : offset + size]
    end = size - 4 * (1 + struct.unpack("<I", block[-4:])[0])
    entries: dict[bytes, bytes] = {}
    key, at = b"", 0
    while at < end:
        shared, at = read_varint(block, at)
        own, at = read_varint(block, at)
        length, at = read_varint(block, at)
        key = key[:shared] + block[at : at + own]
        entries[key] = block[at + own : at + own + length]
        at += own + length
    return entries


def message_fields(message: bytes) -> dict[int, list[int | bytes]]:
    """Fields of a protocol-buffer message by number, nested messages as bytes."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(message):
        tag, at = read_varint(message, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = read_varint(message, at)
        elif tag & 7 == 2:
            length, at = read_varint(message, at)
            value, at = message[at : at + length], at + length
        elif tag & 7 == 5:
            value, at = message[at : at + 4], at + 4
        else:
            raise ValueError(f"Wire type {tag & 7} does not occur in a checkpoint index.")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def read_checkpoint(index: bytes, data: bytes) -> Weights:
    """All float32 variables of a one-shard TensorFlow checkpoint, without the optimiser's."""
    footer = index[-48:]
    _, at = read_varint(footer, 0)
    _, at = read_varint(footer, at)
    weights: Weights = {}
    for handle in table_block(index, footer[at:]).values():
        for key, value in table_block(index, handle).items():
            entry = message_fields(value)
            if key == b"" or b"Adam" in key or entry.get(1) != [1]:
                continue
            dimensions = [message_fields(bytes(d)).get(1, [0])[0] for d in _shape(entry)]
            start, size = int(entry.get(4, [0])[0]), int(entry[5][0])
            array = np.frombuffer(data[start : start + size], "<f4")
            weights[key.decode()] = array.reshape([int(d) for d in dimensions])
    return weights


def _shape(entry: dict[int, list[int | bytes]]) -> list[bytes]:
    shape = entry.get(2, [b""])[0]
    return [bytes(d) for d in message_fields(bytes(shape)).get(2, [])] if shape else []


def numbered(kind: str, number: int) -> str:
    """TensorFlow's name of the `number`-th layer of a kind."""
    return f"{kind}_{number}" if number else kind


def torch_state(weights: Weights) -> Weights:
    """The same weights under the names and layouts of `linernotes.encoders.musicnn.Musicnn`."""
    banks = ["timbre.0", "timbre.1", "rhythm.0", "rhythm.1", "rhythm.2", "middle.0", "middle.1", "middle.2"]
    norms = ["input_norm", *(f"{bank}.norm" for bank in banks), "pooled_norm", "dense_norm"]
    state: Weights = {}
    for number, bank in enumerate(banks):
        kernel = weights[numbered("conv2d", number) + "/kernel"]  # (frames, bands, 1, filters)
        is_middle = bank.startswith("middle")
        layout = kernel[:, :, 0].transpose(2, 1, 0) if is_middle else kernel.transpose(3, 2, 0, 1)
        state[f"{bank}.convolution.weight"] = layout
        state[f"{bank}.convolution.bias"] = weights[numbered("conv2d", number) + "/bias"]
    names = {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    }
    for number, norm in enumerate(norms):
        for ours, theirs in names.items():
            state[f"{norm}.{ours}"] = weights[f"{numbered('batch_normalization', number)}/{theirs}"]
    for number, dense in enumerate(["dense", "output"]):
        state[f"{dense}.weight"] = weights[numbered("dense", number) + "/kernel"].T
        state[f"{dense}.bias"] = weights[numbered("dense", number) + "/bias"]
    return {name: np.ascontiguousarray(array) for name, array in state.items()}
