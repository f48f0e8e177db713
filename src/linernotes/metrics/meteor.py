"""METEOR (Banerjee and Lavie, 2005) as NLTK computes it: exact, stem and WordNet matches, chunk penalty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal, Protocol

from linernotes.metrics.score import Captions, References, Score, mean_score, paired
from linernotes.metrics.tokens import WORDS_REMEMBERED, porter_stem, tokenize_wordpunct, tokenize_words
from linernotes.metrics.wordnet import Synset, load_wordnet

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5
"""Parameters of NLTK's and so of profiles `lp2023` and `sonicverse2025`."""

TOKENIZERS = {"words": tokenize_words, "wordpunct": tokenize_wordpunct}
"""Those of `lp2023` and of `sonicverse2025`."""


def meteor(
    candidates: Captions, references: References, *, tokenizer: Literal["words", "wordpunct"] = "words"
) -> Score:
    """Mean over clips of the best reference's METEOR, in 0..1; profile `lp2023`, wordpunct: `sonicverse2025`.

    Raises:
        MissingExtraError: NLTK is not installed.
        ValueError: WordNet is not to be found.
    """
    tokens, aligner = TOKENIZERS[tokenizer], Aligner(porter_stem(), load_wordnet())
    pairs = paired(candidates, references)
    values = [max(aligner.score(tokens(text), tokens(ref)) for ref in refs) for _, text, refs in pairs]
    return mean_score([clip_id for clip_id, _, _ in pairs], values)


class Dictionary(Protocol):
    """What knows the meanings of words: WordNet."""

    def synsets(self, word: str) -> Sequence[Synset]: ...


class Aligner:
    """Aligns words in NLTK's order, which decides between equals: from the last word to the first.

    Equal words are taken first, then equal stems, then stems one of which is a WordNet synonym of the other (NLTK
    looks up the stems, not the words; so do we). Every word is matched once.
    """

    def __init__(self, stem: Callable[[str], str], wordnet: Dictionary) -> None:
        self._stem = stem
        self._wordnet = wordnet
        self._synonyms = lru_cache(maxsize=WORDS_REMEMBERED)(self._look_up)

    def score(self, candidate: Iterable[str], reference: Iterable[str]) -> float:
        """METEOR of two lists of tokens; 0 where nothing matches."""
        said, told = [token.lower() for token in candidate], [token.lower() for token in reference]
        matches = self.align(said, told)
        if not matches:
            return 0.0
        precision, recall = len(matches) / len(said), len(matches) / len(told)
        f_mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
        penalty: float = GAMMA * (_chunks(matches) / len(matches)) ** BETA
        return (1 - penalty) * f_mean

    def align(self, candidate: Sequence[str], reference: Sequence[str]) -> dict[int, int]:
        """Position in the candidate -> position in the reference, of lower-case tokens."""
        matches: dict[int, int] = {}
        places = _places(enumerate(reference))
        left = _match_equal(range(len(candidate) - 1, -1, -1), candidate, places, matches)
        if not left or len(matches) == len(reference):
            return matches
        stems = {position: self._stem(candidate[position]) for position in left}
        taken = set(matches.values())
        places = _places((at, self._stem(word)) for at, word in enumerate(reference) if at not in taken)
        for position in _match_equal(left, stems, places, matches):
            synonyms = places.keys() & self._synonyms(stems[position])
            if synonyms:
                _take(max(synonyms, key=lambda word: places[word][-1]), position, places, matches)
        return matches

    def _look_up(self, word: str) -> frozenset[str]:
        names = (lemma.name() for synset in self._wordnet.synsets(word) for lemma in synset.lemmas())
        return frozenset(name for name in names if "_" not in name)


def _places(words: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    """Ascending positions of every word that is still free."""
    places: dict[str, list[int]] = {}
    for position, word in words:
        places.setdefault(word, []).append(position)
    return places


def _match_equal(
    positions: Iterable[int],
    words: Sequence[str] | dict[int, str],
    places: dict[str, list[int]],
    matches: dict[int, int],
) -> list[int]:
    """Match each word with its last free equal; the positions that stay without one."""
    left = []
    for position in positions:
        if words[position] in places:
            _take(words[position], position, places, matches)
        else:
            left.append(position)
    return left


def _take(word: str, position: int, places: dict[str, list[int]], matches: dict[int, int]) -> None:
    matches[position] = places[word].pop()
    if not places[word]:
        del places[word]


def _chunks(matches: dict[int, int]) -> int:
    """Runs of neighbours in the candidate that are neighbours in the reference too."""
    return sum(matches.get(position - 1, -2) + 1 != place for position, place in matches.items())
