"""What all tests share: no network, one thread a library, and the folders of real recordings."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections other than to this machine raise: nothing in linernotes may need the network."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test tried to reach the network: {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Folder of real recordings (LINERNOTES_AUDIO); tests that need it skip where there is none."""
    folder = Path(os.environ.get("LINERNOTES_AUDIO", ROOT.parent / "shared" / "audio"))
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}: set LINERNOTES_AUDIO to a folder of them")
    return folder


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of golden outputs of official code (LINERNOTES_REFERENCE); tests that need it skip without."""
    folder = Path(os.environ.get("LINERNOTES_REFERENCE", ROOT.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip(f"no golden outputs at {folder}: set LINERNOTES_REFERENCE to a folder of them")
    return folder


@pytest.fixture(scope="session")
def example() -> Path:
    """The example recording of the repository."""
    return ROOT / "examples" / "example.mp3"
