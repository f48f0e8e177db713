"""Who hears what: balanced over methods and sides, no clip twice, and enough pairs heard by two."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from linernotes.listening.assignment import Heard, Pair, human_side, next_pair

METHODS = "abcde"


class Study:
    """Raters who come and go at random, each going on where they stopped; `leavers` stop for good half-way."""

    def __init__(
        self, clips: int, raters: int, per_rater: int, ratings: int, leavers: int = 0, seed: int = 0
    ):
        self.rng = random.Random(seed)
        self.pairs = {
            number: Pair(number, number % clips, METHODS[number // clips], 0)
            for number in range(clips * len(METHODS))
        }
        self.heard: dict[int, list[Heard]] = {rater: [] for rater in range(raters)}
        self.given: dict[int, list[int]] = {rater: [] for rater in range(raters)}
        self.lead = Counter[str]()
        here = list(range(raters))
        while here:
            rater = self.rng.choice(here)
            goes_on = not (rater < leavers and len(self.heard[rater]) >= per_rater // 2)
            if not (goes_on and self.give(rater, per_rater, ratings)):
                here.remove(rater)

    def give(self, rater: int, per_rater: int, ratings: int) -> bool:
        heard = self.heard[rater]
        pair = next_pair(list(self.pairs.values()), heard, per_rater=per_rater, ratings=ratings, rng=self.rng)
        if pair is None:
            return False
        side = human_side(heard, self.lead[pair.method], self.rng)
        self.lead[pair.method] += 1 if side == "a" else -1
        heard.append(Heard(pair.clip, pair.method, side))
        self.given[rater].append(pair.question)
        self.pairs[pair.question] = replace(pair, ratings=pair.ratings + 1)
        return True


@pytest.fixture(scope="module")
def paper() -> Study:
    """The paper's: 240 clips, 5 methods, 24 raters with 20 questions each."""
    return Study(240, 24, 20, ratings=2)


def test_every_rater_hears_every_method_equally_often(paper: Study) -> None:
    for heard in paper.heard.values():
        assert Counter(item.method for item in heard) == dict.fromkeys(METHODS, 4)


def test_no_rater_hears_a_clip_twice(paper: Study) -> None:
    for heard in paper.heard.values():
        assert len({item.clip for item in heard}) == 20


def test_sides_are_even_for_every_rater_and_method(paper: Study) -> None:
    for heard in paper.heard.values():
        assert Counter(item.human_side for item in heard) == {"a": 10, "b": 10}
    assert (
        max(abs(lead) for lead in paper.lead.values()) <= 12
    )  # of 96; a coin has a standard deviation of 9.8


def test_sides_can_not_be_foretold(paper: Study) -> None:
    firsts = Counter(heard[0].human_side for heard in paper.heard.values())
    assert min(firsts.values()) >= 5
    assert len({tuple(item.human_side for item in heard) for heard in paper.heard.values()}) > 20


def test_no_pair_is_heard_more_often_than_meant_while_others_wait(paper: Study) -> None:
    counts = Counter(pair.ratings for pair in paper.pairs.values())
    assert set(counts) <= {0, 1, 2}
    assert counts[2] > 150, "agreement needs pairs that two raters heard"


def test_two_raters_do_not_share_a_list(paper: Study) -> None:
    lists = [set(questions) for questions in paper.given.values()]
    shared = [len(one & other) for number, one in enumerate(lists) for other in lists[:number]]
    assert max(shared) < 12


def test_with_one_rating_meant_no_pair_is_heard_twice() -> None:
    study = Study(40, 5, 20, ratings=1)
    assert Counter(pair.ratings for pair in study.pairs.values()) == {0: 100, 1: 100}


def test_who_leaves_half_way_spoils_no_balance() -> None:
    study = Study(60, 20, 20, ratings=2, leavers=8)
    totals = Counter(item.method for heard in study.heard.values() for item in heard)
    assert sum(totals.values()) == 12 * 20 + 8 * 10
    assert set(totals.values()) == {(12 * 20 + 8 * 10) // 5}


def test_an_uneven_number_of_questions_evens_out_between_raters() -> None:
    study = Study(30, 10, 7, ratings=2)
    totals = Counter(item.method for heard in study.heard.values() for item in heard)
    assert max(totals.values()) - min(totals.values()) <= 2
    for heard in study.heard.values():
        assert set(Counter(item.method for item in heard).values()) == {1, 2}


def test_the_end_is_none() -> None:
    pairs = [Pair(1, 1, "a", 0), Pair(2, 1, "b", 0)]
    rng = random.Random(0)
    assert next_pair(pairs, [Heard(1, "a", "b")], per_rater=5, ratings=1, rng=rng) is None
    assert next_pair(pairs, [], per_rater=0, ratings=1, rng=rng) is None
