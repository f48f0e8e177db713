"""A small listening test of tones, laid out anew for each test that asks for it, and its page served."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from listening_bed import RATE, SECONDS, MakeTest, clips, predictions

from linernotes.listening.making import Made, Plan, make_test
from linernotes.listening.server import ListeningServer
from linernotes.listening.store import TestStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one sound: five seconds, on the left 440 Hz, on the right silence."""
    wave = np.zeros((round(5 * RATE), 2), np.float32)
    wave[:, 0] = 0.3 * np.sin(2 * np.pi * 440 * np.arange(len(wave)) / RATE)
    soundfile.write(tmp_path / "tone.wav", wave, RATE)
    return tmp_path


@pytest.fixture
def lay_out(root: Path) -> MakeTest:
    """Lay a test of tones out: how many clips, then what `Plan` takes."""

    def make(count: int = 6, **plan: object) -> Made:
        return make_test(clips(count), root, predictions(count), Plan(**plan), root / "test")  # type: ignore[arg-type]

    return make


@pytest.fixture
def manifest(root: Path) -> Path:
    """The same clips as files for the command line: a manifest, and NAME.jsonl for every method."""
    lines = [
        {"clip_id": clip.clip_id, "audio_path": clip.audio_path, "start_s": 0.0, "end_s": SECONDS,
         "captions": list(clip.captions)}
        for clip in clips(6)
    ]  # fmt: skip
    path = root / "manifest.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for method, captions in predictions(6).items():
        rows = [json.dumps({"id": clip_id, "caption": text}) + "\n" for clip_id, text in captions.items()]
        (root / f"{method}.jsonl").write_text("".join(rows))
    return path


@pytest.fixture
def serve() -> Iterator[Callable[[Path], ListeningServer]]:
    """Serve a test's folder on a free port until the end of the test."""
    running: list[tuple[ListeningServer, TestStore]] = []

    def start(folder: Path, host: str = "127.0.0.1") -> ListeningServer:
        store = TestStore(folder)
        server = ListeningServer(store, host, 0)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append((server, store))
        return server

    yield start
    for server, store in running:
        server.shutdown()
        server.server_close()
        store.close()
