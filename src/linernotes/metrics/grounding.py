"""Grounding: every statement of a caption held against measured facts of the audio.

A statement is *supported* where a fact carries it, *contradicted* where a sure fact rules it out, and
*unverifiable* otherwise: nobody measured it, the measurement is unsure, or the detectors' silence proves nothing
(that no violin was found does not mean that there is none). The verdict names the fact and gives the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from linernotes.clip import Fact
from linernotes.metrics.score import Score, Statistics
from linernotes.metrics.verdicts import VERDICTS, judge
from linernotes.words.text_facts import TextFact, read_facts


@dataclass(frozen=True, slots=True)
class GroundedClaim:
    """A statement of a caption with what the measured facts say to it."""

    claim: TextFact
    verdict: str
    reason: str
    fact_id: str


@dataclass(frozen=True, slots=True)
class Grounding:
    """All statements of one caption, judged."""

    text: str
    claims: tuple[GroundedClaim, ...]

    def count(self, verdict: str) -> int:
        """How many statements have this verdict."""
        return sum(claim.verdict == verdict for claim in self.claims)


def ground(text: str, facts: Sequence[Fact], local_facts: Sequence[Fact] = ()) -> Grounding:
    """Hold a caption against the `facts` of a recording; `local_facts`, of its sections, can only support."""
    return Grounding(text, tuple(_ground(claim, facts, local_facts) for claim in read_facts(text).facts))


def _ground(claim: TextFact, facts: Sequence[Fact], local_facts: Sequence[Fact]) -> GroundedClaim:
    found = judge(claim, facts)
    if found.kind != "supported" and local_facts:
        nearby = judge(claim, local_facts)
        found = nearby if nearby.kind == "supported" else found
    return GroundedClaim(claim, found.kind, found.reason, found.fact_id)


def grounding_scores(groundings: Mapping[str, Grounding]) -> dict[str, Score]:
    """Share of all statements that are supported, contradicted and unverifiable; a clip's row holds its counts.

    Raises:
        ValueError: there are no captions.
    """
    if not groundings:
        raise ValueError("there are no captions to ground")
    clip_ids = tuple(groundings)
    counts = np.array(
        [[grounding.count(verdict) for verdict in VERDICTS] for grounding in groundings.values()], np.float64
    )
    return {
        verdict: Score(clip_ids, counts, partial(_share, number=number))
        for number, verdict in enumerate(VERDICTS)
    }


def _share(sums: Statistics, number: int) -> Statistics:
    """Count `number` over all counts; 0 where there are none."""
    part, whole = sums[..., number], sums.sum(axis=-1)
    share: Statistics = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return share
