"""What the heads say, as facts: the model is a feature detector too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from linernotes.clip import Fact
from linernotes.datasets.feature_classes import FEMALE, INSTRUMENTAL, KEYS, MALE
from linernotes.features.harmony.pitch_names import key_name
from linernotes.models.sonicverse.config import HeadConfig

THRESHOLD = 0.5
"""Probability from which a class of a head with several answers is told."""
SOURCE = "sonicverse"


def facts_of_logits(
    logits: Mapping[str, Tensor], heads: Sequence[HeadConfig], seconds: float
) -> tuple[Fact, ...]:
    """Facts of one clip that lasts `seconds`; logits are (classes,) by feature.

    A confidence is the head's own probability, which is not calibrated. Heads without class names tell nothing.
    """
    facts: list[Fact] = []
    for head in heads:
        if not head.names:
            continue
        chances = dict(zip(head.names, torch.sigmoid(logits[head.feature].float()).tolist(), strict=True))
        for number, (name, value, chance) in enumerate(_told(head.feature, chances), 1):
            key = f"{SOURCE}:{name}-{number}"
            facts.append(Fact(key, name, value, "", round(chance, 4), SOURCE, 0.0, round(seconds, 3)))
    return tuple(facts)


def _told(feature: str, chances: Mapping[str, float]) -> list[tuple[str, str, float]]:
    """(name of the fact, value, probability) of what a head tells."""
    if feature == "key":
        best = max(chances, key=lambda name: chances[name])
        # The classes are written with sharps throughout; facts as key signatures are: Eb major, not D# major.
        return [("key", key_name(KEYS.index(best)) if best in KEYS else best, chances[best])]
    if feature == "vocals" and {INSTRUMENTAL, FEMALE, MALE} <= set(chances):
        return _voice(chances)
    likely = sorted((name for name in chances if chances[name] >= THRESHOLD), key=lambda name: -chances[name])
    return [(feature, name, chances[name]) for name in likely]


def _voice(chances: Mapping[str, float]) -> list[tuple[str, str, float]]:
    without = chances[INSTRUMENTAL]
    if without >= THRESHOLD:
        return [("voice", "instrumental", without)]
    told = [("voice", "sung", 1.0 - without)]
    singers = [name for name in (FEMALE, MALE) if chances[name] >= THRESHOLD]
    if singers:
        value = singers[0] if len(singers) == 1 else "mixed"
        told.append(("singer_gender", value, min(chances[name] for name in singers)))
    return told
