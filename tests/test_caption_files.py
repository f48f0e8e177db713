"""Captions are read whole or not at all: every doubt is one line that names the file and the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linernotes.caption_files import (
    CaptionPairs,
    pair_captions,
    read_pairs,
    read_predictions,
    read_references,
    read_train_captions,
)


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_both_layouts_on_both_sides(tmp_path: Path) -> None:
    path = written(
        tmp_path / "x.jsonl", '{"id": "a", "caption": "one"}\n\n{"id": "b", "captions": ["two"]}\n'
    )
    assert read_predictions(path) == {"a": "one", "b": "two"}
    assert read_references(path) == {"a": ("one",), "b": ("two",)}


def test_several_references(tmp_path: Path) -> None:
    lines = written(tmp_path / "x.jsonl", '{"id": "a", "captions": ["one", "two"]}')
    rows = written(tmp_path / "x.csv", 'id,caption\na,one\nb,"x, y"\na,"two\nlines"\n')
    assert read_references(lines) == {"a": ("one", "two")}
    assert read_references(rows) == {"a": ("one", "two\nlines"), "b": ("x, y",)}


def test_parquet_holds_what_csv_holds(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"id": [7, 7, 8], "caption": ["a", "b", "c"]}), tmp_path / "x.parquet")
    parquet.write_table(arrow.table({"id": ["7"], "captions": [["a", "b"]]}), tmp_path / "y.parquet")
    assert read_references(tmp_path / "x.parquet") == {"7": ("a", "b"), "8": ("c",)}
    assert read_references(tmp_path / "y.parquet") == {"7": ("a", "b")}
    with pytest.raises(ValueError, match="row 2: id '7' was used before"):
        read_predictions(tmp_path / "x.parquet")
    written(tmp_path / "z.parquet", "no parquet")
    parquet.write_table(arrow.table({"ytid": ["7"], "caption": ["a"]}), tmp_path / "m.parquet")
    with pytest.raises(ValueError, match="it has ytid, caption; rename 'ytid' to 'id'"):
        read_references(tmp_path / "m.parquet")
    with pytest.raises(ValueError, match=r"z\.parquet: not a Parquet file"):
        read_references(tmp_path / "z.parquet")


def test_numeric_ids_are_strings(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", '{"id": 7, "caption": "a"}\n{"id": 8.0, "caption": "b"}')
    assert read_predictions(path) == {"7": "a", "8": "b"}
    twice = written(tmp_path / "y.jsonl", '{"id": 7, "caption": "a"}\n{"id": "7", "caption": "b"}')
    with pytest.raises(ValueError, match=r"y\.jsonl line 2: id '7' was used before"):
        read_predictions(twice)


def test_unicode_survives(tmp_path: Path) -> None:
    text = "“sad” – naïve… 音楽\u2028next\u0085line"
    path = written(
        tmp_path / "x.jsonl", "\ufeff" + json.dumps({"id": "a", "caption": text}, ensure_ascii=False)
    )
    assert read_predictions(path) == {"a": text}


def test_an_empty_prediction_is_one_and_is_counted(tmp_path: Path) -> None:
    predictions = read_predictions(
        written(tmp_path / "x.jsonl", '{"id": "a", "caption": ""}\n{"id": "b", "caption": "x"}')
    )
    pairs = pair_captions(predictions, {"a": ("y",), "b": ("z",)})
    assert pairs.candidates == {"a": "", "b": "x"}
    assert pairs.empty == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a", "caption": "x"}\n{"caption": "y"}', "line 2: has no id"),
        ('{"id": "", "caption": "y"}', "line 1: has no id"),
        ('{"id": true, "caption": "y"}', "line 1: an id is a string or a number, not true"),
        ('{"id": "a", "caption": 3}', "line 1: a caption must be a string, not 3"),
        ('{"id": "a", "caption": null}', "line 1: a caption must be a string, not null"),
        ('{"id": "a", "captions": "x"}', 'line 1: "captions" must be a list'),
        ('{"id": "a", "captions": ["x", 2]}', "line 1: a caption must be a string, not 2"),
        ('{"id": "a"}', 'line 1: id \'a\' needs "caption" or "captions"'),
        ('{"id": "a", "caption": "x", "captions": ["x"]}', "line 1: id 'a' needs .* one of them"),
        ('{"id": "a", "caption": "x"}\n{"id": "a", "caption": "y"}', "line 2: id 'a' was used before"),
        ('\n{"id": "a"', "line 2: not JSON"),
        ('["x"]', "line 1: a list; needs JSON Lines"),
        ('"x"', 'line 1: needs {"id"'),
        ("", "holds no captions"),
        (" \n\n", "holds no captions"),
        (b'{"id": "a", "caption": "x"}\n{"id": "b", "caption": "\xe9"}', "line 2: not UTF-8"),
        ('{"id": "a", "caption": "\\ud800"}', "line 1: holds half of a surrogate pair"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = written(tmp_path / "bad.jsonl", text)
    for read in (read_predictions, read_references):
        with pytest.raises(ValueError, match=rf"bad\.jsonl.*{message}"):
            read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name,text\na,b\n",
            "needs .* id and caption; it has name, text; rename 'name' to 'id' and rename 'text' to",
        ),
        ("ytid,start_s,caption\na,1,b\n", "it has ytid, start_s, caption; rename 'ytid' to 'id'"),
        ("ID,caption\na,b\n", "rename 'ID' to 'id'"),
        ("id;caption\na;b\n", "it has id;caption; its fields are separated by ';': save it with commas"),
        ("x,y\na,b\n", "it has x, y$"),
        ("", "holds no captions"),
        ("id,caption\n", "holds no captions"),
        ("id,caption\na\n", "line 2: has not as many fields as the header"),
        ("id,caption\na,x, y\n", "line 2: has not as many fields as the header"),
        ("id,caption\n,x\n", "line 2: has no id"),
        ('id,caption\na,"x\n', "line 2: unexpected end of data"),
    ],
)
def test_a_bad_csv_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"bad\.csv.*{message}"):
        read_references(written(tmp_path / "bad.csv", text))


def test_a_prediction_is_one_caption_and_a_reference_is_not_empty(tmp_path: Path) -> None:
    two = written(tmp_path / "x.jsonl", '{"id": "a", "captions": ["x", "y"]}')
    with pytest.raises(ValueError, match="line 1: id 'a' has 2 captions; a prediction is one"):
        read_predictions(two)
    rows = written(tmp_path / "x.csv", "id,caption\na,x\na,y\n")
    with pytest.raises(ValueError, match="line 3: id 'a' was used before"):
        read_predictions(rows)
    for line in ('{"id": "a", "captions": []}', '{"id": "a", "caption": " "}'):
        with pytest.raises(ValueError, match="line 1: id 'a' has an empty reference"):
            read_references(written(tmp_path / "y.jsonl", line))


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"x\.txt: captions are read from \.jsonl"):
        read_predictions(written(tmp_path / "x.txt", "{}"))


def test_ids_on_one_side_only_stop_or_are_counted() -> None:
    predictions, references = {"a": "x", "b": "y", "c": "z"}, {"b": ("r",), "d": ("s",)}
    message = (
        "2 ids stand in the predictions only, such as 'a' and 1 id stands in the references only, such as 'd'"
    )
    with pytest.raises(ValueError, match=f"{message}; --allow-missing"):
        pair_captions(predictions, references)
    pairs = pair_captions(predictions, references, allow_missing=True)
    assert pairs == CaptionPairs({"b": "y"}, {"b": ("r",)}, ("a", "c"), ("d",))
    with pytest.raises(ValueError, match="no id stands on both sides"):
        pair_captions({"a": "x"}, {"b": ("y",)}, allow_missing=True)


def test_pairs_are_numbered(tmp_path: Path) -> None:
    items = [{"prediction": "x", "ground_truth": "y"}, {"prediction": "", "ground_truth": ["z", "w"]}]
    pairs = read_pairs(written(tmp_path / "p.json", json.dumps(items)))
    assert pairs.candidates == {"0": "x", "1": ""}
    assert pairs.references == {"0": ("y",), "1": ("z", "w")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "holds no captions"),
        ("{}", "needs a JSON list"),
        ('[{"prediction": "x"}]', "item 0: needs"),
        ('[{"prediction": 1, "ground_truth": "x"}]', "item 0: a caption must be a string, not 1"),
        ('[{"prediction": "x", "ground_truth": ""}]', "item 0: the ground truth is empty"),
        ("nonsense", "not JSON"),
    ],
)
def test_bad_pairs_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"p\.json.*{message}"):
        read_pairs(written(tmp_path / "p.json", text))


def test_train_captions_may_repeat_ids(tmp_path: Path) -> None:
    path = written(tmp_path / "t.jsonl", '{"id": 1, "caption": "a"}\n{"id": 1, "captions": ["b", "c"]}')
    assert read_train_captions(path) == ["a", "b", "c"]


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    for read in (read_predictions, read_references, read_pairs):
        with pytest.raises(ValueError, match="is a folder; name the file of captions in it"):
            read(tmp_path)


def test_pairs_are_one_list(tmp_path: Path) -> None:
    line = '{"prediction": "x", "ground_truth": "y"}\n'
    with pytest.raises(ValueError, match=r"x\.jsonl: needs a JSON list of .*; one object a line is none"):
        read_pairs(written(tmp_path / "x.jsonl", line + line))
    with pytest.raises(ValueError, match=r"needs a JSON list of .*: not JSON: Expecting value"):
        read_pairs(written(tmp_path / "x.csv", "prediction,ground_truth\nx,y\n"))


def test_the_files_of_lone_ids_are_named() -> None:
    with pytest.raises(
        ValueError,
        match=r"1 id stands in the predictions p but not in r, such as 'a' and "
        r"1 id stands in the references r but not in p, such as 'b'; no id stands on both sides",
    ):
        pair_captions({"a": "x"}, {"b": ("y",)}, names=("p", "r"))
