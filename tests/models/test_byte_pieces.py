"""The plain tokenizer spells as the package tokenizers does."""

from __future__ import annotations

import json
import random

import pytest

from linernotes.models.byte_pieces import byte_pieces_from_json, split_words

tokenizers = pytest.importorskip("tokenizers")

from linernotes.models.subwords import Subwords, train_subwords  # noqa: E402

CAPTIONS = (
    "A low hum, long.",
    "It's a slow 4/4 beat, they're playing 120 bpm (it doesn't stop).",
    "Café music: naïve, 東京 and ½ a bar…  two  spaces",
    "don't DON'T we'll I'd 'sung' 12th x2y --- !?",
)
LETTERS = "aB é東½²Ⅷ 1\t\n\u00a0\u3000'sdt.,-(\u0301🎵x \x1c\u200b"


@pytest.fixture(scope="module")
def subwords() -> Subwords:
    return train_subwords([*CAPTIONS, "the drums and the bass drum hum"], 400)


def test_the_same_ids_and_the_same_texts(subwords: Subwords) -> None:
    ours = byte_pieces_from_json(subwords.to_json())
    dice = random.Random(0)
    random_texts = ["".join(dice.choices(LETTERS, k=dice.randrange(1, 14))) for _ in range(2000)]
    for text in (*CAPTIONS, *random_texts):
        ids = subwords.encode(text)
        assert ours.encode(text) == ids, text
        assert ours.decode(ids) == subwords.decode(ids)
    halves = [dice.choices(range(len(subwords)), k=6) for _ in range(500)]  # also broken letters
    assert [ours.decode(row) for row in halves] == [subwords.decode(row) for row in halves]


def test_words_keep_the_space_before_them() -> None:
    assert list(split_words("it's  on 4th")) == ["it", "'s", " ", " on", " 4", "th"]


def test_older_files_hold_merges_as_text(subwords: Subwords) -> None:
    told = json.loads(subwords.to_json())
    told["model"]["merges"] = [" ".join(pair) for pair in told["model"]["merges"]]
    assert byte_pieces_from_json(json.dumps(told)).encode(CAPTIONS[1]) == subwords.encode(CAPTIONS[1])


@pytest.mark.parametrize("path", ["model", "pre_tokenizer", "added_tokens"])
def test_other_tokenizers_are_refused(subwords: Subwords, path: str) -> None:
    told = json.loads(subwords.to_json())
    told[path] = [] if path == "added_tokens" else {**told[path], "type": "Other"}
    with pytest.raises(ValueError, match=r"tokenizer\.json is no byte-level BPE"):
        byte_pieces_from_json(json.dumps(told))
    with pytest.raises(ValueError, match=r"tokenizer\.json is no byte-level BPE"):
        byte_pieces_from_json("[1")
