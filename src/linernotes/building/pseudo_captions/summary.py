"""Tags in one sentence, without a language model: `A calm folk piece with a guitar, without vocals.`"""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.words.lexicon import load_lexicon
from linernotes.writers.composer.aspects import GENERIC_HEADS, Aspect, sort_aspects
from linernotes.writers.composer.grammar import article, capital
from linernotes.writers.given import given_aspects

_PLAYED = ("instrument", "drums", "voice")
_HEARD = ("sound", "feature", "feel", "pitch", "language", "other")
_SPEEDS = frozenset("slow fast moderate medium quick mid-tempo".split())
"""Words that mean a tempo when they stand before the noun; `upbeat` may mean a mood."""
_NOUNS = GENERIC_HEADS | frozenset("theme themes ballad anthem soundtrack score jingle lullaby".split())


def one_sentence(tags: Sequence[str]) -> str:
    """The tags in one sentence, each said once.

    Left out is what speaks of the recording rather than the music: its quality, and what kind of take it is.
    Empty when that is all there is.
    """
    aspects = [_Told(aspect) for aspect in sort_aspects(given_aspects(tags))]

    def texts(*roles: str) -> list[str]:
        return [told.text for told in aspects if told.role in roles]

    figures, moods = texts("tempo", "key", "metre"), texts("mood")
    heard = texts(*_PLAYED) + texts(*_HEARD)
    bare, genres = texts("negation"), texts("genre")
    if not (figures or moods or heard or bare or genres or texts("instrumental")):
        return ""
    noun = _noun(genres, bool(texts("instrumental")))
    sentence = f"{_and(moods)} {noun}".strip()
    sentence = f"{article(sentence)} {sentence}"
    sentence += f" with {_and(heard)}" if heard else ""
    sentence += f", {_and([f'without {text}' for text in bare])}" if bare else ""
    sentence += f", in {_and(figures)}" if figures else ""
    return capital(sentence) + "."


class _Told:
    """An aspect as it stands within the sentence."""

    def __init__(self, aspect: Aspect) -> None:
        self.role, self.text = aspect.role, aspect.text.strip(" .")
        if self.text.lower().endswith(" key"):
            self.role = "key"
        if self.role == "tempo" and "tempo" not in self.text:
            is_speed = self.text.lower() in _SPEEDS
            self.role, self.text = ("tempo", f"{self.text} tempo") if is_speed else ("mood", self.text)
        if self.role in ("tempo", "key") and self.text.endswith(("tempo", "key")):
            self.text = f"{article(self.text)} {self.text}"
        if self.role == "negation":
            self.text = self.text.partition(" ")[2] or self.text
        if self.role in _PLAYED and _is_counted(self.text):
            self.text = f"{article(self.text)} {self.text}"


def _is_counted(text: str) -> bool:
    """Whether the phrase ends on the name of something of which there is one or several."""
    lexicon = load_lexicon()
    mentions = list(lexicon.mentions(text))
    if not mentions or mentions[-1].end != len(text):
        return False
    return lexicon.is_countable(text[mentions[-1].start :])


def _noun(genres: Sequence[str], is_instrumental: bool) -> str:
    """`folk, traditional and Latin song` of `folk song`, `traditional song` and `Latin`."""
    if not genres:
        return "instrumental piece" if is_instrumental else "piece"
    ends = [genre.split()[-1].lower() for genre in genres]
    noun = next((end for end in ends if end in GENERIC_HEADS - {"music", "songs", "genre"}), "piece")
    bases = [
        genre.rpartition(" ")[0] if end in GENERIC_HEADS and " " in genre else genre
        for genre, end in zip(genres, ends, strict=True)
    ]
    told = _and(list(dict.fromkeys(bases)))
    if told.split()[-1].lower() not in _NOUNS:
        told = f"{told} {noun}"
    return f"instrumental {told}" if is_instrumental else told


def _and(texts: Sequence[str]) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
