"""Instruments, genre, mood and era from the musicnn taggers: calibrated, and silent where the evidence is unclear.

The taggers' own probabilities mislead (a trumpet reads as a guitar, an orchestra as jazz). A linear second
stage on their tags and penultimate features, fitted and calibrated by `scripts/fit_tags.py`, gives each target
a probability; a target is claimed above the threshold at which it was right often enough on held-out recordings,
and targets that never reached that are not claimed (docs/models/musicnn.md: precision and recall of each).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.encoders.musicnn_vocabulary import MSD_TAGS, MTT_TAGS
from linernotes.features.frames import Frames

Floats = NDArray[np.float32]

SOURCE = "musicnn"
MOST_GENRES = 2

TAG_NAMES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "instrument:piano": (("piano",), ()),
    "instrument:guitar": (("guitar",), ("guitar",)),
    "instrument:acoustic guitar": (("guitar",), ("acoustic",)),
    "instrument:electric guitar": (("guitar", "rock"), ("guitar",)),
    "instrument:distorted guitar": (("metal", "rock"), ("hard rock", "heavy metal")),
    "instrument:strings": (("strings", "violin", "cello"), ()),
    "instrument:violin": (("violin",), ()),
    "instrument:cello": (("cello",), ()),
    "instrument:harp": (("harp",), ()),
    "instrument:harpsichord": (("harpsichord",), ()),
    "instrument:flute": (("flute",), ()),
    "instrument:woodwinds": (("flute",), ()),
    "instrument:sitar": (("sitar", "indian"), ()),
    "instrument:synthesizer": (("synth", "electronic"), ("electronic",)),
    "instrument:drums": (("drums", "beat", "beats"), ()),
    "instrument:choir": (("choir", "choral"), ()),
    "genre:classical": (("classical", "classic", "strings", "violin"), ()),
    "genre:rock": (("rock",), ("rock", "alternative rock", "classic rock")),
    "genre:metal": (("metal",), ("metal", "heavy metal")),
    "genre:pop": (("pop",), ("pop",)),
    "genre:electronic": (
        ("electronic", "techno", "dance"),
        ("electronic", "electronica", "electro", "House"),
    ),
    "genre:ambient": (("ambient", "new age"), ("ambient", "chillout")),
    "genre:jazz": ((), ("jazz",)),
    "genre:folk": ((), ("folk", "acoustic")),
    "genre:country": (("country",), ("country",)),
    "genre:hip hop": ((), ("Hip-Hop",)),
    "genre:blues": ((), ("blues",)),
    "mood:calm": (("slow", "soft", "quiet", "ambient"), ("Mellow", "chillout", "chill")),
    "mood:energetic": (("fast", "loud", "rock"), ("dance", "party", "hard rock")),
    "mood:happy": ((), ("happy",)),
    "mood:sad": ((), ("sad",)),
}
"""Words of the MTT and of the MSD vocabulary that name a target; the fit starts from their own verdict."""

AGREEMENT_RANK = 5
"""A genre is only said where a tag that names it is among this many likeliest of its vocabulary."""

TAG_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "strings": ("violin", "cello"),
    "brass": ("trumpet",),
    "woodwinds": ("flute", "saxophone"),
    "electric guitar": ("distorted guitar",),
    "guitar": ("acoustic guitar", "electric guitar", "distorted guitar"),
}
"""A family's probability is fitted on its own; it gives way to a member that is nearly as sure."""
NEARLY_AS_SURE = 0.85

TAG_WORDS: Mapping[str, str] = {
    "distorted guitar": "distorted electric guitar",
    "electric guitar": "guitar",
    "mallets": "mallet percussion",
}
"""Plain words of targets; what tells a clean electric guitar from an acoustic one was not at hand to fit."""

TAG_ERAS: tuple[str, ...] = ("60s", "70s", "80s", "90s")
"""Decades among the MSD tags; its "00s" says when its listeners lived more than how a recording sounds."""
ERA_PROBABILITY, ERA_LEAD = 0.2, 1.5
"""A decade is claimed at this probability of the tag and this many times the next; not calibrated further."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing the second stage can say, and how it did on held-out recordings."""

    kind: str
    name: str
    threshold: float  # above 1 for a target that is never claimed


@dataclass(frozen=True, slots=True)
class SecondStage:
    """Linear map from standardised inputs to calibrated log-odds."""

    targets: tuple[Target, ...]
    mean: Floats  # (inputs,)
    scale: Floats  # (inputs,)
    weights: Floats  # (targets, inputs)
    bias: Floats  # (targets,)

    def probabilities(self, inputs: Floats) -> dict[str, float]:
        """Probability of each target, as "kind:name", from inputs of windows (windows, inputs)."""
        logits = standardised(inputs, self.mean, self.scale).mean(axis=0) @ self.weights.T + self.bias
        odds = 1.0 / (1.0 + np.exp(-logits))
        return {f"{t.kind}:{t.name}": float(p) for t, p in zip(self.targets, odds, strict=True)}


