"""Fit the content gate and the voice estimator, and say how well they do on groups that were held out.

    python scripts/fit_voice.py --packages packages --cache build/voice src/linernotes/assets/voice.json

`packages` holds the unpacked Debian packages that `voice_data.py` names; `--cache` keeps rendered audio and heard
series. Whole packages, and whole kinds of made-up sound, are held out in turn (5 folds), so that the accuracy and
the calibration printed are those of unknown sources. Every recording counts as a whole and as cuts of 6 and 12 s.
"""

from __future__ import annotations

import argparse
import json
import pickle
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from voice_data import (
    FOLDERS,
    Recording,
    made_up_recordings,
    real_recordings,
    rendered_recordings,
    spoken_recordings,
)

from linernotes.datasets.rendered.library import FIRST_TUNING_SEED
from linernotes.encoders.musicnn_onnx import MusicnnListener
from linernotes.features.frames import Frames, Listener, Series
from linernotes.features.voice.event_summary import summarise_events
from linernotes.features.voice.gender import gender_evidence
from linernotes.features.voice.singer_gender import SingerGenderListener

Doubles = NDArray[np.float64]
CUTS_S = (6.0, 12.0)
FOLDS = 5
RENDERED_S = 12.0
PENALTY = {"content": 0.003, "voice": 0.004, "voice_untagged": 0.004, "gender": 0.06}
"""Ridge on the weights, about where the likelihood of what was held out is best."""
INPUTS = {
    "content": ("speech", "musical", "any_sound", "sustained_musical"),
    "voice": ("speech", "singing", "music", "sustained_singing", "vocal_tags"),
    "voice_untagged": ("speech", "singing", "music", "sustained_singing"),
    "gender": ("network", "pitch", "tags"),
}
LABELS = {
    "content": ("music", "speech", "other"),
    "voice": ("sung", "spoken", "instrumental"),
    "voice_untagged": ("sung", "spoken", "instrumental"),
    "gender": ("male", "female"),
}


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording of which only its series are kept."""

    name: str
    group: str
    truth: dict[str, str]  # by model: content, voice, gender
    frames: Frames


@dataclass(frozen=True, slots=True)
class Table:
    """Inputs (rows, inputs), label numbers (rows,), weights (rows,), group and recording of every row."""

    inputs: Doubles
    labels: NDArray[np.int64]
    weights: Doubles
    groups: list[str]
    names: list[str]


def hear(recording: Recording) -> Heard:
    """The series of a recording; tags, which take longer, only where the voice is known."""
    listeners: list[Listener] = [SingerGenderListener()]
    if recording.voice:
        listeners.append(MusicnnListener(["mtt"]))
    series: dict[str, Series] = {}
    for listener in listeners:
        listener.push(recording.waveform)
        series |= listener.finish()
    frames = Frames(0.0, len(recording.waveform) / listeners[0].sample_rate, series)
    gender = recording.gender if recording.voice == "sung" else ""
    truth = {"content": recording.content, "voice": recording.voice, "gender": gender}
    return Heard(recording.name, recording.group, truth, frames)


def heard_set(name: str, recordings: Iterable[Recording], cache: Path) -> list[Heard]:
    """Heard once and kept: the recordings themselves are only made when the cache has no such set."""
    path = cache / f"{name}.pickle"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps([plain(hear(recording)) for recording in recordings]))
    return [
        Heard(title, group, truth, Frames(0.0, end_s, {key: Series(*kept) for key, kept in series.items()}))
        for title, group, truth, end_s, series in pickle.loads(path.read_bytes())
    ]


def plain(heard: Heard) -> tuple[object, ...]:
    """The same as tuples, which a cache outlives better than classes."""
    series = {name: (one.values, one.rate_hz, one.start_s) for name, one in heard.frames.series.items()}
    return heard.name, heard.group, heard.truth, heard.frames.end_s, series


def stretches(frames: Frames) -> Iterator[Frames]:
    """The whole recording and, where it is longer, cuts of it."""
    yield frames
    for length_s in CUTS_S:
        starts = np.arange(0.0, frames.end_s - 1.5 * length_s, 2 * length_s)
        yield from (frames.between(start_s, start_s + length_s) for start_s in starts)


def inputs_of(model: str, frames: Frames) -> dict[str, float] | None:
    """What a model weighs, by name; None where there is nothing to weigh."""
    if model != "gender":
        return summarise_events(frames)
    evidence = gender_evidence(frames)
    return evidence.inputs() if evidence.looks > 1 else None


def table(heard: Sequence[Heard], model: str) -> Table:
    """One row a stretch; a recording's rows weigh 1 together, and all labels alike."""
    rows: list[tuple[list[float], int, float, str, str]] = []
    for item in heard:
        truth = item.truth[model.removesuffix("_untagged")]
        if truth not in LABELS[model]:
            continue
        label = LABELS[model].index(truth)
        found = [inputs for cut in stretches(item.frames) if (inputs := inputs_of(model, cut))]
        rows += [
            ([s[name] for name in INPUTS[model]], label, 1 / len(found), item.group, item.name) for s in found
        ]
    labels = np.array([row[1] for row in rows])
    weights = np.array([row[2] for row in rows])
    totals = np.bincount(labels, weights)
    return Table(
        np.array([row[0] for row in rows]),
        labels,
        weights / totals[labels],
        [r[3] for r in rows],
        [r[4] for r in rows],
    )


