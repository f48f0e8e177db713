"""What a manifest says of its clips already, taken for true: its facts, and its tags where there are no facts.

A tag is `kind:value` or `kind---value` ("genre:rock"), or a plain name of a class ("guitar"); a data set that has
its tags by category in `extra` ("genre", "instrument", "mood/theme") is read so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from linernotes.building.annotate import NAMED
from linernotes.building.annotate.meanings import meaning_of
from linernotes.clip import Clip, Fact

_KIND = re.compile(r"(.+?)(?:---|:)(.+)")
KINDS: Mapping[str, str] = {
    "instrument": "instrument", "genre": "genre", "mood": "mood", "mood/theme": "mood", "voice": "voice",
    "key": "key",
}  # fmt: skip
GENDERS = ("female", "male", "mixed")
INSTRUMENTAL_TAGS = ("none", "instrumental")
SOURCE = "tags"


def truth_of(clip: Clip) -> tuple[Fact, ...]:
    """The clip's facts, and those that its tags state of what they do not name."""
    told = {fact.name for fact in clip.facts}
    stated = dict.fromkeys(
        (*_of_categories(clip.extra), *(pair for tag in clip.tags for pair in _of_tag(tag)))
    )
    found = list(clip.facts)
    end_s = max(0.0, (clip.end_s or 0.0) - clip.start_s)
    for kind, value in stated:
        for name, meant in _meant(kind, value):
            if name not in told:
                found.append(Fact(f"tag:{name}:{meant}", name, meant, "", 1.0, SOURCE, 0.0, end_s))
    return tuple(found)


def _of_categories(extra: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (KINDS[category], str(value))
        for category, values in extra.items()
        if category in KINDS and isinstance(values, list | tuple)
        for value in values
    ]


def _of_tag(tag: str) -> list[tuple[str, str]]:
    named = _KIND.fullmatch(tag)
    if named:
        kind = KINDS.get(named[1].strip().lower())
        return [(kind, named[2].strip())] if kind else []
    for kind in NAMED:
        meaning = meaning_of(kind, tag)
        if meaning is not None and meaning.same is not None:
            return [(kind, tag)]
    return []


def _meant(kind: str, value: str) -> list[tuple[str, str]]:
    """Fact names and values; voice:male says that there is singing, and whose."""
    if kind != "voice":
        return [(kind, value)]
    if value in INSTRUMENTAL_TAGS:
        return [("voice", "instrumental")]
    return [("voice", "sung"), *([("singer_gender", value)] if value in GENDERS else [])]
