"""Diversity of captions counted by hand, as LP-MusicCaps' release counts it, and at its two ends."""

from __future__ import annotations

import pytest

from linernotes.metrics.diversity import diversity

CAPTIONS = ["A slow song.", "A slow, sad piano.", "Drums"]


def test_counts_by_hand() -> None:
    found = diversity(CAPTIONS)
    assert (found.captions, found.vocabulary) == (3, 6)  # a slow song sad piano drums
    assert found.distinct_1 == 6 / 8
    assert found.distinct_2 == 4 / 5
    assert (found.tokens_mean, found.tokens_sd) == pytest.approx((8 / 3, (14 / 9) ** 0.5))
    assert (found.novel_v, found.novel_c) == (None, None)


def test_novelty_is_against_the_training_captions_and_captions_keep_their_case() -> None:
    found = diversity(CAPTIONS, train_captions=["Drums", "a slow song.", "piano piano", "sad, quick."])
    assert found.novel_v == 0.0
    assert found.novel_c == pytest.approx(2 / 3)
    assert diversity(CAPTIONS, train_captions=["a slow"]).novel_v == pytest.approx(4 / 6)


def test_as_released_walks_in_step_with_the_training_captions() -> None:
    train = ["slow drums", "a sad song"]
    found = diversity(CAPTIONS, train_captions=train, as_released=True)
    assert found.vocabulary == 5  # "Drums", the third, is not reached
    assert found.novel_v == pytest.approx(1 / 5)  # piano
    one = diversity(CAPTIONS[:1], train_captions=train, as_released=True)
    assert one.novel_v == pytest.approx(2 / 3)  # nor is the second training caption
    with pytest.raises(ValueError, match="give them"):
        diversity(CAPTIONS, as_released=True)


def test_self_bleu_is_1_for_one_caption_repeated_and_0_for_captions_without_a_common_word() -> None:
    same = diversity(["a slow sad piano song"] * 4)
    assert same.self_bleu == pytest.approx(1.0)
    assert same.distinct_1 == 5 / 20
    assert diversity(["a b c d e", "f g h i j", "k l m n o"]).self_bleu == 0.0
    assert diversity(["a slow song"]).self_bleu is None


def test_the_sample_depends_on_the_seed_alone() -> None:
    captions = [f"a song with {number % 7} drums and {number % 3} guitars" for number in range(30)]
    first = diversity(captions, sample=10, seed=1)
    assert first == diversity(captions, sample=10, seed=1)
    assert first.self_bleu_sample == 10
    assert first.self_bleu != diversity(captions, sample=10, seed=2).self_bleu


def test_no_captions_are_an_error() -> None:
    with pytest.raises(ValueError, match="no captions"):
        diversity([])
