"""Fit, calibrate and judge the second stage of `linernotes.features.tags` on heard examples (`tag_features.py`).

    python scripts/fit_tags.py FEATURES src/linernotes/assets [--report docs/models/musicnn-accuracy.md]

One logistic regression a target on the tags' log-odds and the penultimate features of both taggers, pulled towards
what the tag's own name says. Groups (a soundfont, a package) are held out whole in turn; the held-out scores
calibrate the probabilities, set the thresholds and are what is reported.
"""

from __future__ import annotations

import argparse
import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tag_examples import ALL_TARGETS

from linernotes.encoders.musicnn_vocabulary import MSD_TAGS, MTT_TAGS
from linernotes.features.tags import TAG_NAMES, standardised, tag_log_odds, taggers_object

Floats = NDArray[np.float64]

KIND_WEIGHTS = {"real": 3.0, "none": 1.0, "solo": 1.0, "piece": 1.0, "mix": 1.0}
PENALTY, FEATURE_PENALTY, PRIOR_STRENGTH = 10.0, 30.0, 3.5
FOLDS = 3
RENDERED = ("solo", "mix", "piece")
PACKAGE_FOLDS = {
    "wesnoth-1.16-music": 0,
    "starfighter-data": 0,
    "fretsonfire-songs-muldjord": 1,
    "singularity-music": 1,
    "fretsonfire-songs-sectoid": 2,
    "openclonk-data": 2,
}
SURE_PRECISION = 0.9
HEAD = """# Held-out accuracy of the second stage of the tags

Printed by `scripts/fit_tags.py` over {count} examples; how they came about and were held out: `musicnn.md`.
"Right" counts claims on rendered music and on real files; "on no music" are claims on speech, effects and noise,
all of them wrong (the content gate of the captioner comes before them).

"""
LEAST_PROBABILITY = {"instrument": 0.6, "genre": 0.5, "mood": 0.6}
"""No claim below, however right the held-out ones were: a wrong instrument costs more than silence."""
FEWEST_FOUND, FEWEST_EXAMPLES = 4, 4


@dataclass(frozen=True)
class Heard:
    """One example as the fit sees it."""

    name: str
    kind: str
    group: str
    windows: Floats  # (windows, inputs)
    present: frozenset[str]
    absent: frozenset[str]


def fold_of(heard: Heard, fonts: list[str]) -> int:
    """Soundfonts and the artists' packages are held out whole, packages of unrelated samples file by file."""
    if heard.kind in RENDERED:
        return fonts.index(heard.group.split("/")[0]) % FOLDS
    return PACKAGE_FOLDS.get(heard.group, zlib.crc32(heard.name.encode()) % FOLDS)


