"""Measures of captions, retrieval by likelihood, and the grid of recipes, against what is known."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

import numpy as np  # noqa: E402
from tones import write_recipe, write_tones  # noqa: E402

from linernotes.training.ablation import Protocol, Row, interval, run_grid  # noqa: E402
from linernotes.training.ablation_tables import tables  # noqa: E402
from linernotes.training.examples import Example  # noqa: E402
from linernotes.training.feature_cache import Floats  # noqa: E402
from linernotes.training.measuring import best_constant, count_repetitions, measure_captions  # noqa: E402
from linernotes.training.ranking import against_prior, log_likelihoods, rank_tracks  # noqa: E402
from linernotes.training.recipe import load_recipe  # noqa: E402

pytestmark = pytest.mark.torch

TAGS = (("family:drums", "family:keys"), ("family:drums",), ("family:strings", "family:drums"))
SAID = ("Drums and piano.", "A loud drum beat.", "Strings with drums.")
CLIPS = tuple(
    Example(str(number), Path("x"), 0, 1, (caption, f"{caption} Nice."), tags)
    for number, (caption, tags) in enumerate(zip(SAID, TAGS, strict=True))
)


def oracle(some: Sequence[Example], captions: Sequence[str]) -> Floats:
    """Gives a caption a likelihood by how near the track's number stands to the one that it names."""
    numbers = np.array([float(track.clip_id) for track in some])
    wanted = np.array([float(caption.split()[-1]) for caption in captions])
    return -np.abs(numbers[:, None] - wanted).astype(np.float32)


def tracks(count: int) -> list[Example]:
    return [Example(str(i), Path("x"), 0, 1, (f"number {i}",)) for i in range(count)]


def test_a_perfect_likelihood_finds_every_track() -> None:
    examples = tracks(30)
    found = rank_tracks(oracle, examples, queries=12)
    assert (found.queries, found.items) == (12, 30)
    assert found.recall_at_1 == 1.0
    matrix = log_likelihoods(oracle, examples, ["number 3", "number 29"])
    assert matrix.shape == (2, 30)
    assert matrix.argmax(axis=1).tolist() == [3, 29]


def test_tracks_with_the_same_caption_all_count_as_found() -> None:
    examples = tracks(10)
    twins = [dataclasses.replace(example, captions=("number 0",)) for example in examples]
    assert rank_tracks(oracle, twins, queries=10).recall_at_1 == 1.0


def test_more_queries_than_tracks_are_refused() -> None:
    examples = tracks(3)
    with pytest.raises(ValueError, match="4 queries"):
        rank_tracks(oracle, examples, queries=4)


def test_the_prior_takes_away_what_a_track_gives_to_all() -> None:
    rng = np.random.default_rng(0)
    plain, generous = rng.normal(size=(5, 7)), rng.normal(size=7)
    np.testing.assert_allclose(against_prior(plain + generous), against_prior(plain))


def test_repetitions_are_counted_by_the_run() -> None:
    assert count_repetitions("upbeat guitar guitar".split()) == 1
    assert count_repetitions("drums and drums and , drums".split()) == 2
    assert count_repetitions("a b c a b c".split()) == 1
    assert count_repetitions("bass , drums and piano .".split()) == 0


def test_references_as_captions_are_perfect_and_families_are_read() -> None:
    measured = measure_captions({clip.clip_id: clip.captions[0] for clip in CLIPS}, CLIPS, ("bleu1", "cider"))
    assert measured.scores["bleu1"] == pytest.approx(1.0)
    assert measured.scores["cider"] > measured.shuffled_cider
    assert measured.families_f1 == 1.0
    assert (measured.unknown_words, measured.repetitions, measured.distinct_captions) == (0, 0, 3)
    wrong = dict.fromkeys(("0", "1", "2"), "A <unk> flute flute.")
    worse = measure_captions(wrong, CLIPS, ("cider",))
    assert (worse.families_f1, worse.unknown_words, worse.repetitions) == (0.0, 3, 3)


def test_the_best_constant_says_the_most_frequent_family() -> None:
    found = best_constant(CLIPS, CLIPS)
    assert found.families == ("drums",)
    assert found.families_f1 == pytest.approx(2 * 3 / (3 + 5))
    assert found.caption in {caption for clip in CLIPS for caption in clip.captions}


def test_an_interval_is_students() -> None:
    assert interval([4.0]).half_width is None
    found = interval([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.3027 / 3**0.5, rel=1e-4)


def test_a_grid_shares_training_between_beams_and_is_not_done_twice(tmp_path: Path) -> None:
    manifest = write_tones(tmp_path / "data", clips=20, test=True)
    where = [f"data.manifest={json.dumps(str(manifest))}", "training.epochs=1", "label=greedy"]
    recipe = load_recipe(write_recipe(tmp_path), where)
    beams = dataclasses.replace(recipe, label="beam", decoding=dataclasses.replace(recipe.decoding, beams=3))
    protocol = Protocol(queries=3, tracks=4, metrics=("bleu1", "cider"))
    grid = run_grid([recipe, beams], tmp_path / "grid", seeds=2, protocol=protocol)
    runs = sorted(path.name for path in (tmp_path / "grid").glob("seed*"))
    assert len(runs) == 2
    assert grid.test_clips == grid.tracks == 4
    again = run_grid([recipe, beams], tmp_path / "grid", seeds=2, protocol=protocol)
    assert again == grid
    one_more = run_grid([recipe, beams], tmp_path / "grid", seeds=3, protocol=protocol, finished=True)
    assert [len(row.found) for row in one_more.rows] == [2, 2]
    with pytest.raises(ValueError, match="no finished run"):
        run_grid([recipe], tmp_path / "other", protocol=protocol, finished=True)
    shown = tables(grid)
    for text in ("greedy", "beam", "best constant", "chance", "±", "R@10", "repeated n-grams"):
        assert text in shown
    assert "METEOR" not in shown
    table = shown.split("\n\n")[1].splitlines()
    assert "best constant" in table[-1]
    assert len({line.count("|") for line in table}) == 1
    without_cider = [_only(row, "bleu1") for row in grid.rows]
    shown = tables(dataclasses.replace(grid, rows=tuple(without_cider), metrics=("bleu1",)))
    assert "CIDEr-D" not in shown


def _only(row: Row, metric: str) -> Row:
    """The row as if nothing else had been measured."""
    found = tuple(
        dataclasses.replace(
            one, measured=dataclasses.replace(one.measured, scores={metric: one.measured.scores[metric]})
        )
        for one in row.found
    )
    return dataclasses.replace(row, found=found)


def test_the_tables_have_no_other_metrics() -> None:
    with pytest.raises(ValueError, match="no metric 'rouge'; choose from bleu1"):
        Protocol(metrics=("cider", "rouge"))
