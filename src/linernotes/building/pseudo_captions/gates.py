"""What may be wrong with a caption, gate by gate; all are counted, and those that are chosen keep it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from linernotes.building.pseudo_captions import Fault, Order
from linernotes.building.pseudo_captions.contradictions import contradictions
from linernotes.building.pseudo_captions.names import ArtistIndex, leaked_name, names_of
from linernotes.building.statistics import normal, words_of
from linernotes.words.claims import check_caption, coverage
from linernotes.words.lexicon import load_lexicon, tokenise
from linernotes.writers.composer.grammar import PROPER_WORDS
from linernotes.writers.given import given_aspects

GATES = {
    "coverage": "too few of the tags' words are said",
    "contradiction": "says what the tags rule out",
    "unsupported": "speaks of instruments, voices, genres, moods or figures that nothing given carries",
    "leak": "names the artist, title or album of the clip, or another artist of the manifest",
    "unknown_name": "has a name (a capital within a sentence) that the tags do not give",
    "length": "too short or too long",
    "repetition": "says the same over and over",
    "duplicate": "an earlier caption has the same words",
}
"""Gate -> what it finds."""

DROPPED = ("contradiction", "leak")
"""Gates that keep a caption out of the manifest unless told otherwise."""

RUN = 4
MOST_REPEATED = 0.2
"""Small models that can't find an end repeat far more, the shipped writers less."""

_CAPITAL = re.compile(r"(?<![\w'’&.-])[A-Z][\w'’&#-]*")
_AFTER_END = re.compile(r"(?:^|[.!?:;][\"'”’)]*|[\"“(])\s*$")
_PLAIN_CAPITALS = re.compile(r"(?:[A-G](?:#|b|♯|♭|-sharp|-flat)?|I|I'm|[IVX]+|[A-G]m\w*)")
_INITIALS = frozenset("bpm dj edm idm r&b rnb mc tv usa uk us fx lofi cd mp3 midi db hz ok ad".split())


@dataclass(frozen=True, slots=True)
class GateOptions:
    """Where the gates stand, and which of them keep captions out."""

    min_coverage: float = 0.5
    min_words: int = 3
    max_words: int = 150
    drop: frozenset[str] = frozenset(DROPPED)

    def __post_init__(self) -> None:
        unknown = sorted(self.drop - GATES.keys())
        if unknown:
            raise ValueError(f"there is no gate {unknown[0]!r}; there are {', '.join(GATES)}")
        if not 0 <= self.min_coverage <= 1:
            raise ValueError(f"coverage is a share from 0 to 1, not {self.min_coverage:g}")
        if not 0 <= self.min_words <= self.max_words:
            raise ValueError(f"captions from {self.min_words} to {self.max_words} words are no captions")


@dataclass(slots=True)
class Gates:
    """The gates over one run; it remembers what was said before."""

    options: GateOptions
    artists: ArtistIndex = field(default_factory=ArtistIndex)
    _met: set[int] = field(default_factory=set)

    def faults(self, order: Order, text: str, added: Sequence[str] = ()) -> tuple[Fault, ...]:
        """Everything that is wrong with a caption; call it once a caption, in their order.

        `added` are attributes of the model's own: they support what is said, and may name nobody either.
        """
        return tuple(self._faults(order, text, added))

    def _faults(self, order: Order, text: str, added: Sequence[str]) -> Iterator[Fault]:
        covered = coverage(text, order.tags)
        if covered < self.options.min_coverage:
            yield Fault("coverage", f"{covered:.0%} of the tags' words are said")
        found = contradictions(text, order.tags)
        if found:
            yield Fault("contradiction", "; ".join(found))
        report = check_caption(text, given_aspects([*order.tags, *added]))
        if report.unsupported:
            yield Fault("unsupported", ", ".join(dict.fromkeys(span.text for span in report.unsupported)))
        all_said = "; ".join([text, *added])
        leaked = leaked_name(all_said, order.tags, names_of(order.clip))
        leaked = leaked or self.artists.find(all_said, order.tags)
        if leaked:
            yield Fault("leak", f"names {leaked!r}")
        unknown = unknown_names(text, order.tags)
        if unknown:
            yield Fault("unknown_name", ", ".join(unknown))
        words = words_of(text)
        if not self.options.min_words <= len(words) <= self.options.max_words:
            yield Fault("length", f"{len(words)} words")
        repeated = repeated_share(words)
        if repeated > MOST_REPEATED:
            yield Fault("repetition", f"{repeated:.0%} of its runs of {RUN} words were said before")
        mark = hash(normal(text))
        if mark in self._met:
            yield Fault("duplicate", "said of an earlier clip or task")
        self._met.add(mark)

    def rejects(self, faults: tuple[Fault, ...]) -> bool:
        """Whether one of the faults keeps the caption out."""
        return any(fault.gate in self.options.drop for fault in faults)


def repeated_share(words: Sequence[str]) -> float:
    """Share of the runs of `RUN` words that stand earlier in the same caption."""
    runs = list(zip(*(words[start:] for start in range(RUN)), strict=False))
    return 1.0 - len(set(runs)) / len(runs) if runs else 0.0


def unknown_names(text: str, tags: tuple[str, ...]) -> list[str]:
    """Words with a capital within a sentence that neither the tags give nor the language of music has."""
    given = {token.text for tag in tags for token in tokenise(tag)}
    lexicon = load_lexicon()
    musical = [(mention.start, mention.end) for mention in lexicon.mentions(text)]
    found: list[str] = []
    for match in _CAPITAL.finditer(text):
        if _AFTER_END.search(text[: match.start()]) or _PLAIN_CAPITALS.fullmatch(match.group()):
            continue
        word = match.group().rstrip("-'’").removesuffix("'s").removesuffix("’s")
        parts = {token.text for token in tokenise(word)}
        is_known = word.lower() in PROPER_WORDS | _INITIALS or parts <= given | PROPER_WORDS | _INITIALS
        if not is_known and not any(start <= match.start() < end for start, end in musical):
            found.append(word)
    return list(dict.fromkeys(found))
