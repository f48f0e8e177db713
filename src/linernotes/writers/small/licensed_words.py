"""The hard word list of the small writer: a trie over pieces that holds only words a caption may use.

Free words and licensed words may stand anywhere but after a denial, where only denied words ("no vocals") may.
Nothing else can be spelt, so there are no non-words, and what the aspects do not carry is not said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linernotes.decoding import FloatArray
from linernotes.writers.small.prompt import EOS
from linernotes.writers.small.tokenizer import BpeTokenizer
from linernotes.writers.small.wording import (
    DENIAL_REACH,
    DENIALS,
    WordLists,
    content_words,
    licences_of,
    relatives,
    words_of,
)

MARKS = (",", ".", ";", ":")
SENTENCE_WEIGHT = 4.0
"""How much more a repetition within one sentence costs."""
VERBS = ("is", "are", "was", "were", "features", "contains", "consists")
UNDENIABLE = frozenset(
    "other another more instrument instruments melody melodies rhythm rhythms beat beats element elements sound "
    "sounds part parts line lines".split()
)
"""Free words that would be a claim after a denial: "no other instruments"."""
JOINTS = frozenset("and while which that where as who but when then , :".split())
"""A second verb may follow only after one of these."""
MODALS = frozenset("can could may might would".split())


@dataclass
class Node:
    """A place in the trie; `word` is set where a word may end, `content` if it needed a licence.

    `gains` are the aspect words which it realises.
    """

    children: dict[int, Node] = field(default_factory=dict)
    word: str | None = None
    content: bool = False
    gains: frozenset[str] = frozenset()

    @cached_property
    def tokens(self) -> NDArray[np.int64]:
        """Pieces that may follow here."""
        return np.fromiter(self.children, np.int64, len(self.children))

    @cached_property
    def contents(self) -> tuple[tuple[int, str], ...]:
        """Those pieces that finish a content word, with the word."""
        return tuple(
            (token, child.word) for token, child in self.children.items() if child.word and child.content
        )

    @cached_property
    def verbs(self) -> tuple[int, ...]:
        """Those pieces that finish a verb of which a clause has one."""
        return tuple(token for token, child in self.children.items() if child.word in VERBS)

    @cached_property
    def gaining(self) -> tuple[tuple[int, frozenset[str]], ...]:
        """Those pieces that finish a word which realises aspect words, with these."""
        return tuple((token, child.gains) for token, child in self.children.items() if child.gains)


@dataclass(frozen=True)
class Place:
    """Where a hypothesis stands: its trie node, the sentence's words before, and what was said so far.

    `said` are aspect words realised, `used` the content words written, again and again where repeated.
    """

    node: Node
    words: tuple[str, ...] = ()
    said: frozenset[str] = frozenset()
    used: tuple[str, ...] = ()
    after_mark: str = ""


class LicensedWords:
    """A `decoding.Constraint`: -inf for every piece that leaves the trie.

    A caption may not end before it says `least_coverage` of the aspect words, unless it has `patience` tokens.
    Finishing a word earns `reward` for each aspect word that it newly realises, and costs `repeat_penalty` for
    each time the same content word was written before, beyond the times the aspects have it.
    """

    def __init__(
        self,
        tokenizer: BpeTokenizer,
        lists: WordLists,
        aspects: Iterable[str],
        reward: float = 0.0,
        repeat_penalty: float = 0.0,
        least_coverage: float = 0.0,
        patience: int = 80,
        uses: bool = False,
    ) -> None:
        aspects = [aspect.lower() for aspect in aspects]
        self._tokenizer = tokenizer
        self._reward = reward
        self._repeat_penalty = repeat_penalty
        self._least_coverage = least_coverage
        self._patience = patience
        self._free = lists.free
        self._uses = uses
        self._eos = tokenizer.special(EOS)
        self._marks = {tokenizer.encode_word(mark)[0]: mark for mark in MARKS}
        licences = licences_of(aspects)
        self.wanted = content_words(aspects, lists.free)
        self._times = Counter(word for aspect in aspects for word in words_of(aspect))
        words = sorted({*lists.words, *self._times})
        usable = lists.free if licences.denied else lists.free - DENIALS
        plain = [word for word in words if word in usable or licences.permits(word)]
        self._plain_root = self._trie(plain)
        deniable = usable - UNDENIABLE
        self._denial_root = self._trie([word for word in words if word in deniable or licences.denies(word)])
        self._use_root = self._trie({*plain, *lists.words}) if uses else self._plain_root
        self._places: dict[tuple[int, ...], Place] = {(): Place(self._plain_root)}

    def __call__(self, tokens: tuple[int, ...]) -> FloatArray:
        """Scores (vocabulary,) of what may follow `tokens`."""
        place = self._place(tokens)
        scores = np.full(len(self._tokenizer), -np.inf, dtype=np.float32)
        self._open(place.node, place, scores)
        if place.node.word is not None:
            scores[list(self._marks)] = 0.0
            done = self._after(place)
            self._open(self._root(done), done, scores)
        elif place.after_mark == "." and self._may_end(place, len(tokens)):
            scores[self._eos] = 0.0
        return scores

    def coverage(self, tokens: tuple[int, ...]) -> float:
        """Share of the aspects' content words said by `tokens`; 1 where there are none."""
        place = self._after(self._place(tokens))
        return len(place.said) / len(self.wanted) if self.wanted else 1.0

    def _may_end(self, place: Place, length: int) -> bool:
        said_enough = len(place.said) >= self._least_coverage * len(self.wanted)
        return said_enough or length >= self._patience

    def _open(self, node: Node, place: Place, scores: FloatArray) -> None:
        scores[node.tokens] = 0.0
        if self._reward:
            for token, gains in node.gaining:
                scores[token] = self._reward * len(gains - place.said)
        if node.verbs and _needs_joint(place.words):
            scores[list(node.verbs)] = -np.inf
        if self._repeat_penalty and place.used:
            for token, word in node.contents:
                over = place.used.count(word) + 1 - max(self._times[word], 1)
                if over > 0:
                    weight = SENTENCE_WEIGHT if word in place.words else 1.0
                    scores[token] -= self._repeat_penalty * over * weight

    def _place(self, tokens: tuple[int, ...]) -> Place:
        known = self._places.get(tokens)
        if known is None:
            known = self._places[tokens] = self._advance(self._place(tokens[:-1]), tokens[-1])
        return known

    def _advance(self, place: Place, token: int) -> Place:
        child = place.node.children.get(token)
        if child is not None:
            return replace(place, node=child, after_mark="")
        done = self._after(place)
        if token in self._marks:
            words = () if self._marks[token] in ".;" else (*done.words, self._marks[token])
            marked = replace(done, words=words, after_mark=self._marks[token])
            return replace(marked, node=self._root(marked))
        return replace(done, node=self._root(done).children.get(token, Node()))

    def _after(self, place: Place) -> Place:
        """The place once the word at its node is taken as finished."""
        node = place.node
        if node.word is None:
            return place
        used = (*place.used, node.word) if node.content else place.used
        return Place(node, (*place.words, node.word), place.said | node.gains, used)

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
            node.content = word not in self._free
            node.gains = frozenset(name for name, own in wanted.items() if not own.isdisjoint(keys))
        return root


def _needs_joint(words: tuple[str, ...]) -> bool:
    """Whether the sentence so far has a verb and nothing that lets a second one follow."""
    for word in reversed(words):
        if word in JOINTS:
            return False
        if word in VERBS:
            return True
    return False
