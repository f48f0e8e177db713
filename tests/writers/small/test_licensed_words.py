"""The hard word list: only licensed whole words can be spelt."""

from __future__ import annotations

import numpy as np
import pytest

from linernotes.writers.small.licensed_words import LicensedWords
from linernotes.writers.small.prompt import EOS, SPECIALS
from linernotes.writers.small.tokenizer import BpeTokenizer, train_bpe
from linernotes.writers.small.wording import WordLists

LISTS = WordLists(
    frozenset("this song features a the and there is no with while".split()),
    tuple("this song features a the and there is no with while piano pianist drums guitar sad".split()),
    {},
)


@pytest.fixture(scope="module")
def tokenizer() -> BpeTokenizer:
    return train_bpe([" this song features a sad piano and drums with guitar. "] * 3, 330, SPECIALS)


def allowed(constraint: LicensedWords, tokenizer: BpeTokenizer, text: str) -> bool:
    """Whether `text` can be written and ended."""
    tokens = tokenizer.encode(text)
    ids = [*tokens, tokenizer.special(EOS)]
    return all(np.isfinite(constraint(tuple(ids[:at]))[ids[at]]) for at in range(len(ids)))


def test_licensed_words_can_be_written_and_others_cannot(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["sad", "piano"])
    assert allowed(constraint, tokenizer, " this song features a sad piano.")
    assert allowed(constraint, tokenizer, " this song features a pianist.")
    assert not allowed(constraint, tokenizer, " this song features a guitar.")
    assert not allowed(constraint, tokenizer, " this song features a pia.")
    assert not allowed(constraint, tokenizer, " this song features a sad piano")


def test_words_that_only_an_aspect_brings_can_be_written(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["Erhu", "雅楽"])
    assert allowed(constraint, tokenizer, " this song features a erhu, 雅楽.")


def test_what_is_denied_can_only_be_denied_and_nothing_else_can(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["no drums", "piano"])
    assert allowed(constraint, tokenizer, " there is no drums.")
    assert not allowed(constraint, tokenizer, " there is no piano.")
    assert not allowed(constraint, tokenizer, " this song features the drums.")
    assert allowed(constraint, tokenizer, " there is no drums. this song features a piano.")


def test_free_words_that_would_deny_something_cannot_be_denied(tokenizer: BpeTokenizer) -> None:
    free = WordLists(LISTS.free | {"other"}, (*LISTS.words, "other"), {})
    constraint = LicensedWords(tokenizer, free, ["no drums", "piano"])
    assert allowed(constraint, tokenizer, " there is no drums.")
    assert allowed(constraint, tokenizer, " this song features the other piano.")
    assert not allowed(constraint, tokenizer, " there is no other.")


def test_without_a_denial_among_the_aspects_nothing_is_denied(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["piano"])
    assert not allowed(constraint, tokenizer, " there is no piano.")


def test_new_aspect_words_earn_and_repeated_words_cost(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["sad", "piano"], reward=0.5, repeat_penalty=2.0)
    (sad,) = tokenizer.encode_word(" sad")
    before = tuple(tokenizer.encode(" this song features a"))
    assert constraint(before)[sad] == pytest.approx(0.5)
    after = tuple(tokenizer.encode(" this song features a sad"))
    assert constraint(after)[sad] == pytest.approx(-8.0)


def test_a_second_verb_needs_a_joint(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["sad", "piano"])
    assert not allowed(constraint, tokenizer, " this song is sad is a piano.")
    assert allowed(constraint, tokenizer, " this song is sad while the piano is sad.")


def test_a_repetition_within_a_sentence_costs_more(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["sad"], repeat_penalty=1.0)
    (sad,) = tokenizer.encode_word(" sad")
    assert (
        constraint(tuple(tokenizer.encode(" sad and")))[sad]
        < constraint(tuple(tokenizer.encode(" sad. this")))[sad]
    )


def test_coverage_counts_aspect_words_said(tokenizer: BpeTokenizer) -> None:
    constraint = LicensedWords(tokenizer, LISTS, ["sad", "piano"])
    assert constraint.coverage(tuple(tokenizer.encode(" this song features a piano."))) == pytest.approx(0.5)
    assert constraint.coverage(tuple(tokenizer.encode(" this song features a sad piano"))) == pytest.approx(
        1.0
    )


def test_a_caption_may_not_end_before_it_says_enough_unless_patience_ends(tokenizer: BpeTokenizer) -> None:
    eos = tokenizer.special(EOS)
    short = tuple(tokenizer.encode(" this song features a piano."))
    strict = LicensedWords(tokenizer, LISTS, ["sad", "piano"], least_coverage=0.9)
    assert np.isneginf(strict(short)[eos])
    assert np.isfinite(strict(tuple(tokenizer.encode(" this song features a sad piano.")))[eos])
    impatient = LicensedWords(tokenizer, LISTS, ["sad", "piano"], least_coverage=0.9, patience=len(short))
    assert np.isfinite(impatient(short)[eos])
