"""Tokenizers that published numbers were made with, quick because each remembers what it made of a word.

Most look at nothing beyond white space, so the pieces between it are cut once each; where NLTK's looks further (on
quotation marks and full stops) and there are such, the text goes to NLTK itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import Any

from linernotes.registry import need_extra

WORDS_REMEMBERED = 1 << 17

_13A = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_PLAIN = re.compile(r"([^\W_]+(?:-[^\W_]+)*)([.,!?]?)")
_ALONE = re.compile(r"[^\W_](?:[\w&;:,./%#$@*+=-]|(?<=\w)'(?=\w))*[.,!?]?")
_CONTRACTED = re.compile(r"(?i)\b(?:cannot|gimme|gonna|gotta|lemme|wanna)\b")
_STEM_FROM = 4


def tokenize_13a(text: str) -> list[str]:
    """Tokens of NIST's mteval-v13a script, the international standard of BLEU; case is kept."""
    text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    return [token for chunk in text.split() for token in _tokens_13a(chunk)]


@lru_cache(maxsize=WORDS_REMEMBERED)
def _tokens_13a(chunk: str) -> tuple[str, ...]:
    chunk = f" {chunk} "
    for pattern, replacement in _13A:
        chunk = pattern.sub(replacement, chunk)
    return tuple(chunk.split())


def tokenize_rouge(text: str) -> list[str]:
    """Lower-case runs of letters a-z and digits, as Google's rouge_score takes them (no stemming)."""
    return _NOT_ALPHANUMERIC.sub(" ", text.lower()).split()


def rouge_stems() -> Callable[[str], list[str]]:
    """The tokenizer of rouge_score with `use_stemmer`: Porter's stem of words of four letters or more."""
    stem = porter_stem()
    return lambda text: [stem(token) if len(token) >= _STEM_FROM else token for token in tokenize_rouge(text)]


@lru_cache(maxsize=1)
def porter_stem() -> Callable[[str], str]:
    """NLTK's Porter stemmer, asked once for each word.

    Raises:
        MissingExtraError: NLTK is not installed.
    """
    need_extra("nltk", "metrics")
    from nltk.stem.porter import PorterStemmer

    return lru_cache(maxsize=WORDS_REMEMBERED)(PorterStemmer().stem)


def tokenize_wordpunct(text: str) -> list[str]:
    """Runs of word characters and runs of marks: NLTK's `wordpunct_tokenize`.

    Raises:
        MissingExtraError: NLTK is not installed.
    """
    tokens: list[str] = _wordpunct().tokenize(text)
    return tokens


@lru_cache(maxsize=1)
def _wordpunct() -> Any:
    need_extra("nltk", "metrics")
    from nltk.tokenize import WordPunctTokenizer

    return WordPunctTokenizer()


def tokenize_words(text: str) -> list[str]:
    """Treebank tokens of every sentence, as NLTK's `word_tokenize`.

    A sentence ends at . ! ? before white space, so no NLTK data is needed.

    Raises:
        MissingExtraError: NLTK is not installed.
    """
    return [token for sentence in _SENTENCE_END.split(text) for token in _sentence_words(sentence)]


def _sentence_words(sentence: str) -> list[str]:
    pieces = [_plain_tokens(chunk) for chunk in sentence.split()]
    if () not in pieces:
        return list(chain.from_iterable(pieces))
    tokens: list[str] = _treebank().tokenize(sentence)
    return tokens


@lru_cache(maxsize=WORDS_REMEMBERED)
def _plain_tokens(chunk: str) -> tuple[str, ...]:
    """The tokens of a piece that NLTK cuts the same whatever stands beside it; none for other pieces."""
    found = _PLAIN.fullmatch(chunk)
    if found and not _CONTRACTED.search(chunk):
        return (found[1], found[2]) if found[2] else (found[1],)
    return tuple(_treebank().tokenize(chunk)) if _ALONE.fullmatch(chunk) else ()


@lru_cache(maxsize=1)
def _treebank() -> Any:
    need_extra("nltk", "metrics")
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()
