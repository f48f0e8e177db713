"""METEOR's own alignment gives NLTK's numbers, word for word, on random tokens and on made-up meanings."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from nltk.translate.meteor_score import align_words, single_meteor_score

from linernotes.metrics.meteor import Aligner, meteor
from linernotes.metrics.tokens import porter_stem
from linernotes.metrics.wordnet import Synset, load_wordnet

WORDS = (
    "The the play plays played playing quick quickly fast guitar Guitars song songs sing sings . , 's".split()
)


@dataclass(frozen=True)
class FewMeanings:
    """A dictionary of stems, so that the test needs no WordNet: words of one set mean the same."""

    sets: tuple[tuple[str, ...], ...] = (
        ("fast", "quick", "in_a_hurry"),
        ("song", "sing", "tune"),
        ("play", "sing"),
    )

    def synsets(self, word: str) -> list[Synset]:
        return [Synset(words) for words in self.sets if word in words]


class Stemmer:
    """NLTK's, behind the interface that its functions ask for."""

    @staticmethod
    def stem(word: str) -> str:
        return porter_stem()(word)


@pytest.mark.parametrize("seed", range(4))
def test_alignment_and_score_equal_nltk(seed: int) -> None:
    rng, meanings = random.Random(seed), FewMeanings()
    aligner = Aligner(porter_stem(), meanings)
    for _ in range(250):
        said, told = (rng.choices(WORDS, k=rng.randint(0, 14)) for _ in range(2))
        matches, _, _ = align_words(said, told, stemmer=Stemmer(), wordnet=meanings)
        ours = aligner.align([word.lower() for word in said], [word.lower() for word in told])
        assert sorted(ours.items()) == matches
        expected = single_meteor_score(told, said, stemmer=Stemmer(), wordnet=meanings)
        assert aligner.score(said, told) == pytest.approx(expected, abs=1e-12)


def test_tokens_decide() -> None:
    try:
        load_wordnet()
    except ValueError as error:
        pytest.skip(str(error))
    said, told = {"x": "lo-fi drums"}, {"x": ["lo fi drums"]}
    assert meteor(said, told, tokenizer="wordpunct").corpus > 2 * meteor(said, told).corpus / 1.5
    assert meteor({"x": ""}, told).corpus == meteor({"x": "a"}, {"x": [""]}).corpus == 0.0
