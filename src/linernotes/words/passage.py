"""A text laid out for reading: its words, the terms among them, and what is denied, hedged or a mere use."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from linernotes.words.grammar import Phrases, load_grammar, load_reading_lexicon
from linernotes.words.lexicon import Lexicon, Mention, Token, tokenise
from linernotes.words.spans import Spans
from linernotes.words.uses import find_uses

STOPS = re.compile(r"[.;:!?()\n|]")
"""Marks that no negation or hedge reaches across; a comma ends them too, unless it parts a list with "or"."""
REACH = 4
"""A negation reaches this many words past itself, or past the last musical word that it denies."""
HEDGE_REACH = 9
LONGEST_SENTENCE = 80
"""Words to either side beyond which nothing is looked for, so that a text without full stops is read in time."""
_HEARD = re.compile(
    r"^you\b.*?\bhear th(?:is|ese)\b.*?(?= (?:in|at|on|while|when|during|as|from|for|if)\b|$)", re.IGNORECASE
)
_SUBJECTS = ("You", "Something", "Music", "Song", "Track", "Tune", "What", "One")


@dataclass(frozen=True, slots=True)
class Passage:
    """Tokens of a text (with their `words` and `starts` alone) and which of them stand denied or hedged.

    `denied` gives, for each denied token, the first and the last token of the words that deny it.
    """

    text: str
    tokens: tuple[Token, ...]
    words: tuple[str, ...]
    starts: tuple[int, ...]
    mentions: tuple[Mention, ...]
    denied: Mapping[int, tuple[int, int]]
    hedged: frozenset[int]
    uses: Spans

    def span(self, start: int, end: int) -> range:
        """Numbers of the tokens that begin within characters `start` to `end`."""
        return range(bisect_left(self.starts, start), bisect_left(self.starts, end))

    def denial(self, start: int, end: int) -> tuple[int, int] | None:
        """Characters of the negation that holds over characters `start` to `end`: the "without" of "drums"."""
        for index in self.span(start, end):
            if index in self.denied:
                first, last = self.denied[index]
                return self.tokens[first].start, self.tokens[last].end
        return None

    def is_hedged(self, start: int, end: int) -> bool:
        """Whether these characters are said with a reservation."""
        return any(index in self.hedged for index in self.span(start, end))

    def is_use(self, start: int) -> bool:
        """Whether this place is within the proposal of a use."""
        return self.uses.holds(start)

    def gap(self, index: int) -> str:
        """What stands between token `index` and the next."""
        after = self.tokens[index + 1].start if index + 1 < len(self.tokens) else len(self.text)
        return self.text[self.tokens[index].end : after]

    def sentence(self, index: int) -> range:
        """Numbers of the tokens in the sentence around token `index`."""
        first = last = index
        while first > max(0, index - LONGEST_SENTENCE) and not STOPS.search(self.gap(first - 1)):
            first -= 1
        while last + 1 < min(len(self.tokens), index + LONGEST_SENTENCE) and not STOPS.search(self.gap(last)):
            last += 1
        return range(first, last + 1)


def make_passage(text: str, lexicon: Lexicon | None = None) -> Passage:
    """Lay out a text."""
    tokens = tuple(tokenise(text))
    words, starts = tuple(token.text for token in tokens), tuple(token.start for token in tokens)
    mentions = tuple((lexicon or load_reading_lexicon()).mentions(text))
    bare = Passage(text, tokens, words, starts, mentions, {}, frozenset(), Spans())
    reader = _Scopes(bare, load_grammar())
    return replace(
        bare,
        denied=dict(reader.denied()),
        hedged=frozenset(reader.hedged()),
        uses=Spans(_use_spans(text)),
    )


def opens_sentence(text: str, start: int) -> bool:
    """Whether only white space stands between `start` and the sentence, line or text before it."""
    while start > 0 and text[start - 1].isspace():
        start -= 1
        if text[start] == "\n":
            return True
    return start == 0 or text[start - 1] in ".!?"


def _use_spans(text: str) -> Iterator[tuple[int, int]]:
    """Proposals of uses; one that opens its sentence ends at the comma ("Suitable for dancing, the track ...").

    Of "you would hear this bagpipe march at a parade" only the place is one.
    """
    for use in find_uses(text):
        comma = use.group().find(",")
        is_aside = comma > 0 and use.group()[0].isupper() and not use.group().startswith(_SUBJECTS)
        is_aside = is_aside and opens_sentence(text, use.start())
        heard = _HEARD.search(use.group())
        start = use.start() + heard.end() if heard else use.start()
        yield start, use.start() + comma if is_aside else use.end()


class _Scopes:
    """How far negations and hedges reach, by the grammar."""

    def __init__(self, passage: Passage, grammar: Mapping[str, Phrases]) -> None:
        self.passage, self.grammar = passage, grammar
        self.words = passage.words
        self.musical = {
            index for mention in passage.mentions for index in _tokens_of(mention)
        }  # tokens that belong to a term

    def denied(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Tokens under a negation before them ("without drums") or an absence after ("the drums are absent").

        Each with the first and last token of the negation.
        """
        for index in range(len(self.words)):
            length = self.grammar["negation"].length_at(self.words, index)
            if length and not self.grammar["no negation"].length_at(self.words, index):
                for reached in self._forward(index + length):
                    yield reached, (index, index + length - 1)
            if self.words[index] in self.grammar["absent"]:
                for reached in self._subject_before(index):
                    yield reached, (index, index)

    def _forward(self, first: int) -> Iterator[int]:
        """Tokens that a negation ending before token `first` reaches."""
        left = REACH
        for index in range(first, len(self.words)):
            if (index > first - 1 and self._is_stop(index - 1)) or self._ends_scope(index, first):
                return
            left = REACH if index in self.musical else left - 1
            if left < 0:
                return
            yield index

    def _is_stop(self, index: int) -> bool:
        """Whether a negation ends between token `index` and the next."""
        gap = self.passage.gap(index)
        if STOPS.search(gap) or "—" in gap or " - " in gap:
            return True
        return "," in gap and not self._list_goes_on(index + 1)

    def _list_goes_on(self, index: int) -> bool:
        """Whether after a comma only musical words follow up to an "or": "no drums, bass or guitar"."""
        for word in range(index, min(len(self.words), index + LONGEST_SENTENCE)):
            if self.words[word] in ("or", "nor"):
                return True
            if word not in self.musical or STOPS.search(self.passage.gap(word)):
                return False
        return False

    def _ends_scope(self, index: int, first: int) -> bool:
        word = self.words[index]
        if word == "and":
            after = self.words[index + 1 : index + 2]
            return not after or after[0] in self.grammar["restart"] or index + 1 not in self.musical
        return index > first and (word in self.grammar["scope end"] or word in self.grammar["negation"])

    def _subject_before(self, index: int) -> Iterator[int]:
        """The words before the copula that links them to an absence."""
        copula = next((k for k in range(index - 1, max(-1, index - 4), -1) if self._is_copula(k)), None)
        if copula is None:
            return
        for back in range(copula - 1, max(-1, copula - 6), -1):
            if STOPS.search(self.passage.gap(back)) or "," in self.passage.gap(back):
                return
            if self.words[back] in self.grammar["scope end"]:
                return
            yield back

    def _is_copula(self, index: int) -> bool:
        return self.words[index] in self.grammar["copula"]

    def hedged(self) -> Iterator[int]:
        """Tokens after a hedge in its clause, or just before one that trails ("a violin, perhaps")."""
        hedges = self.grammar["hedge"]
        for index in range(len(self.words)):
            length = hedges.length_at(self.words, index)
            if not length:
                continue
            last = index + length - 1
            if last + 1 == len(self.words) or STOPS.search(self.passage.gap(last)):
                yield from range(max(0, index - 3), index)
            for after in range(last + 1, min(len(self.words), last + 1 + HEDGE_REACH)):
                gap = self.passage.gap(after - 1)
                if STOPS.search(gap) or "," in gap or self.words[after] in self.grammar["hedge end"]:
                    break
                yield after


def _tokens_of(mention: Mention) -> range:
    return range(mention.first_token, mention.first_token + len(mention.tokens))
