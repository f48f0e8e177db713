"""What every manner of telling aspects builds on: a pool that nothing is lost from, and noun phrases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from linernotes.words.lexicon import load_lexicon, singular
from linernotes.writers.composer.aspects import GENERIC_HEADS, SPEAKING, Aspect
from linernotes.writers.composer.phrase import Phrase, joined, listed, plain, said, with_article

_MASS = frozenset(
    "percussion music brass bass guitar-work drumming strumming playing singing scratching clapping "
    "beatboxing noise reverb audio accompaniment feedback vibrato distortion applause laughter speech "
    "narration tension suspense resonance improvisation mono stereo cheering talking rapping chattering "
    "humming whistling chirping harmony".split()
)
_UNSUNG = SPEAKING | frozenset(
    "speech narration narrator rap sample announcement announcer story interview".split()
)
_SPOKEN = frozenset(
    "speaking talking narration narrator narrating narrates speech speaks talks spoken interview".split()
)
_LESSONS = frozenset("tutorial lesson interview demonstration review".split())
_NOISES = frozenset("noise noises hiss reverb static crackle crackles cracklings echo echoes".split())
_WORKS = frozenset(
    "song track tune piece theme soundtrack hit ballad lullaby jingle march anthem waltz hymn cover "
    "medley score symphony concerto opera carol remix".split()
)
_QUALITY = re.compile(r"^(.+?) ((?:audio|sound|recording) quality|quality)$", re.IGNORECASE)


class Pool:
    """Aspects waiting to be said. What is taken is gone; what nobody takes is told at the end."""

    def __init__(self, aspects: Sequence[Aspect]) -> None:
        self._waiting = list(aspects)
        self.is_sung = not any(_speaks(aspect) for aspect in aspects)

    def take(
        self, *roles: str, at_most: int | None = None, such: Callable[[Aspect], bool] | None = None
    ) -> list[Aspect]:
        """Remove and return aspects of these roles (of any, if none is named), in the order given."""
        taken = [
            aspect
            for aspect in self._waiting
            if (not roles or aspect.role in roles) and (such is None or such(aspect))
        ][:at_most]
        self._waiting = [aspect for aspect in self._waiting if aspect not in taken]
        return taken

    def has(self, *roles: str) -> bool:
        """Whether an aspect of one of these roles still waits."""
        return any(aspect.role in roles for aspect in self._waiting)


def _speaks(aspect: Aspect) -> bool:
    """Whether the aspect tells of somebody who speaks: then no voice is said to sing."""
    if aspect.role == "voice":
        return bool(set(aspect.words) & _SPOKEN)
    return aspect.role == "take" and bool(set(aspect.words) & _LESSONS)


class Wording:
    """Choices among wordings: the first and most usual one, or by seed."""

    def __init__(self, rng: Random | None) -> None:
        self._rng = rng

    def pick(self, *options: str) -> str:
        """One of the options."""
        return self._rng.choice(options) if self._rng else options[0]

    def order(self, aspects: list[Aspect]) -> list[Aspect]:
        """The aspects as they came, or stirred."""
        if self._rng:
            self._rng.shuffle(aspects)
        return aspects


def bare(aspect: Aspect) -> Phrase:
    """The aspect's words with their evidence."""
    return said(aspect.text, aspect.fact_ids)


def is_counted(aspect: Aspect) -> bool:
    """Whether the phrase wants `a` or `an`: a singular noun that can be counted."""
    words = aspect.words
    if not words or aspect.is_plural or words[-1] in _MASS or words[0] in ("a", "an", "the", "no"):
        return False
    return not (words[-1].endswith("ing") and words[-1] not in ("string", "recording", "ring", "swing"))


def noun(aspect: Aspect) -> Phrase:
    """The aspect as a noun phrase with its article, where it takes one."""
    return with_article(bare(aspect)) if is_counted(aspect) else bare(aspect)


def the(aspect: Aspect) -> Phrase:
    """The aspect after `the`."""
    return bare(aspect) if aspect.text.lower().startswith("the ") else plain("the ") + bare(aspect)


def bares(aspects: Sequence[Aspect]) -> Phrase:
    """The aspects as a list without articles."""
    return listed([bare(aspect) for aspect in aspects])


