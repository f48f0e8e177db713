"""Fit the key profiles on rendered pieces and write src/linernotes/assets/key_profiles.json.

Data: what scripts/harmony_data.py keeps (development seeds only), whole and cut to stretches of 4 to 20 s, so
that no profile relies on a piece being whole. Run it after scripts/train_chords.py:

    python scripts/train_key.py --cache CACHE
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from harmony_data import Example, frames_of, load_examples
from numpy.typing import NDArray
from scipy.optimize import minimize

from linernotes.features.harmony.chord_segments import segment_chords
from linernotes.features.harmony.key import PLANES, key_evidence, key_scores
from linernotes.features.harmony.pitch_names import KEYS, MODES

PROFILES = Path(__file__).parents[1] / "src" / "linernotes" / "assets" / "key_profiles.json"
CUTS = 3
"""Stretches cut from each piece, beside the whole."""
PENALTY = 0.1
"""Weight of the squared profiles: keeps them smooth where the pieces say little."""


@dataclass(frozen=True, slots=True)
class KeyCases:
    """Evidence (cases, planes, 12) with the true keys (cases,), lengths, and which cases are whole pieces."""

    evidence: NDArray[np.float64]
    keys: NDArray[np.int64]
    durations_s: NDArray[np.float64]
    whole: NDArray[np.bool_]


def gather(examples: list[Example]) -> KeyCases:
    """The evidence of every piece with a key, whole and in cuts."""
    rows = [row for example in examples if example.key >= 0 for row in _cases(example)]
    evidence, keys, durations_s, whole = zip(*rows, strict=True)
    return KeyCases(np.stack(evidence), np.array(keys), np.array(durations_s), np.array(whole))


def _cases(example: Example) -> Iterator[tuple[NDArray[np.float64], int, float, bool]]:
    frames = frames_of(example)
    segments = segment_chords(frames)
    yield key_evidence(frames, segments), example.key, frames.duration_s, True
    generator = np.random.default_rng(int(example.name.split("-")[1]))
    # Rendered pieces always end on the tonic; recordings fade out or stop elsewhere.
    faded = frames.between(0.0, frames.end_s - generator.uniform(4, 10))
    yield key_evidence(faded, segment_chords(faded)), example.key, faded.duration_s, False
    for _ in range(CUTS):
        start_s = generator.uniform(0, max(0.1, frames.end_s - 8))
        cut = frames.between(start_s, start_s + generator.uniform(4, 20))
        yield key_evidence(cut, segment_chords(cut)), example.key, cut.duration_s, False


def fit(cases: KeyCases) -> NDArray[np.float64]:
    """Profiles (modes, planes, 12) by multinomial logistic regression over the 24 keys, shared by all tonics."""
    turned = np.stack([np.roll(cases.evidence, -tonic, axis=2) for tonic in range(12)], axis=1)
    flat = turned.reshape(len(turned), 12, -1)
    shape = len(MODES), len(PLANES), 12

    def loss(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = np.einsum("ctf,mf->cmt", flat, vector.reshape(len(MODES), -1)).reshape(len(flat), KEYS)
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        odds /= odds.sum(axis=1, keepdims=True)
        picked = odds[np.arange(len(odds)), cases.keys]
        error = odds.copy()
        error[np.arange(len(odds)), cases.keys] -= 1
        gradient = np.einsum("ctf,cmt->mf", flat, error.reshape(len(flat), len(MODES), 12)) / len(flat)
        penalty = PENALTY / len(flat)
        value = -np.log(picked + 1e-12).mean() + penalty * (vector**2).sum()
        return value, gradient.ravel() + 2 * penalty * vector

    found = minimize(
        loss, np.zeros(int(np.prod(shape))), jac=True, method="L-BFGS-B", options={"maxiter": 500}
    )
    return np.asarray(found.x.reshape(shape))


def report(name: str, cases: KeyCases, profiles: NDArray[np.float64]) -> None:
    """Share of right keys and how well the probabilities match it."""
    scores = np.stack([key_scores(evidence, profiles) for evidence in cases.evidence])
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    right = odds.argmax(axis=1) == cases.keys
    for kind, chosen in (("whole", cases.whole), ("cut", ~cases.whole)):
        sure = odds.max(axis=1)[chosen]
        print(
            f"{name}, {kind}: {chosen.sum()} cases, "
            f"right {right[chosen].mean():.3f}, mean probability {sure.mean():.3f}"
        )


def doubt(cases: KeyCases, profiles: NDArray[np.float64]) -> None:
    """Mean log loss of the probabilities by the seconds of doubt (`key.DOUBT_S`)."""
    scores = np.stack([key_scores(evidence, profiles) for evidence in cases.evidence])
    for doubt_s in (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0):
        logs = scores / (1 + doubt_s / cases.durations_s[:, None])
        logs -= np.logaddexp.reduce(logs, axis=1, keepdims=True)
        loss = -logs[np.arange(len(logs)), cases.keys]
        print(f"doubt {doubt_s:4.1f} s: loss {loss.mean():.4f}, of cuts {loss[~cases.whole].mean():.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=PROFILES)
    options = parser.parse_args()
    training = gather(load_examples(options.cache, held_out=False))
    profiles = fit(training)
    report("training", training, profiles)
    held_out = gather(load_examples(options.cache, held_out=True))
    report("held out", held_out, profiles)
    doubt(held_out, profiles)
    table = {
        mode: {
            plane: [round(float(value), 3) for value in row] for plane, row in zip(PLANES, rows, strict=True)
        }
        for mode, rows in zip(MODES, profiles, strict=True)
    }
    note = (
        "Log odds of a key for each unit of evidence, from the tonic upwards; fitted by scripts/train_key.py"
    )
    options.out.write_text(json.dumps({"what": note, "profiles": table}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
