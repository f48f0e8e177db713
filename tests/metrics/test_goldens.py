"""Every n-gram metric equals the package its profile names, on captions that the packages scored beforehand.

The golden files are made by scripts/make_metric_goldens.py: 520 clips, one to five references each, predictions
corrupted and recombined, among them an empty one and one without a word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from linernotes.metrics.bleu import ONLY_4, bleu_characters, bleu_coco_orders, bleu_orders
from linernotes.metrics.cider import cider_d
from linernotes.metrics.meteor import meteor
from linernotes.metrics.rouge_l import rouge_l, rouge_l_coco, rouge_l_recall
from linernotes.metrics.score import Score
from linernotes.metrics.wordnet import load_wordnet

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def captions() -> list[dict[str, Any]]:
    clips: list[dict[str, Any]] = json.loads((GOLDEN / "captions.json").read_text("utf-8"))
    return clips


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GOLDEN / "scores.json").read_text("utf-8"))
    return content


def scores_of(
    profile: str, candidates: Mapping[str, str], references: Mapping[str, list[str]]
) -> dict[str, Score]:
    """The profile's metrics by the names of the golden file; METEOR apart, which needs WordNet."""
    if profile == "lp2023":
        orders = bleu_orders(candidates, references)
        return {f"bleu{n}": score for n, score in enumerate(orders, 1)} | {
            "rougeL": rouge_l(candidates, references)
        }
    if profile == "coco":
        orders = bleu_coco_orders(candidates, references)
        return {f"bleu{n}": score for n, score in enumerate(orders, 1)} | {
            "rougeL": rouge_l_coco(candidates, references),
            "cider": cider_d(candidates, references),
        }
    return {
        "bleu": bleu_characters(candidates, references),
        "bleu4": bleu_characters(candidates, references, weights=ONLY_4),
        "rougeL": rouge_l_recall(candidates, references),
    }


@pytest.mark.parametrize("profile", ["lp2023", "coco", "sonicverse2025"])
def test_corpus_and_every_clip_equal_the_reference(
    profile: str, captions: list[dict[str, Any]], golden: dict[str, Any]
) -> None:
    candidates = {clip["id"]: clip["caption"] for clip in captions}
    references = {clip["id"]: clip["captions"] for clip in captions}
    assert len(candidates) >= 500
    assert max(map(len, references.values())) > 1
    scores = scores_of(profile, candidates, references)
    expected = golden["profiles"][profile]
    assert set(scores) == set(expected) - {"meteor"}
    for name, score in scores.items():
        assert score.corpus == pytest.approx(expected[name]["corpus"], abs=1e-9), name
        by_clip = dict(zip(candidates, expected[name]["per_clip"], strict=True))
        assert score.per_clip == pytest.approx(by_clip, abs=1e-8), name


@pytest.mark.parametrize(("profile", "tokenizer"), [("lp2023", "words"), ("sonicverse2025", "wordpunct")])
def test_meteor_equals_nltk(
    profile: str, tokenizer: Any, captions: list[dict[str, Any]], golden: dict[str, Any]
) -> None:
    try:
        load_wordnet()
    except ValueError as error:
        pytest.skip(str(error))
    candidates = {clip["id"]: clip["caption"] for clip in captions}
    references = {clip["id"]: clip["captions"] for clip in captions}
    score, expected = (
        meteor(candidates, references, tokenizer=tokenizer),
        golden["profiles"][profile]["meteor"],
    )
    assert score.corpus == pytest.approx(expected["corpus"], abs=1e-9)
    assert score.per_clip == pytest.approx(dict(zip(candidates, expected["per_clip"], strict=True)), abs=1e-8)
