"""Tokenizers equal the packages they are named after, also on marks they were not made for."""

from __future__ import annotations

import random

from nltk.tokenize import NLTKWordTokenizer, WordPunctTokenizer
from rouge_score.tokenizers import DefaultTokenizer
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from linernotes.metrics.tokens import (
    rouge_stems,
    tokenize_13a,
    tokenize_rouge,
    tokenize_wordpunct,
    tokenize_words,
)

PIECES = (
    "The a slow sad guitars playing melodies over drums strings it's It's don't cannot gonna R&B 4/4 120-ish BPM "
    "(live) \"so\" 'so' dogs' 1,000 3.5 5. .5 a.b e.g. &quot; &amp; <b> -- a--b … – — “x” ‘y’ ’s café naïve ½ C# "
    "X's, wanna. d'ye more'n 'tis lo-fi, x_y ?! ... ..a Straße Ἀρχή"
).split()
ENDS = ("", ".", ",", "!", "?", ";", ":", ".)", '."', "\u00a0")


def texts(count: int, seed: int = 5) -> list[str]:
    rng = random.Random(seed)
    return [
        " ".join(rng.choice(PIECES) + (rng.choice(ENDS) if rng.random() < 0.3 else "") for _ in range(12))
        for _ in range(count)
    ]


def test_13a_equals_sacrebleu() -> None:
    theirs = Tokenizer13a()  # type: ignore[no-untyped-call]
    for text in [*texts(300), "a -\nb\nc <skipped> x", "", "a\u2003b , c"]:
        assert tokenize_13a(text) == theirs(text).split()


def test_rouge_equals_rouge_score() -> None:
    plain, stemmed, stems = DefaultTokenizer(False), DefaultTokenizer(True), rouge_stems()
    for text in [*texts(300), "", "..."]:
        assert tokenize_rouge(text) == plain.tokenize(text)
        assert stems(text) == stemmed.tokenize(text)


def test_wordpunct_equals_nltk() -> None:
    theirs = WordPunctTokenizer()
    for text in [*texts(300), ""]:
        assert tokenize_wordpunct(text) == theirs.tokenize(text)


def test_words_equal_nltk_within_a_sentence() -> None:
    theirs = NLTKWordTokenizer()
    for text in [*PIECES, *(f"{first} {second}" for first in PIECES for second in PIECES[::5])]:
        if not any(f"{mark} " in text for mark in ".!?"):
            assert tokenize_words(text) == theirs.tokenize(text)


def test_words_split_the_stop_of_every_sentence() -> None:
    assert tokenize_words("It is slow. It is sad.") == ["It", "is", "slow", ".", "It", "is", "sad", "."]
    assert tokenize_words("") == []
