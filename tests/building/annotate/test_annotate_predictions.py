"""Predictions of other programs, read from JSON Lines and csv; a bad line is named by its number."""

from pathlib import Path

import pytest

from linernotes.building.annotate.predictions import read_predictions


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_json_lines_hold_single_facts_or_all_of_a_clip(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "mirflex.jsonl",
        '{"clip_id": "a", "name": "key", "value": "A minor", "confidence": 0.7, "source": "KeyNet"}\n\n'
        '{"clip_id": "a", "name": "genre", "value": "rock"}\n'
        '{"clip_id": "b", "facts": [{"name": "tempo", "value": "120", "unit": "BPM"}]}\n',
    )
    found = read_predictions(path)
    key, genre = found["a"]
    assert (key.value, key.confidence, key.source) == ("A minor", 0.7, "KeyNet")
    assert (genre.confidence, genre.source) == (1.0, "mirflex.jsonl")
    assert key.id != genre.id
    assert found["b"][0].value == 120.0


def test_csv_says_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "clip_id,name,value,confidence\na,instrument,piano,0.25\na,tempo,98.5,\n")
    piano, tempo = read_predictions(path)["a"]
    assert (piano.value, piano.confidence) == ("piano", 0.25)
    assert tempo.value == 98.5


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.jsonl", '{"clip_id": "a", "name": "key"}\n', "line 1: this key has no value"),
        ("p.jsonl", '{"clip_id": "a", "name": "instruments", "value": "x"}\n', "did you mean 'instrument'"),
        (
            "p.jsonl",
            '{"clip_id": "a", "name": "key", "value": "C major", "confidence": 1.5}\n',
            "from 0 to 1",
        ),
        ("p.jsonl", '{"clip_id": "a", "name": "key", "value": "C major", "confidence": NaN}\n', "confidence"),
        ("p.jsonl", '{"clip_id": 7, "name": "key", "value": "C major"}\n', "clip_id must be text"),
        ("p.jsonl", '{"clip_id": "a", "name": "key", "value": "C", "sure": 1}\n', "unknown field 'sure'"),
        ("p.jsonl", '{"clip_id": "a", "facts": "x"}\n', "list of objects"),
        ("p.jsonl", "\n[1]\n", "line 2: expected an object"),
        ("p.jsonl", "{\n", "line 1 is no JSON"),
        ("p.csv", "clip_id,name,value\na,tempo,fast\n", "value of tempo must be a number"),
        ("p.csv", "clip_id,name,value\na,genre,rock,pop\n", "more cells"),
        ("p.txt", "", ".jsonl or .csv"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        read_predictions(write(tmp_path, name, text))
