"""Voices and instruments in a sentence: who sings over what, how, and what is told together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linernotes.writers.composer.aspects import Aspect
from linernotes.writers.composer.phrase import Phrase, listed, plain, said, with_article
from linernotes.writers.composer.telling import are, bare, is_counted, noun, nouns, sung

SINGERS = frozenset("vocalist vocalists singer singers vocal vocals voice voices choir".split())


def voices_over_parts(
    voices: Sequence[Aspect],
    parts: Sequence[Aspect],
    told: Callable[[Aspect], Phrase] = bare,
    is_sung: bool = True,
) -> Phrase:
    """`a passionate male vocal, alongside harmonizing vocals, singing over groovy bass and piano`."""
    phrases = kick_and_snare(parts, told)
    if not voices:
        return counted_first(phrases)
    first, *others = voices
    sings = (
        is_sung
        and all(sung(voice) for voice in voices)
        and any(voice.words[-1] in SINGERS for voice in voices)
    )
    phrase = noun(first)
    if others:
        phrase = phrase + plain(", alongside ") + nouns(others) + plain("," if sings or phrases else "")
    phrase = phrase + plain(" singing" if sings and not first.text.endswith("singing") else "")
    return phrase + plain(" over ") + listed(phrases) if phrases else phrase


def kick_and_snare(parts: Sequence[Aspect], told: Callable[[Aspect], Phrase]) -> list[Phrase]:
    """The parts as phrases; a kick and a snare of one kind are told together."""
    by_last = {part.words[-1]: part for part in parts if len(part.words) == 2}
    kick, snare = by_last.get("kick"), by_last.get("snare")
    if kick is None or snare is None or kick.words[0] != snare.words[0]:
        return [told(part) for part in parts]
    both = said(kick.text, kick.fact_ids) + plain(" and ") + said("snare", snare.fact_ids) + plain(" hits")
    earlier, later = (kick, snare) if parts.index(kick) < parts.index(snare) else (snare, kick)
    return [both if part is earlier else told(part) for part in parts if part is not later]


def counted_first(phrases: Sequence[Phrase]) -> Phrase:
    """The list with an article before its first phrase, where that is a singular noun."""
    if not phrases:
        return Phrase()
    first = phrases[0]
    is_single = is_counted(Aspect("instrument", first.text, first.fact_ids))
    return listed([with_article(first) if is_single else first, *phrases[1:]])


def how_it_is_sung(manners: Sequence[Aspect]) -> Phrase:
    """`melodic singing` as an adverb, `rap-like singing` as `in a rap-like manner`."""
    return listed([_how(manner.words[0], manner.fact_ids) for manner in manners])


def _how(adjective: str, fact_ids: tuple[str, ...]) -> Phrase:
    if adjective.endswith(("like", "al", "ic", "ed", "ing", "ional")) and not adjective.endswith(
        ("dic", "cal")
    ):
        return plain("in ") + with_article(said(adjective, fact_ids)) + plain(" manner")
    return said(adverb(adjective), fact_ids)


def adverb(adjective: str) -> str:
    """`melodic` -> `melodically`, `happy` -> `happily`, `gentle` -> `gently`, `loud` -> `loudly`."""
    if adjective.endswith("ly"):
        return adjective
    if adjective.endswith("ic"):
        return adjective + "ally"
    if adjective.endswith("le") and adjective[-3:-2] not in "aeiou":
        return adjective[:-1] + "y"
    return adjective[:-1] + "ily" if adjective.endswith("y") else adjective + "ly"


def is_singing(voice: Aspect, is_sung: bool = True) -> Phrase:
    """`a male voice is singing`; what can't sing `can be heard`."""
    words = voice.text.split()
    if len(words) > 2 and words[-1].lower().endswith("ing"):
        rest = Aspect("voice", " ".join(words[:-1]), voice.fact_ids)
        clause = said(f"{rest.text} {are([rest])} {words[-1]}", voice.fact_ids)
        return with_article(clause) if is_counted(rest) else clause
    is_singer = is_sung and sung(voice) and voice.words[-1] in SINGERS
    return noun(voice) + plain(f" {are([voice])} singing" if is_singer else " can be heard")
