"""A tiny data set of tones on disk, and a recipe small enough to train on it in a second."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
PITCHES_HZ = {"low": 110, "middle": 440, "high": 1760}

RECIPE = """
family = "muscaps"
label = "tiny"
[model]
word_dim = 8
hidden = 12
min_count = 1
attention = true
standardise = true
[model.encoder]
name = "log-mel-64"
weights = "none"
[training]
epochs = 2
batch_size = 3
learning_rate = 1e-2
save_every_steps = 4
average_decay = 0.9
metrics = ["cider"]
[decoding]
beams = 1
max_tokens = 12
"""


def write_tones(folder: Path, clips: int = 30, *, test: bool = False) -> Path:
    """Half-second tones in WAV files, a fifth of them for validation, another for the test if asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    t = np.arange(RATE // 2) / RATE
    lines = []
    for number in range(clips):
        name = list(PITCHES_HZ)[number % 3]
        wave = 0.3 * np.sin(2 * np.pi * PITCHES_HZ[name] * t + number)
        soundfile.write(folder / f"{number}.wav", wave, RATE)
        clip = {
            "clip_id": f"tone-{number}",
            "audio_path": f"{number}.wav",
            "start_s": 0.0,
            "end_s": 0.5,
            "captions": [f"A {name} tone.", f"One tone, {name} and plain."],
            "split": {4: "validation", 3: "test" if test else "train"}.get(number % 5, "train"),
        }
        lines.append(json.dumps(clip) + "\n")
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(lines), "utf-8")
    return manifest


def write_recipe(folder: Path) -> Path:
    """The tiny recipe as a file."""
    path = folder / "tiny.toml"
    path.write_text(RECIPE, "utf-8")
    return path
