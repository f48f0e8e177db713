"""The recipes of SonicVerse: what the paper states is in them, and the stages follow one another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytest.importorskip("transformers")

from tiny_language_model import shared_language_model  # noqa: E402
from tiny_mert import write_mert  # noqa: E402
from tones import write_tones  # noqa: E402

from linernotes.models.families import load_model  # noqa: E402
from linernotes.training.examples import load_examples  # noqa: E402
from linernotes.training.loop import train  # noqa: E402
from linernotes.training.recipe import load_recipe  # noqa: E402

pytestmark = pytest.mark.torch

RECIPES = Path(__file__).resolve().parents[2] / "recipes" / "sonicverse"
B = ("1-heads", "2-heads-magnatagatune", "3-captions-magnatagatune", "4-captions-musicbench")
A = ("a3-captions-magnatagatune", "a4-captions-musicbench")
SAID = ("A low tone.", "A middle tone.", "A high tone.")


def test_tokens_and_weights_are_the_papers() -> None:
    stages = {name: load_recipe(RECIPES / f"{name}.toml") for name in (*B, *A)}
    assert all(recipe.model.tokens == 60 for recipe in stages.values())
    assert all(recipe.model.variant == "paper" for recipe in stages.values())
    weights = {
        name: (recipe.model.caption_weight, recipe.model.feature_weight) for name, recipe in stages.items()
    }
    assert [weights[name] for name in B] == [(0.0, 0.2), (0.0, 0.2), (1.0, 0.1), (1.0, 0.1)]
    assert all(stages[name].model.heads == () for name in A)
    assert [stages[name].model.max_seconds for name in (B[2], B[3])] == [30.0, 10.0]
    assert [stages[name].training.start for name in (*B, *A)] == [
        None, "runs/1-heads/best", "runs/2-heads-magnatagatune/best", "runs/3-captions-magnatagatune/best",
        None, "runs/a3-captions-magnatagatune/best",
    ]  # fmt: skip


def test_the_two_rendered_baselines_differ_in_the_detectors_alone() -> None:
    with_heads, without = (load_recipe(RECIPES / f"rendered-{name}.toml") for name in "ba")
    assert with_heads.model.tokens == without.model.tokens
    for name in ("steps", "batch_size", "learning_rate", "schedule"):
        assert getattr(with_heads.training, name) == getattr(without.training, name)
    assert with_heads.model.encoder == without.model.encoder
    assert with_heads.model.llm == without.model.llm


def test_stages_train_one_after_another(tmp_path: Path) -> None:
    """All six with smoke sizes, a tiny MERT and a tiny language model in place of the large ones."""
    data = write_tones(tmp_path / "tones", clips=10)
    lines = [json.loads(line) for line in data.read_text().splitlines()]
    data.write_text("".join(json.dumps({**clip, "tags": ["instrument:piano"]}) + "\n" for clip in lines))
    mert = write_mert(tmp_path / "mert")
    changes = {
        "data.manifest": str(data), "model.llm.source": str(shared_language_model(SAID)),
        "model.encoder.name": "mert", "model.encoder.weights": str(mert), "training.epochs": 1,
    }  # fmt: skip
    for stage in (*B, *A):
        overrides = [f"{key}={json.dumps(value)}" for key, value in changes.items()]
        recipe = load_recipe(RECIPES / f"{stage}.toml", laid_over=[RECIPES / "smoke.toml"])
        if recipe.training.start:
            overrides.append(f"training.start={json.dumps(str(tmp_path / recipe.training.start))}")
        recipe = load_recipe(RECIPES / f"{stage}.toml", overrides, laid_over=[RECIPES / "smoke.toml"])
        result = train(
            recipe, load_examples(recipe.data), tmp_path / "runs" / stage, features=tmp_path / "heard"
        )
        assert result.steps == 2
    writes, baseline = (load_model(tmp_path / "runs" / name / "best") for name in (B[-1], A[-1]))
    assert writes.writes_captions
    assert set(writes.projector.heads) == {"instrument", "mood", "genre", "key", "vocals"}
    assert not baseline.projector.heads
    assert len(list((tmp_path / "heard").iterdir())) == 1
