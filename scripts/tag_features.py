"""Hear the labelled examples once with both taggers and keep what they say, one small file an example.

python scripts/tag_features.py OUT --root /usr/share --root DIR --soundfont TimGM6mb.sf2
    --soundfont FluidR3_GM.sf2 --soundfont sf_GMbank.sf2
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from tag_examples import Example, mixes, noises, pieces, real_files, solos, spoken, sung

from linernotes.encoders.musicnn_onnx import MusicnnListener, is_heard

LABELS = Path(__file__).with_name("tag_labels.tsv")


def hear(example: Example) -> dict[str, np.ndarray]:
    """Probabilities (windows, 100) and penultimate features (windows, 400) with the labels."""
    listener = MusicnnListener()
    listener.push(example.waveform)
    series = listener.finish()
    heard = [w for w in range(len(series["tags_mtt"].values)) if is_heard(w)]
    return {
        "tags": np.hstack([series[f"tags_{name}"].values[heard] for name in ("mtt", "msd")]),
        "features": np.hstack([series[f"musicnn_{name}"].values[heard] for name in ("mtt", "msd")]).astype(
            np.float16
        ),
        "present": np.array(sorted(example.present), dtype=np.str_),
        "absent": np.array(sorted(example.absent), dtype=np.str_),
        "kind": np.array(example.kind),
        "group": np.array(example.group),
        "name": np.array(example.name),
    }


def examples(arguments: argparse.Namespace) -> Iterator[Example]:
    fonts = arguments.soundfont
    light = fonts[::2]  # FluidR3, the second, takes seconds to load for every example
    sources = {
        "real": lambda: real_files(LABELS, arguments.root),
        "none": lambda: chain(noises(48), spoken(24)),
        "solo": lambda: solos(fonts),
        "piece": lambda: pieces(light, arguments.pieces),
        "mix": lambda: mixes(light, arguments.mixes),
        "sung": lambda: sung(light, 40),
    }
    return chain.from_iterable(sources[kind]() for kind in arguments.kinds.split(","))


def main() -> None:
    parser = argparse.ArgumentParser(description="Tag the labelled examples.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--soundfont", type=Path, action="append", default=[])
    parser.add_argument("--root", type=Path, action="append", default=[])
    parser.add_argument("--kinds", default="real,none,solo,piece,mix,sung")
    parser.add_argument("--pieces", type=int, default=298)
    parser.add_argument("--mixes", type=int, default=240)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(examples(arguments)):
        path = arguments.out / f"{example.kind}-{example.name.replace('/', '_')}.npz"
        np.savez_compressed(path, **hear(example))
        print(number, path.name, flush=True)


if __name__ == "__main__":
    main()
