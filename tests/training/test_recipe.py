"""Recipes: inheritance, overrides, and errors that name the key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tones import RECIPE

from linernotes.config import ConfigError
from linernotes.training.recipe import (
    chosen_settings,
    load_recipe,
    recipe_from_mapping,
    recipe_to_mapping,
    training_identity,
)

pytestmark = pytest.mark.torch

MUSCAPS = Path(__file__).parents[2] / "recipes" / "muscaps"

TABLE_II = {
    # recipe: (fusion, attention, weights, beams)
    "early-scratch": ("early", False, "none", 1),
    "early": ("early", False, "shipped", 1),
    "early-beam": ("early", False, "shipped", 5),
    "late": ("late", False, "shipped", 1),
    "late-beam": ("late", False, "shipped", 3),
    "attention": ("early", True, "shipped", 1),
    "attention-beam": ("early", True, "shipped", 3),
}


@pytest.mark.parametrize("name", TABLE_II)
def test_the_rows_of_table_ii_have_the_papers_settings(name: str) -> None:
    recipe = load_recipe(MUSCAPS / f"{name}.toml")
    model = recipe.model
    row = (model.fusion, model.attention, model.encoder.weights, recipe.decoding.beams)
    assert row == TABLE_II[name]
    assert model.encoder.frozen == (model.encoder.weights == "shipped")
    assert (model.hidden, model.word_dim, model.dropout, model.max_words) == (256, 300, 0.25, 22)
    training = recipe.training
    assert (training.learning_rate, training.batch_size, training.epochs) == (1e-4, 16, 200)
    assert (training.schedule, training.clip_norm, training.patience) == ("linear", 12.0, 10)
    assert (recipe.data.min_clip_s, recipe.data.max_clip_s) == (30.0, 360.0)


LAYER = "rendered.toml"
RECIPES = [path for path in sorted(MUSCAPS.glob("*.toml")) if path.name != LAYER]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_can_be_read_and_laid_over_for_rendered_clips(path: Path) -> None:
    assert load_recipe(path).label
    layer = (MUSCAPS if load_recipe(path).family == "muscaps" else MUSCAPS.parent) / LAYER
    assert load_recipe(path, laid_over=[layer]).data.min_clip_s == 0.0


def test_a_recipe_lies_over_the_one_it_extends(tmp_path: Path) -> None:
    (tmp_path / "below.toml").write_text(RECIPE)
    (tmp_path / "above.toml").write_text('extends = "below.toml"\n[training]\nepochs = 7\n')
    recipe = load_recipe(
        tmp_path / "above.toml", ["model.fusion=late", "training.metrics=[]", "data.limit = 3"]
    )
    assert recipe.training.epochs == 7
    assert recipe.training.batch_size == 3
    assert recipe.model.fusion == "late"
    assert recipe.training.metrics == ()
    assert recipe.data.limit == 3


def test_a_recipe_survives_being_written_down(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(RECIPE)
    recipe = load_recipe(tmp_path / "tiny.toml")
    assert recipe_from_mapping(recipe_to_mapping(recipe)) == recipe


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.fussion=late", r"model\.fussion.*did you mean 'fusion'"),
        ("model.fusion=middle", "early, late, init"),
        ("training.schedule=step", "constant, linear, cosine, plateau"),
        ("training.monitor=bleu4", "loss, cider"),
        ("training.epochs=0", "at least 1"),
        ("training.accumulate=2", "multiple"),
        ("training.epochs=many", "must be int"),
        ("epochs", "table.key=value"),
        ("family=gpt", "muscaps, dcase-baseline"),
        ("label.a=1", "label is no table"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, override: str, message: str) -> None:
    (tmp_path / "tiny.toml").write_text(RECIPE)
    with pytest.raises(ConfigError, match=message):
        load_recipe(tmp_path / "tiny.toml", [override])


def test_a_circle_and_a_missing_recipe_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('extends = "b.toml"')
    (tmp_path / "b.toml").write_text('extends = "a.toml"')
    with pytest.raises(ConfigError, match="extends itself"):
        load_recipe(tmp_path / "a.toml")
    with pytest.raises(ConfigError, match="no recipe at"):
        load_recipe(tmp_path / "c.toml")


def test_a_run_keeps_its_identity_when_a_new_setting_stands_at_its_default(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(RECIPE)
    plain = load_recipe(tmp_path / "tiny.toml")
    spelt = load_recipe(tmp_path / "tiny.toml", ["training.accumulate=1", "decoding.no_repeat_ngram=0"])
    other = load_recipe(tmp_path / "tiny.toml", ["decoding.no_repeat_ngram=3"])
    assert training_identity(plain) == training_identity(spelt) != training_identity(other)
    assert "accumulate" not in json.dumps(chosen_settings(spelt))
    encoder = load_recipe(MUSCAPS / "early-scratch.toml")
    assert chosen_settings(encoder)["model"]["encoder"] == {"weights": "none", "frozen": False}
