"""How a recording unfolds: sentences about its sections, for the long style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from linernotes.clip import Fact
from linernotes.writers.content import Content, Item, measured_content
from linernotes.writers.grammar import clock, number
from linernotes.writers.phrase import Phrase, fill, joined, listed, plain, said, sentence

_FORM_SHAPES = (
    "It falls into {count} sections{labels}.",
    "There are {count} sections{labels}.",
    "It unfolds in {count} sections{labels}.",
)
_HEARD_SHAPES = ("From {time}, {players} can be heard", "{players} can be heard from {time}")
MAX_CHANGES = 3
"""How many changes between sections a long caption tells of."""


def unfolding(content: Content, sections: Mapping[str, Sequence[Fact]], rng: Random) -> Phrase:
    """The form (sections and which of them are alike), then what comes in where."""
    changes = _changes({name: measured_content(facts) for name, facts in sections.items()}, sections, rng)
    return joined([_form(content.all("section"), rng), *changes[:MAX_CHANGES]])


def _form(sections: Sequence[Item], rng: Random) -> Phrase:
    if len(sections) < 2:
        return Phrase()
    ids = tuple(fact_id for item in sections for fact_id in item.fact_ids)
    labels = [item.text for item in sections]
    repeats = len(set(labels)) < len(labels)
    told = (
        plain(", in the order ") + said(" ".join(labels), ids) if repeats and len(labels) <= 12 else Phrase()
    )
    return sentence(fill(rng.choice(_FORM_SHAPES), count=said(number(len(sections)), ids), labels=told))


def _changes(
    contents: Mapping[str, Content], facts: Mapping[str, Sequence[Fact]], rng: Random
) -> list[Phrase]:
    """Sentences about each section that brings what no earlier one had, in order of time."""
    order = sorted(contents, key=lambda name: min(fact.start_s for fact in facts[name]))
    known: set[str] = set()
    key = ""
    sentences: list[Phrase] = []
    for index, name in enumerate(order):
        content = contents[name]
        start_s = min(fact.start_s for fact in facts[name])
        fresh = [item for item in content.all("instrument") if item.sure and item.text not in known]
        known.update(item.text for item in content.all("instrument"))
        voice = content.one("voice")
        voice = voice if voice and voice.sure and voice.text == "sung" and "voice" not in known else None
        known.update(["voice"] if voice else [])
        moved = content.one("key")
        moved = moved if moved and moved.sure and moved.text != key else None
        key = moved.text if moved else key
        if index:
            sentences.append(_change(clock(start_s), fresh[:3], voice, moved, rng))
    return [made for made in sentences if made]


def _change(time: str, fresh: Sequence[Item], voice: Item | None, key: Item | None, rng: Random) -> Phrase:
    """One sentence on what is heard from `time` on."""
    clauses: list[Phrase] = []
    players = listed([said(item.text, item.fact_ids) for item in fresh])
    if players:
        clauses.append(fill(rng.choice(_HEARD_SHAPES), time=plain(time), players=players))
    if voice:
        words = said(rng.choice(("singing", "a singing voice")), voice.fact_ids)
        clauses.append(fill(f"at {time} there is {{voice}}", voice=words))
    if key:
        words = said(key.text, key.fact_ids)
        clauses.append(fill(f"the key at {time} is {{key}}", key=words))
    return sentence(joined(clauses[:2], ", and ")) if clauses else Phrase()