def load(folder: Path) -> list[Heard]:
    """All heard examples of a folder."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as z:
            windows = np.hstack([tag_log_odds(z["tags"]), z["features"].astype(np.float32)]).astype(
                np.float64
            )
            found.append(
                Heard(str(z["name"]), str(z["kind"]), str(z["group"]), windows,
                      frozenset(z["present"].tolist()), frozenset(z["absent"].tolist()))
            )  # fmt: skip
    return found


@dataclass(frozen=True)
class Design:
    """Inputs of all examples, averaged over windows after standardising; labels are 1, 0 or NaN."""

    inputs: Floats  # (examples, inputs)
    labels: dict[str, Floats]
    agreed: dict[str, NDArray[np.bool_]]
    weights: Floats
    folds: NDArray[np.int64]
    mean: Floats
    scale: Floats


def design(heard: list[Heard]) -> Design:
    """The design matrix, standardised on all windows that are music."""
    music = np.concatenate([h.windows for h in heard if h.kind != "none"])
    mean, scale = music.mean(axis=0), music.std(axis=0) + 1e-3
    inputs = np.stack([standardised(h.windows, mean, scale).mean(axis=0) for h in heard])
    labels = {
        target: np.array(
            [1.0 if target in h.present else 0.0 if target in h.absent else np.nan for h in heard]
        )
        for target in sorted(ALL_TARGETS)
    }
    tags = [1 / (1 + np.exp(-h.windows[:, :100])) for h in heard]
    agreed = {
        target: np.array([not taggers_object(target, *np.split(t.mean(axis=0), 2)) for t in tags])
        for target in labels
    }
    weights = np.array([KIND_WEIGHTS[h.kind] for h in heard])
    fonts = sorted({h.group.split("/")[0] for h in heard if h.kind in RENDERED})
    folds = np.array([fold_of(h, fonts) for h in heard])
    return Design(inputs, labels, agreed, weights, folds, mean, scale)


def prior_of(target: str, inputs: int) -> Floats:
    """Weights that let the tags named like the target speak, each with the same say."""
    prior = np.zeros(inputs)
    mtt, msd = TAG_NAMES.get(target, ((), ()))
    places = [MTT_TAGS.index(tag) for tag in mtt] + [50 + MSD_TAGS.index(tag) for tag in msd]
    prior[places] = PRIOR_STRENGTH / max(1, len(places))
    return prior


@dataclass(frozen=True)
class Linear:
    """Log-odds as `inputs @ weights + bias`."""

    weights: Floats
    bias: float

    def __call__(self, inputs: Floats) -> Floats:
        return inputs @ self.weights + self.bias


def fit(inputs: Floats, labels: Floats, weights: Floats, prior: Floats) -> Linear:
    """Logistic regression with a Gaussian prior around `prior`; tags vary more freely than features."""
    penalty = np.full(inputs.shape[1], FEATURE_PENALTY)
    penalty[:100] = PENALTY
    # Rare targets keep a quarter of their rarity: the fit's base rate is not the world's.
    share = np.clip((weights * labels).sum() / weights.sum(), 1e-3, 0.999)
    balance = np.where(labels > 0.5, (0.5 / share) ** 0.5, (0.5 / (1 - share)) ** 0.5) * weights

    def loss(packed: Floats) -> tuple[float, Floats]:
        moved = packed[:-1] - prior
        logits = inputs @ packed[:-1] + packed[-1]
        error = balance * (1 / (1 + np.exp(-logits)) - labels)
        value = balance @ np.logaddexp(0, np.where(labels > 0.5, -logits, logits)) + 0.5 * penalty @ moved**2
        return float(value), np.append(inputs.T @ error + penalty * moved, error.sum())

    start = np.append(prior, -1.0)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return Linear(found[:-1], float(found[-1]))


@dataclass(frozen=True)
class Scale:
    """Platt scaling, slope * logit + shift."""

    slope: float
    shift: float


def calibrate(logits: Floats, labels: Floats, weights: Floats) -> Scale:
    """Maximum likelihood with smoothed labels (Platt, 1999), never steeper than the raw score."""
    positives, negatives = labels.sum(), (1 - labels).sum()
    goal = np.where(labels > 0.5, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(packed: Floats) -> float:
        z = packed[0] * logits + packed[1]
        return float(weights @ (np.logaddexp(0, z) - goal * z)) + 0.5 * (packed[0] - 0.8) ** 2

    slope, shift = minimize(loss, np.array([0.8, 0.0]), method="L-BFGS-B", bounds=[(0.05, 1.2), (-10, 10)]).x
    return Scale(float(slope), float(shift))


@dataclass(frozen=True)
class Judged:
    """One fitted target with its held-out accuracy."""

    target: str
    linear: Linear
    threshold: float
    probabilities: Floats  # held out; NaN where the label is open
    labels: Floats
    agreed: NDArray[np.bool_]


def judge(data: Design, target: str) -> Judged:
    """Fit with each fold held out, calibrate on the held-out scores, find the threshold, fit on everything.

    The agreement that genres need besides is no part of the threshold: rendered music seldom earns it.
    """
    labels = data.labels[target]
    known = ~np.isnan(labels)
    prior = prior_of(target, data.inputs.shape[1])
    held = np.full(len(labels), np.nan)
    for fold in range(FOLDS):
        train, test = known & (data.folds != fold), known & (data.folds == fold)
        if labels[train].sum() >= 1 and test.any():
            model = fit(data.inputs[train], labels[train], data.weights[train], prior)
            held[test] = model(data.inputs[test])
    tested = ~np.isnan(held)
    scale = calibrate(held[tested], labels[tested], data.weights[tested])
    probabilities = 1 / (1 + np.exp(-(scale.slope * held + scale.shift)))
    final = fit(data.inputs[known], labels[known], data.weights[known], prior)
    linear = Linear(scale.slope * final.weights, scale.slope * final.bias + scale.shift)
    least = LEAST_PROBABILITY[target.split(":")[0]]
    threshold = find_threshold(probabilities[tested], labels[tested], data.weights[tested], least)
    return Judged(target, linear, threshold, probabilities, labels, data.agreed[target])


def find_threshold(probabilities: Floats, labels: Floats, weights: Floats, least: float) -> float:
    """Lowest probability (`least` or more) from which on claims are right often enough; 2 if there is none."""
    order = np.argsort(-probabilities)
    right = np.cumsum((weights * labels)[order])
    precision = right / np.cumsum(weights[order])
    found = np.cumsum(labels[order])
    good = (precision >= SURE_PRECISION) & (found >= FEWEST_FOUND) & (probabilities[order] >= least)
    return float(probabilities[order][np.flatnonzero(good)[-1]]) if good.any() else 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the second stage of the tags.")
    parser.add_argument("features", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    heard = load(arguments.features)
    data = design(heard)
    enough = [target for target in sorted(ALL_TARGETS) if (data.labels[target] == 1).sum() >= FEWEST_EXAMPLES]
    judged = [judge(data, target) for target in enough]
    save(judged, data, arguments.out)
    text = report(judged, heard) + "\n" + compare_inputs(data, enough)
    print(text)
    if arguments.report:
        arguments.report.write_text(HEAD.format(count=len(heard)) + text, "utf-8")


def save(judged: list[Judged], data: Design, out: Path) -> None:
    """The two files that `linernotes.features.tags.second_stage` reads."""
    np.savez_compressed(
        out / "musicnn_targets.npz",
        mean=data.mean.astype(np.float32),
        scale=data.scale.astype(np.float32),
        weights=np.stack([j.linear.weights for j in judged]).astype(np.float16),
        bias=np.array([j.linear.bias for j in judged], np.float32),
    )
    targets = [
        {"kind": j.target.split(":")[0], "name": j.target.split(":")[1], "threshold": round(j.threshold, 3)}
        for j in judged
    ]
    (out / "musicnn_targets.json").write_text(json.dumps({"targets": targets}, indent=1) + "\n", "utf-8")


def report(judged: list[Judged], heard: list[Heard]) -> str:
    """Held-out precision and recall a target, and how often claims of each confidence were right."""
    kinds = np.array([h.kind for h in heard])
    head = "| target | true of | threshold | right: rendered | right: real | on no music | recall | AUC |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for j in judged:
        tested = ~np.isnan(j.probabilities)
        p, y, kind = j.probabilities[tested], j.labels[tested] == 1, kinds[tested]
        claimed = (p >= j.threshold) & j.agreed[tested]
        right = claimed & y
        threshold = "never claimed" if j.threshold > 1 else f"{j.threshold:.2f}"
        made = np.isin(kind, RENDERED)
        cells = [
            j.target,
            f"{y.sum()} of {len(y)}",
            threshold,
            *(f"{right[part].sum()} of {claimed[part].sum()}" for part in (made, kind == "real")),
            f"{claimed[kind == 'none'].sum()} of {(kind == 'none').sum()}",
            f"{right.sum() / y.sum():.2f}",
            f"{area_under_curve(p, y):.3f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *reliability(judged)]) + "\n"


def compare_inputs(data: Design, targets: list[str]) -> str:
    """Held-out accuracy of the same fit on less: the tags that bear the name, all tags, tags and features."""
    lines = [
        "| inputs | targets | mean AUC | claimable targets | recall at their thresholds |",
        "|---|---|---|---|---|",
    ]
    named = [target for target in targets if target in TAG_NAMES]
    for name, some in (("tags of that name", named), ("all tags", named), ("tags and features", named)):
        aucs, recalls = [], []
        for target in some:
            kept = np.zeros(data.inputs.shape[1], bool)
            kept[: 500 if name == "tags and features" else 100] = True
            if name == "tags of that name":
                kept = prior_of(target, len(kept)) > 0
            judged = judge(replace(data, inputs=np.where(kept, data.inputs, 0.0)), target)
            tested = ~np.isnan(judged.probabilities)
            p, y = judged.probabilities[tested], judged.labels[tested] == 1
            aucs.append(area_under_curve(p, y))
            if judged.threshold <= 1:
                recalls.append(float((p[y] >= judged.threshold).mean()))
        recall = f"{sum(recalls) / len(some):.2f}"
        lines.append(f"| {name} | {len(some)} | {np.mean(aucs):.3f} | {len(recalls)} | {recall} |")
    return "\n".join(lines) + "\n"


def area_under_curve(scores: Floats, truths: NDArray[np.bool_]) -> float:
    """Chance that a true example scores above a false one."""
    ranks = np.argsort(np.argsort(scores)) + 1
    positives, negatives = int(truths.sum()), int((~truths).sum())
    return float((ranks[truths].sum() - positives * (positives + 1) / 2) / max(1, positives * negatives))


def reliability(judged: list[Judged]) -> list[str]:
    """Held-out share of truth among probabilities of each tenth."""
    p = np.concatenate([j.probabilities for j in judged])
    y = np.concatenate([j.labels for j in judged])
    known = ~np.isnan(p)
    p, y = p[known], y[known]
    lines = ["| confidence | statements | mean confidence | true |", "|---|---|---|---|"]
    for low in np.arange(0, 1, 0.1):
        inside = (p >= low) & (p < low + 0.1)
        if inside.any():
            means = f"{p[inside].mean():.2f} | {y[inside].mean():.2f}"
            lines.append(f"| {low:.1f}-{low + 0.1:.1f} | {inside.sum()} | {means} |")
    return lines


if __name__ == "__main__":
    main()