def nouns(aspects: Sequence[Aspect]) -> Phrase:
    """The aspects as a list, each with its article."""
    return listed([noun(aspect) for aspect in aspects])


def less_head(aspect: Aspect, heads: frozenset[str] = GENERIC_HEADS) -> Phrase:
    """The aspect without its generic last word (`pop song` -> `pop`)."""
    words = aspect.text.split()
    kept = words[:-1] if len(words) > 1 and words[-1].lower() in heads else words
    return said(" ".join(kept), aspect.fact_ids)


def genre_phrase(genres: Sequence[Aspect], head: str) -> Phrase:
    """`folk and pop song`: the genres before one head noun, which is the last genre's own where it brings one."""
    if not genres:
        return plain(head)
    last = genres[-1].words[-1]
    own = last if len(genres[-1].words) > 1 and last in GENERIC_HEADS else ""
    if own in ("music", "genre") and head:  # `folk music song` reads badly, `folk music piece` does not
        own = "music piece" if head.endswith("piece") else ""
    adjectives = [genre for genre in genres if is_adjectival(genre)]
    names = listed([less_head(genre) for genre in genres if genre not in adjectives])
    described = joined([less_head(genre) for genre in adjectives], ", ")
    return joined([described, names, plain(own or head)])


def is_adjectival(genre: Aspect) -> bool:
    """Whether a kind of music is a mood: `relaxing music`, `romantic song`."""
    first = load_lexicon().terms(genre.words[0])
    return len(genre.words) == 2 and bool(first) and all(term.kind in ("mood", "tempo") for term in first)


def has_own_head(genres: Sequence[Aspect]) -> bool:
    """Whether the last genre ends on a word such as `song` or `music`."""
    return bool(genres) and genres[-1].words[-1] in GENERIC_HEADS


def sung(aspect: Aspect) -> bool:
    """Whether `singing` may follow: `a male vocal singing`, but not `a male voice talking`."""
    return bool(aspect.words) and not set(aspect.words) & (
        SPEAKING | {"speech", "narration", "rap", "a", "sample"}
    )


def quality_sentence(aspect: Aspect) -> Phrase:
    """`poor audio quality` as `the audio quality is poor`; anything else as a kind of recording."""
    match = _QUALITY.match(aspect.text)
    if match:
        return plain("the ") + said(f"{match[2]} is {match[1]}", aspect.fact_ids)
    words = aspect.text.split()
    kept = " ".join(words[:-1]) if words[-1].lower() == "recording" and len(words) > 1 else aspect.text
    return plain("this is ") + with_article(said(kept, aspect.fact_ids)) + plain(" recording")


def is_noise(trait: Aspect) -> bool:
    """Whether a trait names what is in the recording (`tape hiss`) instead of what the recording is (`noisy`)."""
    return trait.words[-1] in _NOISES


def traits_phrase(traits: Sequence[Aspect]) -> Phrase:
    """What a recording is: `noisy and in mono`."""
    return listed(
        [
            plain("in " if trait.text.lower().endswith(("mono", "stereo")) else "") + bare(trait)
            for trait in sorted(traits, key=lambda trait: trait.text.lower().endswith(("mono", "stereo")))
        ]
    )


def genre_noun(genre: Aspect) -> Phrase:
    """The genre by itself: `a love song`, `a retro pop hit`, but `church music`."""
    words = genre.text.split()
    if words[-1].lower() in ("hits", "songs", "tunes", "themes", "ballads", "hymns"):
        return with_article(said(" ".join([*words[:-1], singular(words[-1])]), genre.fact_ids))
    return with_article(bare(genre)) if words[-1].lower() in _WORKS else bare(genre)


def instrumental_phrase(aspects: Sequence[Aspect]) -> Phrase:
    """`an instrumental`, `an instrumental song`, but `instrumental music`."""
    phrase = bares(aspects)
    return phrase if aspects[-1].words[-1] == "music" else with_article(phrase)


def are(aspects: Sequence[Aspect]) -> str:
    """`is` or `are`, for a list of aspects."""
    return "are" if len(aspects) > 1 or aspects[0].is_plural else "is"


def tempo_word(tempi: Sequence[Aspect]) -> Phrase:
    """`fast tempo` as what a tempo is: `fast`."""
    return listed([less_head(tempo, frozenset({"tempo", "pace"})) for tempo in tempi])
