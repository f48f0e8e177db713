"""The long description without a language model: the composer's sentences on the whole, then turn by turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from linernotes.clip import Caption, Claim, Description, Fact, Moment, Section
from linernotes.export import clock
from linernotes.longform.changes import DETAIL, Change, Turn, is_of_a_span, turns
from linernotes.longform.options import Length, LongOptions, Manner
from linernotes.writers.composer import composer
from linernotes.writers.composer.content import DEFAULT_THRESHOLDS
from linernotes.writers.composer.grammar import number
from linernotes.writers.composer.phrase import Phrase, fill, listed, plain, said, sentence, to_caption

CLAUSES: Mapping[Length, int] = {Length.short: 2, Length.medium: 3, Length.full: 6}
"""How much is said of one turn."""
NOT_IN_SHORT = frozenset("dynamics brightness loudness_range tuning tempo_change".split())
_SHAPES = ("At {time} {told}", "At {time}, {told}")
_LONE_SHAPES = (*_SHAPES, "{told} at {time}")
_BEGINS = ("opens ", "starts ", "begins ")


def most_turns(length: Length, duration_s: float) -> int:
    """How many turns are told; long recordings get a few more."""
    more = int(duration_s // 300)
    return {Length.short: 4, Length.medium: 8 + more, Length.full: 1000}[length]


def tell(
    facts: Sequence[Fact],
    sections: Sequence[Section],
    duration_s: float,
    options: LongOptions,
    quotes: Mapping[float, str] | None = None,
) -> Description:
    """Tell a recording from the facts of the whole and of its sections.

    `quotes` are words of a trained captioner by the start of the section that they belong to.
    """
    rng = Random(options.seed)
    told = _chosen(turns(facts, sections), most_turns(options.length, duration_s))
    opening = _whole(_not_gainsaid(facts, sections, told, options.length), sections, duration_s, options)
    quoted = dict(quotes or {})
    captions, starts = [opening], [0.0]
    for turn in told:
        caption = to_caption(_sentence(turn, options, rng))
        caption = _quoting(caption, quoted.pop(turn.time_s, ""))
        if turn.time_s <= 0 or not caption.text:
            captions[-1] = _together([captions[-1], caption], " ") if caption.text else captions[-1]
            continue
        captions.append(caption)
        starts.append(turn.time_s)
    moments = tuple(
        Moment(start_s, end_s, caption.text)
        for caption, start_s, end_s in zip(captions, starts, [*starts[1:], duration_s], strict=True)
    )
    if options.manner is Manner.timeline:
        captions = [_stamped(caption, start_s) for caption, start_s in zip(captions, starts, strict=True)]
    text = _together(captions, "\n" if options.manner is Manner.timeline else " ")
    return Description(text, "composer", moments)


def _whole(
    facts: Sequence[Fact], sections: Sequence[Section], duration_s: float, options: LongOptions
) -> Caption:
    """What holds throughout, and how long it lasts."""
    kept = [fact for fact in facts if not is_of_a_span(fact) and fact.name not in ("section", "chord")]
    if options.length is Length.short:
        kept = [fact for fact in kept if fact.name not in NOT_IN_SHORT]
    lasts = plain(f"It lasts {clock(duration_s)}")
    borders = [fact.id for fact in facts if fact.name == "section"]
    if len(borders) > 1 and len(sections) > 1:
        lasts = lasts + plain(", in ") + said(f"{number(len(borders))} sections", borders)
    return _together([composer(kept, "long", options.seed), to_caption(sentence(lasts))], " ")


def _not_gainsaid(
    facts: Sequence[Fact], sections: Sequence[Section], told: Sequence[Turn], length: Length
) -> list[Fact]:
    """Facts of the whole, less those that a turn takes back ("the volume stays even") or says more surely."""
    of_id = {fact.id: fact for fact in (*facts, *(fact for part in sections for fact in part.facts))}
    changes = [change for turn in told for change in _weightiest(turn.changes, length)]
    ids = [identity for change in changes for identity in change.phrase.fact_ids]
    later = [of_id[identity] for identity in ids if identity in of_id]
    names = {fact.name for fact in later}
    uneven = {"dynamics": names & {"level", "dynamics"}, "tempo_change": names & {"tempo"}}
    sure = {fact.value for fact in later if fact.name == "instrument"}
    return [
        fact
        for fact in facts
        if not (fact.value == "steady" and uneven.get(fact.name))
        and not (
            fact.name == "instrument" and fact.value in sure and fact.confidence < DEFAULT_THRESHOLDS.sure
        )
    ]


def _chosen(found: Sequence[Turn], most: int) -> list[Turn]:
    """The turns that matter most, in order of time; the first and the last that say something are among them."""
    telling = [turn for turn in found if turn.changes]
    if len(telling) <= most:
        return telling
    ends = [telling[0], telling[-1]]
    between = sorted(telling[1:-1], key=lambda turn: (-turn.weight, turn.time_s))[: most - 2]
    return sorted([*ends, *between], key=lambda turn: turn.time_s)


def _sentence(turn: Turn, options: LongOptions, rng: Random) -> Phrase:
    kept = _weightiest(turn.changes, options.length)
    clauses = [change.phrase for change in kept if change.is_clause]
    does = listed([change.phrase for change in kept if not change.is_clause])
    predicate = plain("it ") + does if does else Phrase()
    told = listed([*clauses, predicate]) if clauses else predicate
    if not told:
        return Phrase()
    if turn.time_s <= 0:
        return sentence(told if does.text.startswith(_BEGINS) and not clauses else plain("at first ") + told)
    if options.manner is Manner.timeline:
        return sentence(told)
    shapes = _LONE_SHAPES if len(kept) == 1 and clauses else _SHAPES
    return sentence(fill(rng.choice(shapes), time=plain(clock(turn.time_s)), told=told))


def _weightiest(changes: Sequence[Change], length: Length) -> list[Change]:
    """What there is room for, in its order; details only where little else is told, or everything."""
    most = CLAUSES[length]
    if length is not Length.full and sum(change.weight > DETAIL for change in changes) > 1:
        changes = [change for change in changes if change.weight > DETAIL]
    ranked = sorted(range(len(changes)), key=lambda place: (-changes[place].weight, place))[:most]
    return [changes[place] for place in sorted(ranked)]


def _quoting(caption: Caption, words: str) -> Caption:
    if not words or not caption.text:
        return caption
    return Caption(f"{caption.text} The captioning model hears: “{words}”", caption.claims)


def _stamped(caption: Caption, start_s: float) -> Caption:
    return _together([Caption(clock(start_s)), caption], " ")


def _together(captions: Sequence[Caption], separator: str) -> Caption:
    """The captions one after another, each claim where its words are now."""
    text, claims = "", []
    for caption in captions:
        if not caption.text:
            continue
        text += separator if text else ""
        claims += [Claim(len(text) + one.start, len(text) + one.end, one.fact_ids) for one in caption.claims]
        text += caption.text
    return Caption(text, tuple(claims))
