"""Groundings of one or many captions as plain data and as a Markdown report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from linernotes.metrics.grounding import GroundedClaim, Grounding, grounding_scores
from linernotes.metrics.verdicts import VERDICTS

LISTED_CONTRADICTIONS = 50
"""How many contradicted statements the Markdown report lists; the JSON holds all."""
LISTED_CLIPS = 20
"""How many captions without a statement the Markdown report names; the JSON names all."""


def grounding_to_dict(grounding: Grounding) -> dict[str, Any]:
    """One caption: its text, the count of each verdict and every statement with its verdict."""
    return {
        "caption": grounding.text,
        "counts": {verdict: grounding.count(verdict) for verdict in VERDICTS},
        "claims": [_claim(claim, grounding.text) for claim in grounding.claims],
    }


def _claim(claim: GroundedClaim, text: str) -> dict[str, Any]:
    said = claim.claim
    return {
        "attribute": said.attribute,
        "value": said.value,
        "polarity": said.polarity,
        "confidence": said.confidence,
        "start": said.start,
        "end": said.end,
        "text": text[said.start : said.end],
        "quote": said.quote(text),
        "verdict": claim.verdict,
        "reason": claim.reason,
        "fact_id": claim.fact_id,
    }


def report_to_dict(
    groundings: Mapping[str, Grounding], shuffled: Mapping[str, Grounding] | None = None
) -> dict[str, Any]:
    """Shares of all statements with a bootstrap interval over captions; counts by attribute; every caption.

    `shuffled` are the same captions held against the facts of other recordings: the floor beside each share.
    """
    floors = grounding_scores(shuffled) if shuffled else {}
    shares: dict[str, Any] = {}
    for verdict, score in grounding_scores(groundings).items():
        low, high = score.interval()
        floor = floors[verdict].corpus if verdict in floors else None
        shares[verdict] = {"value": score.corpus, "ci95": [low, high], "shuffled": floor}
    return {
        "n": len(groundings),
        "claims": sum(len(grounding.claims) for grounding in groundings.values()),
        "shares": shares,
        "attributes": _by_attribute(groundings),
        "without_statements": [clip_id for clip_id, grounding in groundings.items() if not grounding.claims],
        "captions": {clip_id: grounding_to_dict(grounding) for clip_id, grounding in groundings.items()},
    }


def _by_attribute(groundings: Mapping[str, Grounding]) -> dict[str, dict[str, int]]:
    counts = Counter(
        (claim.claim.attribute, claim.verdict)
        for grounding in groundings.values()
        for claim in grounding.claims
    )
    attributes = sorted({attribute for attribute, _ in counts})
    return {name: {verdict: counts[name, verdict] for verdict in VERDICTS} for name in attributes}


def report_to_markdown(
    groundings: Mapping[str, Grounding], shuffled: Mapping[str, Grounding] | None = None
) -> str:
    """The report for people: shares, counts by attribute, and the statements that facts rule out."""
    data = report_to_dict(groundings, shuffled)
    lines = [
        "# Grounding",
        "",
        f"{_counted(data['n'], 'caption makes', 'captions make')} "
        f"{_counted(data['claims'], 'statement', 'statements')} about music. Shares of all statements; the "
        "interval is a bootstrap over captions, and shuffled the share of the same captions on other recordings.",
        *_without_statements(data["without_statements"]),
        "",
        "| verdict | share | 95 % interval | shuffled |",
        "|---|---|---|---|",
    ]
    for verdict, share in data["shares"].items():
        low, high = share["ci95"]
        floor = "" if share["shuffled"] is None else f"{share['shuffled']:.1%}"
        lines.append(f"| {verdict} | {share['value']:.1%} | {low:.1%} to {high:.1%} | {floor} |")
    lines += ["", f"| attribute | {' | '.join(VERDICTS)} |", "|---|---|---|---|"]
    for name, counts in data["attributes"].items():
        lines.append(f"| {name} | {' | '.join(str(counts[verdict]) for verdict in VERDICTS)} |")
    contradicted = list(_contradictions(groundings))
    if contradicted:
        lines += ["", f"## Contradicted ({len(contradicted)})", "", *contradicted[:LISTED_CONTRADICTIONS]]
        left = len(contradicted) - LISTED_CONTRADICTIONS
        lines += [f"- and {left} more: see --json"] if left > 0 else []
    return "\n".join(lines) + "\n"


def _without_statements(clip_ids: Sequence[str]) -> Iterator[str]:
    """A paragraph that counts and names the captions that no share speaks of; nothing where there are none."""
    if not clip_ids:
        return
    named = ", ".join(f"`{clip_id}`" for clip_id in clip_ids[:LISTED_CLIPS])
    left = len(clip_ids) - LISTED_CLIPS
    more = f" and {left} more: see --json" if left > 0 else ""
    yield ""
    yield f"{_counted(len(clip_ids), 'caption makes', 'captions make')} no statement: {named}{more}"


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _contradictions(groundings: Mapping[str, Grounding]) -> Iterator[str]:
    for clip_id, grounding in groundings.items():
        for claim in grounding.claims:
            if claim.verdict == "contradicted":
                words = " ".join(claim.claim.quote(grounding.text).split())
                yield f'- `{clip_id}`: "{words}", but {claim.reason}'
