"""Laws of the byte-pair encoding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linernotes.writers.small.tokenizer import BpeTokenizer, split_words, train_bpe

TEXTS = [
    " the low quality recording features a groovy piano melody",
    " this song features an electric guitar, a low bass and a groovy drum beat.",
    " the recording is noisy and in mono. it sounds groovy - like r&b/soul!",
] * 3


@pytest.fixture(scope="module")
def tokenizer() -> BpeTokenizer:
    return train_bpe(TEXTS, 330, ("<pad>", "<bos>", "<eos>"))


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_every_text_comes_back(text: str) -> None:
    shared = train_bpe(TEXTS, 330, ("<pad>",))
    assert shared.decode(shared.encode(text)) == text
    assert "".join(split_words(text)) == text


def test_a_file_holds_the_whole_tokenizer(tokenizer: BpeTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = BpeTokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.pieces == tokenizer.pieces
    assert loaded.specials == tokenizer.specials
    text = " a groovy Flügelhorn, 雅楽"
    assert loaded.encode(text) == tokenizer.encode(text)


def test_training_is_deterministic_and_stops_at_its_size(tokenizer: BpeTokenizer) -> None:
    again = train_bpe(reversed(TEXTS), 330, ("<pad>", "<bos>", "<eos>"))
    assert again.merges == tokenizer.merges
    assert len(tokenizer) <= 330


def test_frequent_words_are_one_piece_and_merges_never_cross_words(tokenizer: BpeTokenizer) -> None:
    assert len(tokenizer.encode(" groovy")) == 1
    assert all(b" " not in piece[1:] for piece in tokenizer.pieces)
    joined = tokenizer.encode(" a groovy beat")
    assert joined == [i for word in (" a", " groovy", " beat") for i in tokenizer.encode_word(word)]


def test_special_pieces_are_first_and_never_come_from_text(tokenizer: BpeTokenizer) -> None:
    assert [tokenizer.special(name) for name in tokenizer.specials] == [0, 1, 2]
    assert min(tokenizer.encode("<pad><bos>")) >= 3
    assert tokenizer.decode([1, *tokenizer.encode(" mono"), 2]) == " mono"
