"""The statistics against worked examples and against tests whose truth is known."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from linernotes.listening import Choice, Side, outcome
from linernotes.listening.intervals import Interval, difference, two_way, wilson
from linernotes.listening.store import Verdict
from linernotes.listening.tally import (
    agreement,
    krippendorff_alpha,
    side_preference,
    tally_methods,
    tally_raters,
)

ASPECT = "more_true"


def verdict(rater: int, clip: int, choice: Choice, human_side: Side = "b", method: str = "m") -> Verdict:
    return Verdict(rater, f"r{rater}", f"c{clip}", method, ASPECT, choice, human_side, 1, 5.0, "2026-01-01")


def test_outcomes_are_the_methods() -> None:
    assert [outcome(choice, "a") for choice in ("a", "b", "tie")] == ["loss", "win", "tie"]
    assert [outcome(choice, "b") for choice in ("a", "b", "tie")] == ["win", "loss", "tie"]


def test_shares_count_every_answer_once() -> None:
    answers = [verdict(1, 1, "a"), verdict(1, 2, "tie"), verdict(2, 1, "b"), verdict(2, 3, "a", "a")]
    (tally,) = tally_methods([*answers, verdict(1, 9, "a", method="other")], ["m", "unheard"], ASPECT)
    assert (tally.wins, tally.ties, tally.losses, tally.answers) == (1, 1, 2, 4)
    assert (tally.win.value, tally.win_or_tie.value, tally.net.value) == (0.25, 0.5, -0.25)
    assert (tally.raters, tally.clips) == (2, 3)


def test_a_few_wins_in_a_row_prove_nothing() -> None:
    few = tally_methods([verdict(rater, rater, "a") for rater in range(3)], ["m"], ASPECT)[0]
    assert few.win.ci95 is not None
    assert few.win.ci95.low < 0.5
    assert few.preferred == ""
    many = tally_methods([verdict(rater, rater, "a") for rater in range(12)], ["m"], ASPECT)[0]
    assert many.preferred == "method"
    lost = tally_methods([verdict(rater, rater, "b") for rater in range(12)], ["m"], ASPECT)[0]
    assert lost.preferred == "human"


def test_one_rater_or_one_clip_gives_no_interval() -> None:
    alone = tally_methods([verdict(1, clip, "a") for clip in range(20)], ["m"], ASPECT)[0]
    assert alone.net.ci95 is None
    assert alone.preferred == ""
    assert tally_methods([verdict(rater, 1, "a") for rater in range(20)], ["m"], ASPECT)[0].win.ci95 is None


def test_wilson_and_newcombe_match_published_examples() -> None:
    found = wilson(81, 263)  # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert wilson(0, 20).low == 0
    assert wilson(0, 20).high == pytest.approx(0.1611, abs=5e-5)


def test_the_difference_of_exclusive_outcomes_turns_with_its_sides() -> None:
    one, other = difference(30, 10, 60), difference(10, 30, 60)
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))
    assert one.low < 20 / 60 < one.high
    assert difference(5, 5, 10).low == pytest.approx(-difference(5, 5, 10).high)


def test_independent_answers_have_the_plain_interval() -> None:
    values = [1.0] * 30 + [0.0] * 70
    found = two_way(values, range(100), [str(number) for number in range(100)])
    assert found is not None
    plain = 1.9842 * np.std(values, ddof=1) / 10  # Student's t with 99 degrees of freedom
    assert found.high - 0.3 == pytest.approx(plain, rel=1e-4)


def test_alike_answers_of_a_rater_widen_the_interval() -> None:
    values = [1.0] * 50 + [0.0] * 50
    clips = [str(number) for number in range(100)]
    alone = two_way(values, range(100), clips)
    five = two_way(values, [number // 20 for number in range(100)], clips)
    assert alone is not None
    assert five is not None
    assert five.high - five.low > 3 * (alone.high - alone.low)


@pytest.mark.parametrize(("rater_sd", "clip_sd"), [(0.0, 0.0), (0.7, 0.7), (1.2, 1.2)])
def test_intervals_hold_the_truth_as_often_as_they_say(rater_sd: float, clip_sd: float) -> None:
    """24 raters with 4 questions on one method, pairs heard twice: the paper's size. Nominal: 95 %."""
    rng = np.random.default_rng(1)
    raters, clips = np.repeat(np.arange(24), 4), np.tile(np.arange(48), 2)
    truth = NormalDist().cdf(-0.5 / np.sqrt(1 + rater_sd**2 + clip_sd**2))
    held = []
    for _ in range(300):
        order = rng.permutation(clips)
        latent = rater_sd * rng.normal(size=24)[raters] + clip_sd * rng.normal(size=48)[order]
        values = (latent + rng.normal(size=96) > 0.5).astype(float)
        found = two_way(values.tolist(), raters.tolist(), order.tolist())
        assert found is not None
        held.append(found.around(wilson(int(values.sum()), 96)).low <= truth <= found.high)
    assert 0.91 <= np.mean(held) <= 0.995


def test_alpha_matches_krippendorffs_example() -> None:
    """Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section E: 0.849 for interval data."""
    table = ("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3",
             ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")  # fmt: skip
    units = zip(*(row.split() for row in table), strict=True)
    alpha = krippendorff_alpha([[float(value) for value in unit if value != "."] for unit in units])
    assert alpha == pytest.approx(0.849, abs=5e-4)


def test_agreement_is_about_the_same_pair_whatever_the_sides() -> None:
    same = [
        verdict(1, 1, "a", "b"),
        verdict(2, 1, "b", "a"),
        verdict(1, 2, "b", "b"),
        verdict(2, 2, "a", "a"),
    ]
    found = agreement(same, ASPECT)
    assert (found.pairs, found.equal, found.opposite, found.alpha) == (2, 1.0, 0.0, 1.0)
    opposed = agreement([verdict(1, 1, "a", "b"), verdict(2, 1, "a", "a")], ASPECT)
    assert (opposed.equal, opposed.opposite) == (0.0, 1.0)
    assert opposed.alpha is not None
    assert opposed.alpha <= 0
    assert agreement([verdict(1, 1, "a"), verdict(2, 2, "a")], ASPECT).pairs == 0
    assert krippendorff_alpha([[1, 1], [1, 1]]) is None


def test_a_rater_who_always_takes_a_is_seen() -> None:
    lazy = [verdict(rater, clip, "a", "a" if clip % 2 else "b") for rater in (1, 2) for clip in range(20)]
    side = side_preference(lazy)
    assert side is not None
    assert side.value == 1.0
    assert side.ci95 is not None
    assert side.ci95.low > 0.8
    assert [row.a for row in tally_raters(lazy)] == [20, 20]
    assert side_preference([verdict(1, 1, "tie")]) is None


def test_intervals_join_and_are_cut() -> None:
    assert Interval(0.1, 0.3).around(Interval(0.2, 1.2)).within(0.0, 1.0) == Interval(0.1, 1.0)
