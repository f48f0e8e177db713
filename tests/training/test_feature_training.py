"""Training with labels: heads alone, captions from there on, and what the trained model says of a split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytest.importorskip("transformers")

from tiny_language_model import shared_language_model  # noqa: E402
from tones import write_tones  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from linernotes.checkpoint import read_checkpoint  # noqa: E402
from linernotes.cli.app import app  # noqa: E402
from linernotes.training.examples import load_examples  # noqa: E402
from linernotes.training.head_scores import head_scores  # noqa: E402
from linernotes.training.loop import train  # noqa: E402
from linernotes.training.recipe import Recipe, load_recipe  # noqa: E402

pytestmark = pytest.mark.torch

SAID = tuple(
    text for name in ("low", "middle", "high") for text in (f"A {name} tone.", f"One tone, {name} and plain.")
)
RECIPE = """
family = "sonicverse"
[model]
content_tokens = 4
tokens_per_head = 1
hidden = 32
dropout = 0.0
caption_weight = 0.0
feature_weight = 1.0
max_tokens = 30
heads = [{ feature = "genre", classes = ["low", "middle", "high"] }]
[model.encoder]
name = "log-mel-64"
weights = "none"
[training]
epochs = 12
batch_size = 6
learning_rate = 1e-2
[decoding]
beams = 1
max_tokens = 30
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones whose pitch is stated as a genre, but for every fifth clip to train on."""
    manifest = write_tones(tmp_path_factory.mktemp("tones"), test=True)
    lines = []
    for number, line in enumerate(manifest.read_text().splitlines()):
        clip = json.loads(line)
        if number % 5 != 1:
            clip["tags"] = [f"genre:{clip['captions'][0].split()[1]}"]
        lines.append(json.dumps(clip))
    manifest.write_text("\n".join(lines) + "\n")
    return manifest


def recipe_of(folder: Path, data: Path, *overrides: str) -> Recipe:
    path = folder / "recipe.toml"
    path.write_text(RECIPE)
    source = json.dumps(str(shared_language_model(SAID)))
    return load_recipe(
        path, [f"data.manifest={json.dumps(str(data))}", f"model.llm.source={source}", *overrides]
    )


@pytest.fixture(scope="module")
def heads(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that trained the heads alone."""
    folder = tmp_path_factory.mktemp("heads")
    recipe = recipe_of(folder, data)
    return train(recipe, load_examples(recipe.data), folder / "run").best


def test_heads_learn_from_what_the_manifest_states(heads: Path, data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["predict", str(heads), "--data", str(data), "--out", str(tmp_path / "out"), "--json"]
    )
    assert result.exit_code == 0, result.output
    (score,) = json.loads(result.stdout)["heads"]
    assert score["feature"] == "genre"
    assert score["accuracy"] == 1.0
    assert score["constant_accuracy"] < 0.6
    said = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert all("caption" not in one for one in said)
    assert {fact["value"] for one in said for fact in one["facts"]} == {"low", "middle", "high"}


def test_captions_go_on_from_trained_heads(heads: Path, data: Path, tmp_path: Path) -> None:
    recipe = recipe_of(
        tmp_path, data, f"training.start={json.dumps(str(heads))}", "model.caption_weight=1.0",
        "model.feature_weight=0.1", "model.heads_frozen=true", "training.epochs=8",
    )  # fmt: skip
    trained = train(recipe, load_examples(recipe.data), tmp_path / "run")
    before, after = (read_checkpoint(folder).weights for folder in (heads, trained.best))
    assert not any(name.startswith("language.") for name in after)
    head, token = "projector.heads.genre.1.weight", "projector.content.layers.0.0.weight"
    assert torch.equal(before[head], after[head])
    assert not torch.equal(before[token], after[token])
    result = CliRunner().invoke(
        app,
        ["predict", str(trained.best), "--data", str(data), "--out", str(tmp_path / "out"), "--limit", "3"],
    )
    assert result.exit_code == 0, result.output
    said = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    references = [
        json.loads(line) for line in (tmp_path / "out" / "references.jsonl").read_text().splitlines()
    ]
    assert len(said) == 3
    assert all(one["caption"] in truth["captions"] for one, truth in zip(said, references, strict=True))


def test_clips_without_captions_serve_the_heads(data: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.jsonl"
    clips = [json.loads(line) for line in data.read_text().splitlines()]
    bare.write_text("".join(json.dumps({**clip, "captions": []}) + "\n" for clip in clips))
    named = [f"data.manifest={json.dumps(str(bare))}", f"data.root={json.dumps(str(data.parent))}"]
    recipe = recipe_of(tmp_path, data, *named, "training.epochs=1", "data.without_captions=true")
    result = train(recipe, load_examples(recipe.data), tmp_path / "run")
    assert result.metrics["validation_loss"] > 0
    with pytest.raises(ValueError, match="no caption"):
        load_examples(recipe_of(tmp_path, data, *named).data)


def test_other_labels_are_another_run(data: Path, tmp_path: Path) -> None:
    """A state is not gone on from when the manifest states other features than before."""
    own = tmp_path / "own.jsonl"
    own.write_text(data.read_text())
    named = [f"data.manifest={json.dumps(str(own))}", f"data.root={json.dumps(str(data.parent))}"]
    recipe = recipe_of(tmp_path, data, *named, "training.epochs=1")
    train(recipe, load_examples(recipe.data), tmp_path / "run")
    own.write_text(data.read_text().replace("genre:high", "genre:low"))
    with pytest.raises(ValueError, match="other data"):
        train(recipe, load_examples(recipe.data), tmp_path / "run", resume=True)


def test_scores_of_heads_by_hand() -> None:
    nan = np.nan
    chances = {"mood": np.array([[0.9, 0.2], [0.6, 0.7], [0.1, 0.8], [0.5, 0.5]], np.float32)}
    truth: dict[str, Any] = {"mood": np.array([[1, 0], [0, 1], [1, 0], [nan, 1]], np.float32)}
    (score,) = head_scores(chances, truth)
    assert score.clips == 3
    assert score.accuracy == pytest.approx(2 / 3)
    assert score.constant_accuracy == pytest.approx(2 / 3)
    assert score.f1 == pytest.approx(2 * 2 / (4 + 3))
    assert score.constant_f1 == pytest.approx(2 * 3 / (6 + 3))
    # Of the first class ranks 1 and 3 hold (mean of 1 and 2/3), of the second rank 2.
    assert score.mean_average_precision == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)


def test_unknown_classes_count_for_nothing() -> None:
    nan = np.nan
    chances = {"mood": np.array([[0.9, 0.2, 0.99], [0.4, 0.7, 0.8]], np.float32)}
    truth: dict[str, Any] = {"mood": np.array([[1, 0, nan], [nan, 0, 1]], np.float32)}
    (score,) = head_scores(chances, truth)
    assert (score.clips, score.accuracy) == (2, 1.0)
    assert score.f1 == pytest.approx(2 * 2 / (3 + 2))  # said: the first of one clip, two of the other


def test_equal_probabilities_do_not_rank_clips_by_their_order() -> None:
    same = {"mood": np.full((4, 2), 0.5, np.float32)}
    for rows in ([1, 0, 0, 0], [0, 0, 0, 1]):
        truth = {"mood": np.array([rows, [1 - one for one in rows]], np.float32).T}
        (score,) = head_scores(same, truth)
        assert score.mean_average_precision == pytest.approx((1 / 4 + 3 / 4) / 2)
