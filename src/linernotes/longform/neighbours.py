"""Windows that contradict their neighbours: ten seconds are little to judge by, and a model may be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.clip import Fact
from linernotes.metrics.verdicts import judge
from linernotes.words.agreement import says
from linernotes.words.text_facts import TextFact, read_facts

EXCLUSIVE = ("key", "tempo", "metre", "voice", "singer_gender")
"""Attributes of which music has one value at a time."""


def contradictions(
    captions: Sequence[str], around: Sequence[Sequence[Fact]], whole: Sequence[Fact]
) -> list[str]:
    """For each caption, in order of time, why it is to be dropped; "" where it may stay.

    It is dropped for a statement that its section (`around`: the section's facts, for each) does not carry,
    where the captions before and after agree on another, or where a sure fact of the whole rules it out.
    """
    said = [read_facts(caption).facts for caption in captions]
    return [
        next(filter(None, (_fault(claim, place, captions, said, whole, around) for claim in said[place])), "")
        for place in range(len(captions))
    ]


def _fault(
    claim: TextFact,
    place: int,
    captions: Sequence[str],
    said: Sequence[Sequence[TextFact]],
    whole: Sequence[Fact],
    around: Sequence[Sequence[Fact]],
) -> str:
    if judge(claim, around[place]).kind == "supported":
        return ""
    quoted = f"it says “{claim.quote(captions[place])}”"
    if 0 < place < len(captions) - 1:
        for there in said[place - 1]:
            is_shared = any(_agree(there, back) for back in said[place + 1])
            if is_shared and _excludes(claim, there, said[place]):
                return f"{quoted}, the windows around it “{there.quote(captions[place - 1])}”"
    verdict = judge(claim, whole)
    return f"{quoted}, but {verdict.reason}" if verdict.kind == "contradicted" else ""


def _agree(one: TextFact, other: TextFact) -> bool:
    return says(one, other) or says(other, one)


def _excludes(claim: TextFact, there: TextFact, beside: Sequence[TextFact]) -> bool:
    """Whether both can't hold; not so where the window also says what its neighbours do."""
    if claim.attribute != there.attribute or any(_agree(mine, there) for mine in beside):
        return False
    if claim.is_denied != there.is_denied:
        return claim.value == there.value
    return not claim.is_denied and claim.attribute in EXCLUSIVE
