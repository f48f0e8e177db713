"""METEOR (Banerjee and Lavie, 2005) as NLTK computes it: exact, stem and WordNet matches, chunk penalty."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from linernotes.metrics.score import Captions, References, Score, mean_score, paired
from linernotes.metrics.wordnet import load_wordnet
from linernotes.registry import need_extra

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5
"""Parameters of NLTK's and so of profile `lp2023`."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class _RememberedStems:
    """NLTK's Porter stemmer, asked once for each word."""

    def __init__(self, stemmer: Any) -> None:
        self.stem = lru_cache(maxsize=None)(stemmer.stem)


def meteor(candidates: Captions, references: References) -> Score:
    """Mean over clips of the best reference's METEOR, in 0..1; profile `lp2023`.

    Raises:
        MissingExtraError: NLTK is not installed.
        ValueError: WordNet is not to be found.
    """
    need_extra("nltk", "metrics")
    from nltk.stem.porter import PorterStemmer
    from nltk.translate.meteor_score import single_meteor_score

    wordnet, stemmer = load_wordnet(), _RememberedStems(PorterStemmer())
    words = lru_cache(maxsize=None)(_words)

    def value(candidate: str, reference: str) -> float:
        score: float = single_meteor_score(
            words(reference),
            words(candidate),
            stemmer=stemmer,
            wordnet=wordnet,
            alpha=ALPHA,
            beta=BETA,
            gamma=GAMMA,
        )
        return score

    pairs = paired(candidates, references)
    values = [max(value(text, ref) for ref in refs) for _, text, refs in pairs]
    return mean_score([clip_id for clip_id, _, _ in pairs], values)


def _words(text: str) -> list[str]:
    """Treebank tokens of every sentence; one ends at . ! ? before white space, so no NLTK data is needed."""
    from nltk.tokenize import NLTKWordTokenizer

    tokenizer = NLTKWordTokenizer()
    return [token for sentence in _SENTENCE_END.split(text) for token in tokenizer.tokenize(sentence)]