def fit(
    inputs: Doubles, labels: NDArray[np.int64], weights: Doubles, classes: int, penalty: float
) -> Doubles:
    """Softmax regression with a ridge on the weights: (classes, inputs + 1), biases last."""
    columns = np.hstack([inputs, np.ones((len(inputs), 1))])
    shape = (classes, columns.shape[1])
    weights = weights / weights.sum()

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        matrix = flat.reshape(shape)
        scores = columns @ matrix.T
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        ridge = matrix * ([1.0] * inputs.shape[1] + [0.0])
        value = -weights @ np.log(chances[np.arange(len(labels)), labels] + 1e-12) + penalty / 2 * np.sum(
            ridge**2
        )
        chances[np.arange(len(labels)), labels] -= 1.0
        return float(value), ((chances * weights[:, None]).T @ columns + penalty * ridge).ravel()

    found: Doubles = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B").x.reshape(shape)
    return found


def chances_of(matrix: Doubles, inputs: Doubles) -> Doubles:
    scores = inputs @ matrix[:, :-1].T + matrix[:, -1]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances: Doubles = powers / powers.sum(axis=1, keepdims=True)
    return chances


def fold_of(group: str) -> int:
    return zlib.crc32(group.encode()) % FOLDS


def held_out_chances(data: Table, classes: int, penalty: float) -> Doubles:
    """What models that never saw a row's group say of it, (rows, classes)."""
    folds = np.array([fold_of(group) for group in data.groups])
    chances = np.zeros((len(folds), classes))
    for fold in range(FOLDS):
        seen, unseen = folds != fold, folds == fold
        matrix = fit(data.inputs[seen], data.labels[seen], data.weights[seen], classes, penalty)
        chances[unseen] = chances_of(matrix, data.inputs[unseen])
    return chances


def report(model: str, data: Table, chances: Doubles) -> dict[str, float]:
    """Print accuracy, F1 by label, calibration and the recordings that go wrong as a whole."""
    labels, guesses = LABELS[model], chances.argmax(axis=1)
    right, confidence = guesses == data.labels, chances.max(axis=1)
    print(f"\n{model}: {len(set(data.names))} recordings, {len(right)} stretches, held out by group")
    scores: dict[str, float] = {}
    for number, label in enumerate(labels):
        hits = int(np.sum(right & (data.labels == number)))
        wanted, said = int(np.sum(data.labels == number)), int(np.sum(guesses == number))
        recall, f1 = hits / max(1, wanted), 2 * hits / max(1, wanted + said)
        scores[f"f1_{label}"] = round(f1, 4)
        print(f"  {label:12s} {wanted:5d} stretches, recall {recall:.3f}, F1 {f1:.3f}")
    print("  confidence  stretches  right")
    for low, high in ((0.3, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.01)):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            print(f"  {low:.2f}-{min(high, 1):.2f} {inside.sum():10d}  {right[inside].mean():.3f}")
    first = np.array([index == 0 or name != data.names[index - 1] for index, name in enumerate(data.names)])
    for row in np.flatnonzero(first & ~right):
        truth, said_instead = labels[data.labels[row]], labels[guesses[row]]
        print(f"  wrong: {data.names[row]} is {truth}, said {said_instead} {confidence[row]:.2f}")
    scores["accuracy"] = round(float(right.mean()), 4)
    scores["expected_calibration_error"] = round(calibration_error(confidence, right), 4)
    print("  accuracy {accuracy}, expected calibration error {expected_calibration_error}".format(**scores))
    return scores


def calibration_error(confidence: Doubles, right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and accuracy over ten equal bins of confidence, by their sizes."""
    bins = np.minimum(9, (confidence * 10).astype(int))
    gaps = [abs(float(np.sum(confidence[bins == b])) - float(np.sum(right[bins == b]))) for b in range(10)]
    return sum(gaps) / len(right)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--rendered", type=int, default=48, help="recordings of the voice generator to fit on"
    )
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    seeds = range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + asked.rendered)
    sets = {
        **{
            f"{folder.package}-{folder.content}-{number}": real_recordings(asked.packages, folder)
            for number, folder in enumerate(FOLDERS)
        },
        f"rendered-{asked.rendered}": rendered_recordings(asked.cache / "audio", seeds, RENDERED_S),
        "spoken": spoken_recordings(),
        "made-up": made_up_recordings(4),
    }
    heard = [item for name, recordings in sets.items() for item in heard_set(name, recordings, asked.cache)]
    kept: dict[str, object] = {}
    for model, labels in LABELS.items():
        data = table(heard, model)
        scores = report(model, data, held_out_chances(data, len(labels), PENALTY[model]))
        matrix = fit(data.inputs, data.labels, data.weights, len(labels), PENALTY[model]).round(4)
        fitted = {"weights": matrix[:, :-1].tolist(), "biases": matrix[:, -1].tolist(), "held_out": scores}
        kept[model] = {
            "labels": labels,
            "inputs": INPUTS[model],
            **fitted,
            "recordings": len(set(data.names)),
        }
    asked.target.write_text(
        json.dumps({"fitted_by": "scripts/fit_voice.py", "models": kept}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
