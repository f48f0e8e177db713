"""BLEU, ROUGE-L and METEOR equal the implementations that published numbers were made with."""

from __future__ import annotations

import random

import pytest
import sacrebleu
from nltk.translate.meteor_score import single_meteor_score
from rouge_score import rouge_scorer

from linernotes.metrics.bleu import bleu
from linernotes.metrics.meteor import meteor
from linernotes.metrics.rouge_l import rouge_l
from linernotes.metrics.score import derange, mean_score
from linernotes.metrics.tokens import tokenize_words as _words
from linernotes.metrics.wordnet import load_wordnet

WORDS = (
    "The a slow sad piano plays melody. over drums, strings and bass; it's R&B 4/4 at 120-ish BPM (live)!"
).split()


def sentences(count: int, seed: int) -> dict[str, str]:
    rng = random.Random(seed)
    return {f"c{n}": " ".join(rng.choices(WORDS, k=rng.randint(4, 30))) for n in range(count)}


CANDIDATES, FIRST, SECOND = sentences(60, 1), sentences(60, 2), sentences(60, 3)
ONE = {clip: [text] for clip, text in FIRST.items()}
TWO = {clip: [FIRST[clip], SECOND[clip]] for clip in FIRST}


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_bleu_equals_sacrebleu(order: int) -> None:
    theirs = sacrebleu.BLEU(smooth_method="none", max_ngram_order=order, force=True)
    expected = theirs.corpus_score(list(CANDIDATES.values()), [list(FIRST.values())]).score / 100
    assert bleu(CANDIDATES, ONE, order=order).corpus == pytest.approx(expected, abs=1e-6)


def test_bleu_takes_the_shortest_reference() -> None:
    long_and_short = {"x": ["one two three four five six seven", "one two"]}
    assert bleu({"x": "one two"}, long_and_short, order=1).corpus == 1.0


def test_rouge_equals_rouge_score() -> None:
    theirs = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    for clip, refs in TWO.items():
        expected = max(theirs.score(ref, CANDIDATES[clip])["rougeL"].fmeasure for ref in refs)
        assert rouge_l({clip: CANDIDATES[clip]}, {clip: refs}).corpus == pytest.approx(expected, abs=1e-9)


def test_meteor_equals_nltk() -> None:
    try:
        load_wordnet()
    except ValueError as error:
        pytest.skip(str(error))
    values = meteor(CANDIDATES, ONE).per_clip
    for clip, text in list(CANDIDATES.items())[:20]:
        expected = single_meteor_score(_words(FIRST[clip]), _words(text), wordnet=load_wordnet())
        assert values[clip] == pytest.approx(expected, abs=1e-9)


def test_meteor_knows_synonyms_and_stems() -> None:
    try:
        load_wordnet()
    except ValueError as error:
        pytest.skip(str(error))
    same = meteor({"x": "a fast song"}, {"x": ["a quick song"]}).corpus
    other = meteor({"x": "a fast song"}, {"x": ["a purple song"]}).corpus
    assert same > 0.9 > other
    assert meteor({"x": "guitars playing"}, {"x": ["guitar plays"]}).corpus > 0.9


def test_perfect_and_hopeless() -> None:
    same = {clip: [text] for clip, text in CANDIDATES.items()}
    assert bleu(CANDIDATES, same).corpus == pytest.approx(1.0)
    assert rouge_l(CANDIDATES, same).corpus == pytest.approx(1.0)
    nothing = dict.fromkeys(CANDIDATES, "")
    assert bleu(nothing, same).corpus == rouge_l(nothing, same).corpus == 0.0


def test_interval_holds_the_value_and_shrinks_with_n() -> None:
    rng = random.Random(0)
    few, many = (
        mean_score([str(n) for n in range(size)], [rng.random() for _ in range(size)]) for size in (20, 2000)
    )
    for score in (few, many):
        low, high = score.interval()
        assert low < score.corpus < high
    assert few.interval()[1] - few.interval()[0] > 3 * (many.interval()[1] - many.interval()[0])


def test_derangement_moves_every_caption() -> None:
    moved = derange(CANDIDATES, seed=3)
    assert sorted(moved.values()) == sorted(CANDIDATES.values())
    assert all(moved[clip] is not CANDIDATES[clip] for clip in CANDIDATES)


def test_ids_on_one_side_only_are_named() -> None:
    with pytest.raises(ValueError, match="1 id stands on one side only, such as 'b' in the references"):
        bleu({"a": "x"}, {"a": ["x"], "b": ["y"]})
    with pytest.raises(ValueError, match="no captions"):
        rouge_l({}, {})
