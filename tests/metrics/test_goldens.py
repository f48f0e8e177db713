"""Every n-gram metric equals the package its profile names, on captions that the packages scored beforehand.

The golden files are made by scripts/make_metric_goldens.py. 520 clips are the composer's, one to five references
each; 553 are MusicCaps', one to three references, of which the repository has the scores alone. Predictions are
corrupted and recombined captions, among them an empty one and one without a word.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from linernotes.metrics.bleu import ONLY_4, bleu_characters, bleu_coco_orders, bleu_orders
from linernotes.metrics.cider import cider_d
from linernotes.metrics.meteor import meteor
from linernotes.metrics.rouge_l import rouge_l, rouge_l_coco, rouge_l_recall
from linernotes.metrics.score import Score
from linernotes.metrics.wordnet import load_wordnet

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Scored:
    """Captions and what the reference packages made of them."""

    candidates: Mapping[str, str]
    references: Mapping[str, Sequence[str]]
    profiles: Mapping[str, Any]


@cache
def composed() -> Scored:
    clips = json.loads((GOLDEN / "captions.json").read_text("utf-8"))
    return Scored(
        {clip["id"]: clip["caption"] for clip in clips},
        {clip["id"]: clip["captions"] for clip in clips},
        json.loads((GOLDEN / "scores.json").read_text("utf-8"))["profiles"],
    )


@cache
def musiccaps() -> Scored:
    folder = Path(os.environ.get("LINERNOTES_MUSICCAPS", ROOT.parent / "shared" / "data" / "musiccaps"))
    table = folder / "musiccaps-public.csv"
    if not table.is_file():
        pytest.skip(f"no {table}: set LINERNOTES_MUSICCAPS to the folder of MusicCaps' table")
    spec = importlib.util.spec_from_file_location("goldens", ROOT / "scripts" / "make_metric_goldens.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    sys.modules["goldens"] = script
    spec.loader.exec_module(script)
    pairs = script.musiccaps_pairs(table)
    profiles = json.loads((GOLDEN / "musiccaps.json").read_text("utf-8"))["profiles"]
    return Scored(pairs.candidates, pairs.references, profiles)


CAPTIONS = pytest.mark.parametrize("captions", [composed, musiccaps])


def numbered(scores: Sequence[Score]) -> dict[str, Score]:
    return {f"bleu{order}": score for order, score in enumerate(scores, 1)}


def scores_of(profile: str, told: Scored) -> dict[str, Score]:
    """The profile's metrics by the names of the golden file; METEOR apart, which needs WordNet."""
    both = told.candidates, told.references
    if profile == "lp2023":
        return {**numbered(bleu_orders(*both)), "rougeL": rouge_l(*both)}
    if profile == "coco":
        return {**numbered(bleu_coco_orders(*both)), "rougeL": rouge_l_coco(*both), "cider": cider_d(*both)}
    return {
        "bleu": bleu_characters(*both),
        "bleu4": bleu_characters(*both, weights=ONLY_4),
        "rougeL": rouge_l_recall(*both),
    }


def assert_equal(score: Score, expected: Mapping[str, Any], told: Scored, *, within: float = 1e-9) -> None:
    assert score.corpus == pytest.approx(expected["corpus"], abs=within)
    by_clip = dict(zip(told.candidates, expected["per_clip"], strict=True))
    assert score.per_clip == pytest.approx(by_clip, abs=max(1e-8, 100 * within))


@CAPTIONS
@pytest.mark.parametrize("profile", ["lp2023", "coco", "sonicverse2025"])
def test_corpus_and_every_clip_equal_the_reference(captions: Callable[[], Scored], profile: str) -> None:
    told = captions()
    assert len(told.candidates) >= 500
    assert max(map(len, told.references.values())) > 1
    scores = scores_of(profile, told)
    assert set(scores) == set(told.profiles[profile]) - {"meteor"}
    for name, score in scores.items():
        # The jar cuts a caption that ends in "a." by what the *next* caption begins with, and one here does: it
        # moves the document frequency of one word.
        within = 1e-6 if name == "cider" else 1e-9
        assert_equal(score, told.profiles[profile][name], told, within=within)


@CAPTIONS
@pytest.mark.parametrize(("profile", "tokenizer"), [("lp2023", "words"), ("sonicverse2025", "wordpunct")])
def test_meteor_equals_nltk(captions: Callable[[], Scored], profile: str, tokenizer: Any) -> None:
    try:
        load_wordnet()
    except ValueError as error:
        pytest.skip(str(error))
    told = captions()
    score = meteor(told.candidates, told.references, tokenizer=tokenizer)
    assert_equal(score, told.profiles[profile]["meteor"], told)
