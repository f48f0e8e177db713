"""ROUGE-L's three forms on texts whose value is known by hand; the golden files hold them to their packages."""

from __future__ import annotations

import pytest
from rouge_score import rouge_scorer

from linernotes.metrics.rouge_l import longest_common_subsequence, rouge_l, rouge_l_coco, rouge_l_recall


def test_subsequence_of_known_length() -> None:
    assert longest_common_subsequence([*"abcbdab"], [*"bdcaba"]) == 4
    assert longest_common_subsequence([], ["a"]) == 0


def test_coco_takes_best_precision_and_best_recall_of_different_references() -> None:
    score = rouge_l_coco({"x": "a b"}, {"x": ["a b c d e f", "b"]})
    precision, recall = 1.0, 1.0
    assert score.corpus == pytest.approx(2.44 * precision * recall / (recall + 1.44 * precision))


def test_recall_is_of_stems_in_the_reference_with_the_best_f() -> None:
    references = ["guitars playing melodies slowly", "a guitar"]
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)
    for said in ("guitar plays melody", "a guitar", "", "drums"):
        expected = scorer.score_multi(references, said)["rougeL"].recall
        assert rouge_l_recall({"x": said}, {"x": references}).corpus == pytest.approx(expected)


def test_empty_texts() -> None:
    for form in (rouge_l, rouge_l_recall, rouge_l_coco):
        assert form({"x": ""}, {"x": ["a song"]}).corpus == 0.0
        assert form({"x": "a song"}, {"x": ["…"]}).corpus == 0.0
        assert form({"x": "a song"}, {"x": ["a song"]}).corpus == pytest.approx(1.0)
    assert rouge_l({"x": ""}, {"x": [""]}).corpus == 0.0
    assert rouge_l_coco({"x": ""}, {"x": [""]}).corpus == pytest.approx(1.0)
