"""How every shipped network is opened: on one thread, since listeners run beside one another already."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import onnxruntime

_ERRORS_ONLY = 3


def open_network(network: str | Path) -> Any:
    """An onnxruntime session for a file of `linernotes/assets`, by its name, or for any file, by its path."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    shipped = resources.files("linernotes") / "assets" / str(network)
    weights = network.read_bytes() if isinstance(network, Path) else shipped.read_bytes()
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
