"""How every telling ends: moods, then each role that no sentence has told yet, then whatever is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linernotes.writers.composer.aspects import MOOD_HEADS, Aspect
from linernotes.writers.composer.phrase import Phrase, joined, listed, plain, sentence
from linernotes.writers.composer.telling import (
    Pool,
    Wording,
    are,
    bare,
    bares,
    instrumental_phrase,
    is_noise,
    less_head,
    noun,
    nouns,
    quality_sentence,
    tempo_word,
    traits_phrase,
)


def mood_sentence(pool: Pool, wording: Wording, *openings: str) -> Phrase:
    """`It sounds happy and fun.`; `happy mood` gives `happy`."""
    moods = wording.order(pool.take("mood"))
    adjectives = listed([less_head(mood, MOOD_HEADS) for mood in moods])
    opening = wording.pick(*openings)
    if "mood" not in opening and any(mood.words[-1] in MOOD_HEADS for mood in moods):
        opening = "The mood is"
    return sentence(plain(f"{opening} ") + adjectives) if moods else Phrase()


def ending(pool: Pool, head: str) -> Phrase:
    """Sentences that empty the pool."""
    work = "song" if head == "music" else head
    parts = [
        _tempo(pool, work),
        *_in_or_at(pool),
        *(_absent(item, work) for item in pool.take("negation")),
        _one("this {work} is ", instrumental_phrase, pool.take("instrumental"), work),
        _one("it has ", nouns, pool.take("feel"), work),
        _one("this {work} also features ", nouns, pool.take("instrument", "drums", "voice", "feature"), work),
        _one("the style is ", bares, pool.take("genre"), work),
        _heard(pool.take("sound")),
        _one("this is ", nouns, pool.take("take"), work),
        *(sentence(quality_sentence(item)) for item in pool.take("low")),
        *_recording(pool),
        _one("it brings to mind ", bares, pool.take(), work),
    ]  # fmt: skip
    return joined(parts)


def _one(
    opening: str, told: Callable[[Sequence[Aspect]], Phrase], aspects: Sequence[Aspect], work: str
) -> Phrase:
    """One sentence about these aspects, if there are any."""
    if not aspects:
        return Phrase()
    return sentence(plain(opening.format(work=work)) + told(aspects))


def _tempo(pool: Pool, work: str) -> Phrase:
    """`The tempo of this song is slow.`, but `This song is uptempo.`"""
    tempi = pool.take("tempo")
    named = [
        tempo
        for tempo in tempi
        if tempo.words[-1] in ("tempo", "pace", "slow", "fast", "medium", "bpm", "minute")
    ]
    others = [tempo for tempo in tempi if tempo not in named]
    return joined(
        [
            sentence(plain(f"the tempo of this {work} is ") + tempo_word(named)) if named else Phrase(),
            sentence(plain(f"this {work} is ") + bares(others)) if others else Phrase(),
        ]
    )


def _absent(denial: Aspect, work: str) -> Phrase:
    """`There are no voices in this song.`"""
    return sentence(plain(f"there {are([denial])} ") + bare(denial) + plain(f" in this {work}"))


def _in_or_at(pool: Pool) -> list[Phrase]:
    """`It is in a foreign language.`, `It is at a higher pitch.`"""
    return [
        sentence(
            plain("it is at " if "pitch" in item.words else "it is in ")
            + (noun if item.role == "pitch" else bare)(item)
        )
        for item in pool.take("language", "pitch", "key", "metre")
    ]


def _heard(sounds: Sequence[Aspect]) -> Phrase:
    return sentence(nouns(sounds) + plain(" can be heard")) if sounds else Phrase()


def _recording(pool: Pool) -> list[Phrase]:
    """`The recording is noisy and in mono. The recording has reverb.`"""
    noises = pool.take("trait", such=is_noise)
    traits = pool.take("trait")
    return [
        sentence(plain("the recording is ") + traits_phrase(traits)) if traits else Phrase(),
        sentence(plain("the recording has ") + bares(noises)) if noises else Phrase(),
    ]
