"""The writers' table: any profile's columns, its floor, and the annotators that nobody learned from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linernotes.cli.write_benchmark import TableProfile
from linernotes.datasets.musiccaps import MusicCaps, MusicCapsItem
from linernotes.metrics.missing import MissingMetricError
from linernotes.write_benchmark import METRICS, columns, need_metrics, score_method, written_before


def item(number: int, caption: str, annotator: str) -> MusicCapsItem:
    return MusicCapsItem(f"c{number}", tuple(caption.split()), caption, annotator, is_eval=True)


CAPTIONS = ("slow sad piano", "fast loud drums", "warm female singing", "bright brass band")
DATA = MusicCaps(
    (item(9, "anything else", "known"),),
    tuple(item(number, text, "known" if number else "new") for number, text in enumerate(CAPTIONS)),
)


def test_every_choice_has_columns() -> None:
    assert [choice.value for choice in TableProfile] == list(METRICS)
    for profile, keys in METRICS.items():
        assert [metric.key for metric in columns(profile)] == list(keys)


def test_a_method_that_repeats_the_caption_scores_1_and_its_floor_0() -> None:
    try:
        need_metrics("lp2023")
    except MissingMetricError as error:
        pytest.skip(str(error))
    heard: list[None] = []
    row = score_method(
        "copy", lambda given: given.caption, DATA, lambda: heard.append(None), profile="lp2023"
    )
    assert len(heard) == row.n == 4
    assert list(row.scores) == list(METRICS["lp2023"])
    for key in ("bleu1", "rougeL"):
        score = row.scores[key]
        assert (score.value, score.low, score.high) == (1.0, 1.0, 1.0)
        assert (score.shuffled, score.unseen_annotators) == (0.0, 1.0)
    assert (row.coverage, row.words) == (1.0, 3.0)


def test_a_method_that_errs_on_the_new_annotator_shows_it() -> None:
    try:
        need_metrics("lp2023")
    except MissingMetricError as error:
        pytest.skip(str(error))
    row = score_method("half", lambda given: "" if given.annotator == "new" else given.caption, DATA)
    assert row.scores["rougeL"].value == 0.75
    assert row.scores["rougeL"].unseen_annotators == 0.0


def test_captions_from_a_file_are_a_row_and_none_may_be_missing(tmp_path: Path) -> None:
    lines = [json.dumps({"id": each.clip_id, "caption": f"by {each.clip_id}"}) for each in DATA.evaluation]
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    method = written_before("mine", file, DATA)
    assert [method(each) for each in DATA.evaluation] == ["by c0", "by c1", "by c2", "by c3"]
    file.write_text(lines[0], encoding="utf-8")
    with pytest.raises(ValueError, match="no caption for 3 of the 4 eval items, such as 'c1'"):
        written_before("mine", file, DATA)
