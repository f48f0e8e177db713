"""The claim check: which words of a caption do its facts not carry?

It reads a text by the lexicon (instruments, voices, genres, moods, tempi, qualities; the longest spelling wins;
`no drums` denies) and by figures (BPM, keys, metres, decades, chord loops), and asks of each mention whether the
facts license it: by the same term, by one that implies it, or, for phrases a person gave, by the same words.
It knows nothing of how any writer makes its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linernotes.clip import Fact
from linernotes.words.figures import agrees, find_figures
from linernotes.words.lexicon import load_lexicon, tokenise
from linernotes.words.licence import SUPPORT_FROM, Licence, make_licence, read, supports
from linernotes.words.spans import Spans
from linernotes.words.stem import STOP_WORDS, stem
from linernotes.words.uses import find_uses

_ALWAYS_SAYABLE_IN_USES = frozenset(
    map(stem, "used can could may might would be play hear music song".split())
)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of a text, with the kind of statement they make."""

    start: int
    end: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """How many claims a text makes, which of them no fact carries, and which uses it invents."""

    claims: int
    unsupported: tuple[Span, ...]
    invented_uses: tuple[Span, ...]

    @property
    def unsupported_share(self) -> float:
        """Unsupported claims over all claims; 0 for a text without claims."""
        return len(self.unsupported) / self.claims if self.claims else 0.0


def check_caption(text: str, facts: Sequence[Fact]) -> ClaimReport:
    """Hold `text` against `facts` (measured or given). Uses are judged apart: claims within them don't count."""
    lexicon = load_lexicon()
    licence = make_licence(facts, lexicon)
    uses = [Span(use.start(), use.end(), use.group(), "use") for use in find_uses(text)]
    apart = Spans((use.start, use.end) for use in uses)
    claims = 0
    unsupported: list[Span] = []
    for reading in read(text, lexicon):
        mention = reading.mention
        if apart.holds(mention.start):
            continue
        claims += 1
        if not supports(licence, reading, lexicon):
            kind = mention.terms[0].kind
            unsupported.append(Span(mention.start, mention.end, text[mention.start : mention.end], kind))
    for figure in find_figures(text):
        if apart.holds(figure.start):
            continue
        claims += 1
        if not _carries_figure(licence, figure_text := text[figure.start : figure.end], figure.name, facts):
            unsupported.append(Span(figure.start, figure.end, figure_text, figure.name))
    invented = tuple(use for use in uses if not _is_given(use, licence))
    return ClaimReport(claims, tuple(unsupported), invented)


def _carries_figure(licence: Licence, text: str, name: str, facts: Sequence[Fact]) -> bool:
    """A figure holds if a fact of its name agrees, or if a fact has it word for word (an 80s pop song)."""
    found = [figure for figure in find_figures(text) if figure.name == name]
    values = licence.figures.get(name, [])
    if any(agrees(figure, value) for figure in found for value in values):
        return True
    words = [str(fact.value).lower() for fact in facts if fact.confidence >= SUPPORT_FROM]
    return any(text.lower() in value for value in words)


def _is_given(use: Span, licence: Licence) -> bool:
    """Whether every content word of a use stands in the aspects."""
    given = set().union(*licence.stems) | _ALWAYS_SAYABLE_IN_USES
    words = (stem(token.text) for token in tokenise(use.text) if token.text not in STOP_WORDS)
    return all(word in given for word in words)


def coverage(text: str, aspects: Iterable[str]) -> float:
    """Share of the aspects' content words that the text realises; 1 where there are none.

    A word is realised if its stem occurs in the text, or if it spells (with its neighbours) a term which the text
    mentions under another spelling: `no singer` is realised by `instrumental`, `e-guitar` by `electric guitar`.
    """
    lexicon = load_lexicon()
    stems = {stem(token.text) for token in tokenise(text)}
    named = {term.name for reading in read(text, lexicon) for term in reading.mention.terms}
    total = said = 0
    for aspect in aspects:
        tokens = tokenise(aspect)
        realised = {
            mention.first_token + offset
            for mention in lexicon.mentions(aspect)
            if any(term.name in named for term in mention.terms)
            for offset in range(len(mention.tokens))
        }
        for index, token in enumerate(tokens):
            if token.text not in STOP_WORDS:
                total += 1
                said += index in realised or stem(token.text) in stems
    return said / total if total else 1.0
