"""How a recording unfolds: sentences about its sections, for the long style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from linernotes.clip import Fact
from linernotes.writers.composer.content import Content, Item, measured_content
from linernotes.writers.composer.grammar import clock, number
from linernotes.writers.composer.phrase import Phrase, fill, joined, listed, plain, said, sentence

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
    return joined([_form(content.all("section"), rng), *_changes(content, sections, rng)[:MAX_CHANGES]])


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


def _changes(whole: Content, sections: Mapping[str, Sequence[Fact]], rng: Random) -> list[Phrase]:
    """Sentences about each section that brings what no earlier one had, in order of time."""
    order = sorted(sections, key=lambda name: min(fact.start_s for fact in sections[name]))
    voice, main_key = whole.one("voice"), whole.one("key")
    key = main_key.text if main_key else ""
    heard: set[str] = set() if voice and voice.text == "sung" else {"voice"}
    sentences: list[Phrase] = []
    for index, name in enumerate(order):
        content = measured_content(sections[name])
        fresh = [item for item in content.all("instrument") if item.sure and item.text not in heard]
        heard.update(item.text for item in content.all("instrument"))
        sings = next((item for item in content.all("voice")[:1] if item.sure and item.text == "sung"), None)
        enters = sings if "voice" not in heard else None
        heard.update(["voice"] if sings else [])
        moved = next((item for item in content.all("key")[:1] if item.sure and item.text != key), None)
        if index:
            key = moved.text if moved else key
            time = clock(min(fact.start_s for fact in sections[name]))
            sentences.append(_change(time, fresh[:3], enters, moved, rng))
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
