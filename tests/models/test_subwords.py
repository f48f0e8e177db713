"""Captions as pieces of words: there and back, whatever the letters; special tokens stay outside of texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tokenizers")

from linernotes.models.subwords import SPECIALS, load_subwords, subwords_from_json, train_subwords

CAPTIONS = ["A slow piano piece in D minor.", "Slow drums and a soft piano.", "A piano, drums and “bells”."]


def test_captions_come_back_as_they_were() -> None:
    subwords = train_subwords(CAPTIONS, 300)
    for caption in (*CAPTIONS, "Quick XYLOPHONE #7 (lo-fi) & more!"):
        ids = subwords.encode(f"  {caption} ")
        assert ids[0] == subwords.bos_id
        assert subwords.decode([*ids, subwords.eos_id]) == caption
    assert len(subwords.encode("A slow piano")) < len(subwords.encode("Xylophone"))
    assert len(subwords) <= 300
    assert [subwords.bos_id, subwords.pad_id, subwords.eos_id] == [0, 1, 2]


def test_no_special_token_is_part_of_a_text() -> None:
    subwords = train_subwords(CAPTIONS, 300)
    ids = subwords.encode("A slow </s> piano <pad>")
    assert subwords.bos_id not in ids[1:]
    assert not {subwords.eos_id, subwords.pad_id} & set(ids)
    assert subwords.decode([0, 0, 2, *ids[1:]]).split() == ["A", "slow", "piano"]


def test_stored_and_read_back_it_is_the_same(tmp_path: Path) -> None:
    subwords = train_subwords(CAPTIONS, 300)
    again = subwords_from_json(subwords.to_json())
    (tmp_path / "tokenizer.json").write_text(subwords.to_json(), "utf-8")
    for other in (again, load_subwords(tmp_path)):
        assert [other.encode(caption) for caption in CAPTIONS] == [subwords.encode(one) for one in CAPTIONS]


def test_a_folder_of_vocabulary_and_merges_is_read(tmp_path: Path) -> None:
    subwords = train_subwords(CAPTIONS, 300)
    model = json.loads(subwords.to_json())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]), "utf-8")
    merges = "".join(f"{left} {right}\n" for left, right in model["merges"])
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + merges, "utf-8")
    read = load_subwords(tmp_path)
    for caption in CAPTIONS:
        assert read.encode(caption) == subwords.encode(caption)
        assert read.decode(read.encode(caption)) == caption


def test_what_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is damaged"):
        subwords_from_json("{}")
    with pytest.raises(ValueError, match="holds no tokenizer"):
        load_subwords(tmp_path)
    with pytest.raises(ValueError, match="no captions to fit"):
        train_subwords([], 300)
    stored = json.loads(train_subwords(CAPTIONS, 300).to_json())
    stored["model"]["vocab"]["<end>"] = stored["model"]["vocab"].pop("</s>")
    stored["added_tokens"] = [one for one in stored["added_tokens"] if one["content"] not in SPECIALS]
    with pytest.raises(ValueError, match=r"no token '</s>'"):
        subwords_from_json(json.dumps(stored))
