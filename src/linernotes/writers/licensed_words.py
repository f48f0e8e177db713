"""The hard word list of the small writer: a trie over pieces that holds only words a caption may use.

Free words and licensed words may stand anywhere, denied ones ("no vocals") only after a denial. Nothing else can be
spelt, so there are no non-words, and what the aspects do not carry is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from linernotes.decoding import FloatArray
from linernotes.writers.prompt import EOS
from linernotes.writers.tokenizer import BpeTokenizer
from linernotes.writers.wording import (
    DENIAL_REACH,
    DENIALS,
    Licences,
    WordLists,
    content_words,
    licences_of,
    relatives,
    words_of,
)

MARKS = (",", ".", ";", ":")
MODALS = frozenset("can could may might would".split())


@dataclass
class Node:
    """A place in the trie; `word` is set where a word may end, `gains` are the aspect words it realises."""

    children: dict[int, Node] = field(default_factory=dict)
    word: str | None = None
    gains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Place:
    """Where a hypothesis stands: its trie node, the words before, and the aspect words said so far."""

    node: Node
    words: tuple[str, ...]
    said: frozenset[str]
    after_mark: str


class LicensedWords:
    """A `decoding.Constraint`: -inf for every piece that leaves the trie, `reward` for each aspect word newly said."""

    def __init__(
        self,
        tokenizer: BpeTokenizer,
        lists: WordLists,
        aspects: Iterable[str],
        reward: float = 0.0,
        uses: bool = False,
    ) -> None:
        aspects = [aspect.lower() for aspect in aspects]
        self._tokenizer = tokenizer
        self._reward = reward
        self._uses = uses
        self._eos = tokenizer.special(EOS)
        self._marks = {tokenizer.encode_word(mark)[0]: mark for mark in MARKS}
        licences = licences_of(aspects)
        self.wanted = content_words(aspects, lists.free)
        own = {word for aspect in aspects for word in words_of(aspect)}
        plain, denied = _sort_words({*lists.words, *own}, lists, licences)
        self._plain_root = self._trie(plain)
        self._denial_root = self._trie([*plain, *denied]) if denied else self._plain_root
        self._use_root = self._trie({*plain, *lists.words}) if uses else self._plain_root
        self._places: dict[tuple[int, ...], Place] = {(): Place(self._plain_root, (), frozenset(), "")}

    def __call__(self, tokens: tuple[int, ...]) -> FloatArray:
        """Scores (vocabulary,) of what may follow `tokens`."""
        place = self._place(tokens)
        scores = np.full(len(self._tokenizer), -np.inf, dtype=np.float32)
        self._open(place.node, place, scores)
        if place.node.word is not None:
            scores[list(self._marks)] = 0.0
            done = self._after(place)
            self._open(self._root(done), done, scores)
        elif place.after_mark == ".":
            scores[self._eos] = 0.0
        return scores

    def coverage(self, tokens: tuple[int, ...]) -> float:
        """Share of the aspects' content words said by `tokens`; 1 where there are none."""
        place = self._after(self._place(tokens))
        return len(place.said) / len(self.wanted) if self.wanted else 1.0

    def _open(self, node: Node, place: Place, scores: FloatArray) -> None:
        for token, child in node.children.items():
            fresh = len(child.gains - place.said) if child.gains else 0
            scores[token] = self._reward * fresh

    def _place(self, tokens: tuple[int, ...]) -> Place:
        known = self._places.get(tokens)
        if known is None:
            known = self._places[tokens] = self._advance(self._place(tokens[:-1]), tokens[-1])
        return known

    def _advance(self, place: Place, token: int) -> Place:
        child = place.node.children.get(token)
        if child is not None:
            return Place(child, place.words, place.said, "")
        done = self._after(place)
        if token in self._marks:
            words = () if self._marks[token] == "." else done.words
            marked = Place(Node(), words, done.said, self._marks[token])
            return Place(self._root(marked), words, done.said, self._marks[token])
        return Place(self._root(done).children.get(token, Node()), done.words, done.said, "")

    def _after(self, place: Place) -> Place:
        """The place once the word at its node is taken as finished."""
        if place.node.word is None:
            return place
        return Place(place.node, (*place.words, place.node.word), place.said | place.node.gains, "")

    def _root(self, place: Place) -> Node:
        if self._uses and not MODALS.isdisjoint(place.words):
            return self._use_root
        return self._plain_root if DENIALS.isdisjoint(place.words[-DENIAL_REACH:]) else self._denial_root

    def _trie(self, words: Iterable[str]) -> Node:
        root = Node()
        wanted: Mapping[str, frozenset[str]] = {word: relatives(word) for word in self.wanted}
        for word in words:
            node = root
            for piece in self._tokenizer.encode_word(f" {word}"):
                node = node.children.setdefault(piece, Node())
            keys = {key for part in (word, *word.split("-")) for key in relatives(part)}
            node.word = word
            node.gains = frozenset(name for name, own in wanted.items() if not own.isdisjoint(keys))
        return root


def _sort_words(words: Iterable[str], lists: WordLists, licences: Licences) -> tuple[list[str], list[str]]:
    """Words that may always be used, and words that may be used only after a denial."""
    plain, denied = [], []
    for word in sorted(words):
        if word in lists.free or licences.permits(word):
            plain.append(word)
        elif licences.mentions(word):
            denied.append(word)
    return plain, denied
