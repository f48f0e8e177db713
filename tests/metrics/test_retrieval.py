"""Ranks counted by hand; a scorer that knows everything, nothing, or only how to agree."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest

from linernotes.metrics.retrieval import retrieval, round_trip


def test_ranks_by_hand() -> None:
    found = retrieval([[0.9, 0.1, 0.2], [0.8, 0.5, 0.6], [0.1, 0.2, 0.3]])
    assert found.ranks == (1, 3, 1)
    assert (found.queries, found.items) == (3, 3)
    assert found.recall_at_1 == pytest.approx(2 / 3)
    assert found.recall_at_5 == found.recall_at_10 == 1.0
    assert found.median_rank == 1.0
    assert found.mean_average_precision == pytest.approx((1 + 1 / 3 + 1) / 3)


def test_chance_counts_every_relevant_item() -> None:
    rng = np.random.default_rng(1)
    orders = [rng.permutation(30) for _ in range(4000)]
    found = retrieval(np.array(orders, float), [[0, 1, 2]] * 4000)
    assert found.chance_at_10 == pytest.approx(1 - (20 * 19 * 18) / (30 * 29 * 28))
    assert found.recall_at_10 == pytest.approx(found.chance_at_10, abs=0.03)
    assert found.recall_at_1 == pytest.approx(found.chance_at_1, abs=0.03)
    assert found.chance_at_1 == pytest.approx(0.1)


def test_log_likelihoods_of_minus_infinity_rank_last() -> None:
    assert retrieval([[-np.inf, -5.0], [-9.0, -np.inf]]).ranks == (2, 2)


def test_who_says_the_same_of_everything_gets_the_mean_rank_wherever_the_item_stands() -> None:
    found = retrieval(np.zeros((20, 20)))
    assert set(found.ranks) == {10.5}
    assert (found.recall_at_1, found.recall_at_5, found.recall_at_10) == (0, 0, 0)


def test_the_order_of_items_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    matrix, order = rng.integers(0, 4, (12, 12)).astype(float), rng.permutation(12)
    relevant = [[int(np.flatnonzero(order == number)[0])] for number in range(12)]
    assert retrieval(matrix[:, order], relevant) == retrieval(matrix)


def test_average_precision_of_several_relevant_items() -> None:
    found = retrieval([[5.0, 4.0, 3.0, 2.0]], [[0, 2]])
    assert found.ranks == (1,)
    assert found.mean_average_precision == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert retrieval([[1.0, 1.0, 0.0]], [[0, 1]]).mean_average_precision == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("matrix", "relevant", "word"),
    [
        ([1.0, 2.0], None, "matrix"),
        ([[1.0, float("nan")]], [[0]], "not a number"),
        ([[1.0, 2.0]], None, "say which items"),
        ([[1.0, 2.0]], [[2]], "relevant items of 0 to 1"),
        ([[1.0, 2.0]], [[]], "relevant items"),
        ([[1.0, 2.0]], [[0], [1]], "for 2"),
    ],
)
def test_what_cannot_be_ranked_is_an_error(matrix: object, relevant: object, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        retrieval(matrix, relevant)  # type: ignore[arg-type]


def test_round_trip_hands_the_scorer_captions_and_clips() -> None:
    clips = [100.0, 60.0, 180.0]

    def scorer(captions: object, bpms: object) -> np.ndarray:
        said = np.array([float(str(caption).split()[0]) for caption in captions])  # type: ignore[attr-defined]
        return -np.abs(said[:, None] - np.array(bpms)[None])

    assert round_trip(["101 BPM", "58 BPM", "150 BPM"], clips, scorer).recall_at_1 == 1.0
    assert round_trip(["58 BPM", "101 BPM", "150 BPM"], clips, scorer).recall_at_1 == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="each clip needs its caption"):
        round_trip(["58 BPM"], clips, scorer)
    with pytest.raises(ValueError, match=r"the scorer gave \(2, 3\)"):
        round_trip(["1", "2", "3"], clips, lambda captions, bpms: np.zeros((2, 3)))


def test_the_example_of_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text("utf-8")
    start = page.index("    from linernotes.metrics.retrieval")
    exec(textwrap.dedent(page[start : page.index("## Comparing")]), {})
    assert page.count(f"# {capsys.readouterr().out}") == 1