def tag_log_odds(probabilities: Floats) -> Floats:
    """Log-odds of tags, kept within what single precision and the training data carry."""
    clipped = np.clip(probabilities, 1e-4, 1 - 1e-4)
    odds: Floats = np.log(clipped / (1 - clipped)).astype(np.float32)
    return odds


def standardised(inputs: Floats, mean: Floats, scale: Floats) -> Floats:
    """Inputs in standard deviations of the fitting data, limited to 4: sounds from elsewhere must not run away."""
    limited: Floats = np.clip((inputs - mean) / scale, -4.0, 4.0)
    return limited


@lru_cache(maxsize=1)
def second_stage() -> SecondStage:
    """The shipped second stage."""
    assets = resources.files("linernotes") / "assets"
    described = json.loads((assets / "musicnn_targets.json").read_text("utf-8"))
    targets = tuple(Target(t["kind"], t["name"], t["threshold"]) for t in described["targets"])
    with (assets / "musicnn_targets.npz").open("rb") as file, np.load(file) as stored:
        parts = {name: stored[name].astype(np.float32) for name in ("mean", "scale", "weights", "bias")}
    return SecondStage(targets, **parts)


def taggers_object(target: str, mtt: Floats, msd: Floats) -> bool:
    """Whether a genre lacks the support of the taggers' own words; mean probabilities are (50,) each."""
    if not target.startswith("genre:"):
        return False
    named = TAG_NAMES[target]
    likeliest = [
        {vocabulary[place] for place in np.argsort(-means)[:AGREEMENT_RANK]}
        for vocabulary, means in ((MTT_TAGS, mtt), (MSD_TAGS, msd))
    ]
    return not any(tops & set(names) for tops, names in zip(likeliest, named, strict=True))


def tag_probabilities(frames: Frames) -> dict[str, float]:
    """Calibrated probability of every target, as "instrument:piano"; empty where no window was heard."""
    if not len(frames["tags_mtt"].values):
        return {}
    tags = tag_log_odds(np.hstack([frames["tags_mtt"].values, frames["tags_msd"].values]))
    features = np.hstack([frames["musicnn_mtt"].values, frames["musicnn_msd"].values])
    return second_stage().probabilities(np.hstack([tags, features]))


def estimate_tags(frames: Frames) -> list[Fact]:
    """Facts "instrument", "genre", "mood" and "era" of a recording or a section, likeliest first in each kind."""
    probabilities = tag_probabilities(frames)
    if not probabilities:
        return []
    mtt, msd = frames["tags_mtt"].values.mean(axis=0), frames["tags_msd"].values.mean(axis=0)
    probabilities = {
        target: 0.0 if taggers_object(target, mtt, msd) else probability
        for target, probability in probabilities.items()
    }
    claimed = {kind: _claimed(kind, probabilities) for kind in ("instrument", "genre", "mood")}
    _choose_families(claimed["instrument"])
    claimed["genre"] = dict(list(claimed["genre"].items())[:MOST_GENRES])
    claimed["era"] = _era(_means(MSD_TAGS, frames["tags_msd"].values))
    return [
        _fact(frames, kind, TAG_WORDS.get(name, name), confidence)
        for kind, names in claimed.items()
        for name, confidence in names.items()
    ]


def _claimed(kind: str, probabilities: Mapping[str, float]) -> dict[str, float]:
    """Targets of a kind that pass their thresholds, likeliest first."""
    passing = {
        target.name: probabilities[f"{kind}:{target.name}"]
        for target in second_stage().targets
        if target.kind == kind and probabilities[f"{kind}:{target.name}"] >= target.threshold
    }
    return dict(sorted(passing.items(), key=lambda item: -item[1]))


def _choose_families(instruments: dict[str, float]) -> None:
    """Keep "violin" or "strings", never both: the member where it is nearly as sure as its family."""
    for family, members in TAG_FAMILIES.items():
        named = [member for member in members if member in instruments]
        if family not in instruments or not named:
            continue
        if max(instruments[member] for member in named) >= NEARLY_AS_SURE * instruments[family]:
            del instruments[family]
        else:
            for member in named:
                del instruments[member]


def _fact(frames: Frames, kind: str, value: str, confidence: float) -> Fact:
    return Fact(
        f"{kind}:{value}", kind, value, "", round(confidence, 3), SOURCE, frames.start_s, frames.end_s
    )


def _era(msd: Mapping[str, float]) -> dict[str, float]:
    likeliest, second = sorted(TAG_ERAS, key=lambda era: -msd[era])[:2]
    if msd[likeliest] < ERA_PROBABILITY or msd[likeliest] < ERA_LEAD * msd[second]:
        return {}
    return {likeliest: msd[likeliest]}


def _means(tags: tuple[str, ...], values: Floats) -> dict[str, float]:
    means = values.mean(axis=0) if len(values) else np.zeros(len(tags))
    return {tag: float(mean) for tag, mean in zip(tags, means, strict=True)}
