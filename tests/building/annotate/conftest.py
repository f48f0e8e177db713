"""A data set of pure tones whose keys are known, with every way in which a clip can be unusable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tone_set import RATE, TONES, tone, truth


@pytest.fixture
def tones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest: three files of a tone each, then one file with all three as spans, then five bad clips."""
    folder = tmp_path / "set"
    folder.mkdir()
    records: list[dict[str, Any]] = []
    for number, (key, hz) in enumerate(TONES.items()):
        soundfile.write(folder / f"{number}.wav", tone(hz), RATE)
        records.append({"clip_id": f"file-{number}", "audio_path": f"{number}.wav", "facts": truth(key)})
    soundfile.write(folder / "all.flac", np.concatenate([tone(hz) for hz in TONES.values()]), RATE)
    for number, key in enumerate(TONES):
        span = {"start_s": float(number), "end_s": number + 1.0}
        records.append({"clip_id": f"span-{number}", "audio_path": "all.flac", "facts": truth(key), **span})
    soundfile.write(folder / "silent.wav", np.zeros(RATE, np.float32), RATE)
    (folder / "corrupt.flac").write_bytes(b"fLaC" + bytes(range(256)) * 8)
    records += [
        {"clip_id": "silent", "audio_path": "silent.wav"},
        {"clip_id": "corrupt", "audio_path": "corrupt.flac"},
        {"clip_id": "missing", "audio_path": "nowhere.wav"},
        {"clip_id": "pathless", "audio_path": ""},
        {"clip_id": "beyond", "audio_path": "all.flac", "start_s": 9.0, "end_s": 10.0},
    ]
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv("LISTENED", str(tmp_path / "listened.txt"))
    return manifest


@pytest.fixture
def listened(tmp_path: Path) -> Path:
    """Where the extractor writes a line a clip."""
    return tmp_path / "listened.txt"
