"""BLEU's three forms on texts whose value is known by hand; the golden files hold them to their packages."""

from __future__ import annotations

import math
import random
import warnings

import pytest
from nltk.translate.bleu_score import sentence_bleu

from linernotes.metrics.bleu import (
    ONLY_4,
    UNIFORM,
    bleu,
    bleu_characters,
    bleu_coco,
    bleu_coco_orders,
    bleu_orders,
)

FORMS = [bleu, bleu_coco, bleu_characters]


def test_clipping_counts_a_word_as_often_as_the_richest_reference() -> None:
    two = {"x": ["the cat is on the mat", "there is a cat"]}
    assert bleu({"x": "the the the the the the the"}, two, order=1).corpus == pytest.approx(2 / 7)


def test_lp2023_takes_the_shortest_reference_and_coco_the_closest() -> None:
    references = {"x": ["one two three four five six seven", "one two"]}
    said = {"x": "one two three four five six"}
    assert bleu(said, references, order=1).corpus == 1.0
    assert bleu_coco(said, references, order=1).corpus == pytest.approx(math.exp(1 - 7 / 6))
    assert bleu_coco({"x": "one two three"}, {"x": ["one two three four", "one two"]}, order=1).corpus == (
        pytest.approx(1.0)
    )


def test_case_and_marks_count_for_lp2023_alone() -> None:
    said, told = {"x": "a slow song"}, {"x": ["A slow song."]}
    assert bleu(said, told, order=1).corpus < 0.6
    assert bleu_coco(said, told, order=1).corpus == pytest.approx(1.0)


@pytest.mark.parametrize("weights", [UNIFORM, ONLY_4])
def test_characters_equal_nltk_on_raw_strings(weights: tuple[float, ...]) -> None:
    rng = random.Random(2)
    texts = ["".join(rng.choices("abcde –é", k=rng.choice([0, 1, 3, 9, 40]))) for _ in range(120)]
    references = [rng.choices(texts, k=rng.randint(1, 3)) for _ in texts]
    said = {str(number): text for number, text in enumerate(texts)}
    told = {str(number): refs for number, refs in enumerate(references)}
    values = bleu_characters(said, told, weights=weights).per_clip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for clip, text in said.items():
            expected = sentence_bleu(told[clip], text, weights=weights)
            assert values[clip] == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("form", FORMS)
def test_same_text_scores_one_and_nothing_scores_zero(form: object) -> None:
    assert callable(form)
    text = "a slow sad piano melody"
    assert form({"x": text}, {"x": [text]}).corpus == pytest.approx(1.0)
    assert form({"x": ""}, {"x": [text]}).corpus == pytest.approx(0.0)
    assert form({"x": text}, {"x": [""]}).corpus == pytest.approx(0.0, abs=1e-3)
    assert form({"x": "", "y": text}, {"x": ["…"], "y": [text, ""]}).per_clip["y"] == pytest.approx(1.0)


def test_orders_at_once_are_the_orders_one_by_one() -> None:
    said, told = (
        {"x": "a slow sad song", "y": "drums"},
        {"x": ["a slow and sad song"], "y": ["loud drums", "no"]},
    )
    assert [score.corpus for score in bleu_orders(said, told)] == [
        bleu(said, told, order=order).corpus for order in (1, 2, 3, 4)
    ]
    assert [score.corpus for score in bleu_coco_orders(said, told)] == [
        bleu_coco(said, told, order=order).corpus for order in (1, 2, 3, 4)
    ]


def test_many_clips_are_counted_in_parts_that_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {str(n): f"song {n % 7} is slow" for n in range(50)}
    told = {str(n): [f"song {n % 5} is very slow"] * (1 + n % 3) for n in range(50)}
    whole = bleu(said, told, order=2)
    monkeypatch.setattr("linernotes.metrics.bleu.CLIPS_AT_ONCE", 7)
    assert bleu(said, told, order=2).per_clip == whole.per_clip
