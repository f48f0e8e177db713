"""Which pair a rater hears next, and on which side the person's caption stands: random, but balanced.

Pairs are given out one at a time, as a rater gets there, so that somebody who leaves half-way spoils no balance:
every round over the methods is whole before the next begins, and a question that nobody answered goes back. No
rater hears a clip twice, because a caption that comes back must be the person's.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from linernotes.listening import Side


@dataclass(frozen=True, slots=True)
class Pair:
    """A clip with one method's caption beside the person's; `ratings` have been given or are under way."""

    question: int
    clip: int
    method: str
    ratings: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A pair that the rater has been given already."""

    clip: int
    method: str
    human_side: Side


def next_pair(
    pairs: Sequence[Pair], heard: Sequence[Heard], *, per_rater: int, ratings: int, rng: random.Random
) -> Pair | None:
    """The pair to give a rater who was given those in `heard`; None when the rater is done.

    The method is one the rater heard least. When the questions left don't make a whole round over the methods, it
    is of those the one with the fewest ratings by all.
    """
    known = {item.clip for item in heard}
    free = [pair for pair in pairs if pair.clip not in known]
    left = per_rater - len(heard)
    if left <= 0 or not free:
        return None
    times = Counter(item.method for item in heard)
    open_methods = sorted({pair.method for pair in free})
    fewest = min(times[method] for method in open_methods)
    turn = [method for method in open_methods if times[method] == fewest]
    if left < len(turn):
        total = Counter[str]()
        for pair in pairs:
            total[pair.method] += pair.ratings
        turn = [method for method in turn if total[method] == min(total[each] for each in turn)]
    method = rng.choice(turn)
    return _least_rated([pair for pair in free if pair.method == method], ratings, rng)


def _least_rated(pairs: Sequence[Pair], ratings: int, rng: random.Random) -> Pair:
    """A new pair, or one begun by others, so often that each gets about `ratings` of them in the end.

    Always finishing what was begun would give two raters the same list; always new ones, no two the same pair.
    """
    begun = [pair for pair in pairs if 0 < pair.ratings < ratings]
    fresh = [pair for pair in pairs if pair.ratings == 0]
    if fresh and (not begun or rng.random() < 1 / ratings):
        return rng.choice(fresh)
    if begun:
        return rng.choice(begun)
    fewest = min(pair.ratings for pair in pairs)
    return rng.choice([pair for pair in pairs if pair.ratings == fewest])


def human_side(heard: Sequence[Heard], method_lead: int, rng: random.Random) -> Side:
    """Where the person's caption goes.

    It stands equally often on both sides for each rater (to within one); while that is even, it evens out the
    method's `method_lead`: how much more often, over all raters, the person's caption stood at "a" beside it.
    """
    lead = sum(1 if item.human_side == "a" else -1 for item in heard) or method_lead
    if lead:
        return "b" if lead > 0 else "a"
    return rng.choice(("a", "b"))
