"""The default writer: a planned grammar that can only say what a fact supports, with variety by seed.

Two kinds of input share one pipeline. Measured facts become content items (`content`), a plan (`plan`) and
sentences (`realise`, `unfold`, `lists`). Aspects, phrases a person gave, are sorted by the lexicon and every one
of them is said (`aspects`, `manners`). Claims are laid down while the text is built (`phrase`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from linernotes.clip import Caption, Fact
from linernotes.writers import check_style
from linernotes.writers.composer.aspects import sort_aspects
from linernotes.writers.composer.content import Content, Item, measured_content, split_sections
from linernotes.writers.composer.lists import generator_prompt, tags
from linernotes.writers.composer.manners import choose_manner
from linernotes.writers.composer.phrase import Phrase, fill, joined, plain, said, sentence, to_caption
from linernotes.writers.composer.plan import make_plan
from linernotes.writers.composer.realise import (
    closing,
    figures_sentence,
    manner_sentences,
    mood_sentence,
    opening,
)
from linernotes.writers.composer.telling import Pool, Wording
from linernotes.writers.composer.tellings import TELLINGS
from linernotes.writers.composer.unfold import unfolding

_NOTHING = "Nothing can be said about this recording with confidence."
_NOTHING_HERE = "Nothing can be said about this section with confidence."
_NOT_MUSIC: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "speech": (
        ("This does not sound like music: it is {speech}.", "This is {speech} rather than music."),
        ("This may be {speech} rather than music.", "This sounds more like {speech} than music."),
    ),
    "silence": (
        ("There is only {silence} here.", "There is nothing but {silence} here."),
        ("This seems to be {silence}.",),
    ),
    "other": (
        ("This {other}.", "The recording {other}."),
        ("This may not be music.", "It is doubtful whether this is music."),
    ),
}
_NOT_MUSIC_WORDS = {"speech": "speech", "silence": "silence", "other": "does not sound like music"}


def composer(facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
    """Caption of `facts` in one of `STYLES`; the same facts and seed give the same text."""
    check_style(style)
    rng = Random(f"{seed}|{_fingerprint(facts)}")
    given = [fact for fact in facts if fact.name == "aspect"]
    told = _given(given, style, seed, rng) if given else Phrase()
    if given and len(given) == len(facts):
        return to_caption(told)
    nothing = _NOTHING
    whole, sections = split_sections([fact for fact in facts if fact.name != "aspect"])
    if not whole and len(sections) == 1:  # the facts of one section, to be captioned by itself
        whole, sections = next(iter(sections.values())), {}
        nothing = _NOTHING_HERE
    content = measured_content(whole)
    kind = content.one("content")
    if kind:
        return to_caption(_not_music(kind, style, rng))
    phrase = _measured(content, sections, style, rng)
    if not phrase:
        phrase = Phrase() if given or style in ("tags", "generator") else plain(nothing)
    return to_caption(joined([told, phrase], ", " if style in ("tags", "generator") else " "))


def _given(facts: Sequence[Fact], style: str, seed: int, rng: Random) -> Phrase:
    """Every aspect said. Seed 0 tells them in the likeliest manner and words; other seeds vary both."""
    if style in ("tags", "generator"):
        return joined([said(aspect.text, aspect.fact_ids) for aspect in sort_aspects(facts)], ", ")
    vary = rng if seed else None
    return tell(facts, choose_manner([str(fact.value) for fact in facts], vary), vary)


def tell(facts: Sequence[Fact], manner: str, rng: Random | None = None) -> Phrase:
    """Every aspect said in one of `MANNERS`; without `rng` in the most usual words."""
    return TELLINGS[manner](Pool(sort_aspects(facts)), Wording(rng))


def _fingerprint(facts: Sequence[Fact]) -> str:
    """Different recordings get different shapes from the same seed."""
    return "|".join(f"{fact.name}={fact.value}" for fact in facts)


def _measured(content: Content, sections: Mapping[str, Sequence[Fact]], style: str, rng: Random) -> Phrase:
    plan = make_plan(content, style, rng)
    if style == "tags":
        return tags(plan)
    if style == "generator":
        return generator_prompt(plan, rng)
    told = unfolding(content, sections, rng) if style == "long" else Phrase()
    if plan.is_empty:
        return told
    first = opening(plan, rng, style)
    if style == "short":
        return joined([first, closing(plan, rng)])
    rest = [mood_sentence(plan, rng), figures_sentence(plan, rng)]
    rng.shuffle(rest)
    return joined([first, *rest, manner_sentences(plan, rng), told])


def _not_music(kind: Item, style: str, rng: Random) -> Phrase:
    """What is said of recordings that aren't music: that, and nothing about their sound."""
    if kind.text not in _NOT_MUSIC:
        return plain(_NOTHING)
    words = said(_NOT_MUSIC_WORDS[kind.text], kind.fact_ids)
    if style in ("tags", "generator"):
        return said("not music" if kind.text == "other" else kind.text, kind.fact_ids)
    sure, likely = _NOT_MUSIC[kind.text]
    shape = rng.choice(sure if kind.sure else likely)
    if "{" not in shape:
        return said(shape, kind.fact_ids)
    return sentence(fill(shape, **{kind.text: words}))
