"""Training goes on from a trained model, draws tags evenly, stops after so many updates; resume stays exact."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

import numpy as np  # noqa: E402
import soundfile  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from tones import write_recipe, write_tones  # noqa: E402

from linernotes.checkpoint import CheckpointError, read_checkpoint  # noqa: E402
from linernotes.models.families import load_model  # noqa: E402
from linernotes.training.batches import (  # noqa: E402
    Batches,
    Draw,
    EmbeddingSource,
    WaveformSource,
    balanced_batches,
    epoch_batches,
)
from linernotes.training.examples import Example, load_examples  # noqa: E402
from linernotes.training.loop import TrainingResult, new_model, total_steps, train  # noqa: E402
from linernotes.training.recipe import Recipe, TrainingOptions, load_recipe, training_identity  # noqa: E402
from linernotes.training.state import STATE, ResumeError  # noqa: E402

pytestmark = pytest.mark.torch

LP_RECIPE = """
family = "lp-musiccaps"
[model]
window_s = 0.32
tokenizer_size = 150
[model.sizes]
dim = 16
layers = 1
heads = 2
feed_forward = 16
positions = 64
[training]
epochs = 2
batch_size = 4
learning_rate = 1e-2
optimizer = "adamw"
schedule = "cosine"
warmup_steps = 3
[decoding]
beams = 1
max_tokens = 12
"""


def recipe_of(path: Path, manifest: Path, *more: str) -> Recipe:
    return load_recipe(path, [f"data.manifest={json.dumps(str(manifest))}", *more])


def run(recipe: Recipe, out: Path, *, resume: bool = False) -> TrainingResult:
    return train(recipe, load_examples(recipe.data), out, resume=resume)


def write_lp_recipe(folder: Path) -> Path:
    path = folder / "lp.toml"
    path.write_text(LP_RECIPE, "utf-8")
    return path


def tagged_tones(folder: Path, clips: int = 15) -> Path:
    """Tones whose first clip alone is rare; every clip but the second has tags."""
    manifest = write_tones(folder, clips)
    told = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
    for number, clip in enumerate(told):
        clip["tags"] = [] if number == 1 else ["rare"] if number == 0 else ["common", "common"]
    manifest.write_text("".join(json.dumps(clip) + "\n" for clip in told), "utf-8")
    return manifest


def test_balanced_draws_show_each_tag_as_often() -> None:
    tags = [("rare",), *[("common",)] * 9, ()]
    draws = [draw for epoch in range(300) for batch in balanced_batches(tags, 4, 0, epoch) for draw in batch]
    assert len(draws) == 300 * len(tags)
    counts = Counter(draw.index for draw in draws)
    assert counts[0] / len(draws) == pytest.approx(0.5, abs=0.03)
    assert counts[10] == 0
    assert counts[1] / len(draws) == pytest.approx(0.5 / 9, abs=0.015)
    assert (
        balanced_batches(tags, 4, 0, 7) == balanced_batches(tags, 4, 0, 7) != balanced_batches(tags, 4, 1, 7)
    )
    assert [len(batch) for batch in balanced_batches(tags, 4, 0, 0)] == [4, 4, 3]
    with pytest.raises(ValueError, match="needs tags"):
        balanced_batches([(), ()], 4, 0, 0)


def test_a_clip_drawn_twice_in_an_epoch_is_told_apart() -> None:
    draws = [draw for batch in balanced_batches([("a",)] * 6, 2, 0, 0) for draw in batch]
    seen: Counter[int] = Counter()
    for draw in draws:
        assert draw.turn == seen[draw.index]
        seen[draw.index] += 1
    assert max(seen.values()) > 1
    example = Example("x", Path("x"), 0, 1, tuple(f"caption {n}" for n in range(50)))
    batches = Batches([example], EmbeddingSource({"x": torch.zeros(3, 2)}, 0.1))
    assert len({batches.caption_of(Draw(0, 0, turn)) for turn in range(5)}) > 1


def test_stretches_are_drawn_from_the_whole_of_a_long_clip(tmp_path: Path) -> None:
    ramp = np.linspace(0, 0.9, 16_000 * 4)
    soundfile.write(tmp_path / "ramp.wav", ramp, 16_000)
    examples = [Example("x", tmp_path / "ramp.wav", 0.0, 4.0, ("A ramp.",))]
    batches = Batches(examples, WaveformSource(16_000, 1.0), crop_s=1.0)
    starts = []
    for epoch in range(20):
        heard = batches.drawn([Draw(epoch, 0)]).audio
        assert abs(int(heard.lengths[0]) - 16_000) <= 1
        starts.append(float(heard.samples[0, 0]) / 0.9 * 4)
    assert min(starts) < 0.6
    assert 2.4 < max(starts) <= 3.01
    again = batches.drawn([Draw(19, 0)]).audio
    assert float(again.samples[0, 0]) / 0.9 * 4 == starts[-1]


def test_recipes_without_the_new_settings_are_known_by_their_old_name() -> None:
    told = TrainingOptions()
    assert (told.start, told.sampling, told.steps) == (None, None, None)  # left out of what identifies a run
    with pytest.raises(ValueError, match=r"training\.sampling is one of balanced"):
        TrainingOptions(sampling="even")
    with pytest.raises(ValueError, match=r"training\.steps"):
        TrainingOptions(steps=0)


def test_steps_end_a_run_within_an_epoch(tmp_path: Path) -> None:
    manifest = write_tones(tmp_path / "data", 10)  # 8 to train on, 3 a batch: 3 steps an epoch
    recipe = recipe_of(write_recipe(tmp_path), manifest, "training.steps=5", "training.metrics=[]")
    assert total_steps(recipe, load_examples(recipe.data)) == 5
    result = run(recipe, tmp_path / "out")
    assert (result.steps, result.epochs) == (5, 2)
    again = run(recipe, tmp_path / "out", resume=True)
    assert again.steps == 5


def test_transfer_starts_from_the_trained_weights_and_tokens(tmp_path: Path) -> None:
    manifest = tagged_tones(tmp_path / "data")
    path = write_lp_recipe(tmp_path)
    first = run(recipe_of(path, manifest, "training.sampling=balanced"), tmp_path / "first")
    start = f"training.start={json.dumps(str(first.best))}"
    recipe = recipe_of(path, manifest, start, "model.spectrogram=released", "model.label_smoothing=0.2")
    begun = new_model(recipe, load_examples(recipe.data))
    trained = load_model(first.best)
    assert begun.vocabulary.to_json() == trained.vocabulary.to_json()
    for name, weight in trained.state_dict().items():
        torch.testing.assert_close(begun.state_dict()[name], weight, atol=0, rtol=0)
    assert begun.config.spectrogram == "power"  # what the weights were made for
    assert begun.config.label_smoothing == 0.2
    second = run(recipe, tmp_path / "second")
    info = read_checkpoint(second.best).info
    assert info["recipe"]["training"]["start"] == str(first.best)
    other = load_file(second.last / "model.safetensors")
    shared = "network.bart.model.shared.weight"
    assert not torch.equal(other[shared], trained.state_dict()[shared])


def test_a_start_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    manifest = write_tones(tmp_path / "data", 10)
    quick = ("training.epochs=1", "training.metrics=[]")
    words = run(recipe_of(write_recipe(tmp_path), manifest, *quick), tmp_path / "w")
    start = f"training.start={json.dumps(str(words.best))}"
    with pytest.raises(ValueError, match="holds a muscaps, the recipe trains a lp-musiccaps"):
        run(recipe_of(write_lp_recipe(tmp_path), manifest, start), tmp_path / "out")
    with pytest.raises(CheckpointError, match="belong to another configuration"):
        run(recipe_of(write_recipe(tmp_path), manifest, start, "model.hidden=20"), tmp_path / "out")
    with pytest.raises(CheckpointError, match="no checkpoint folder"):
        run(recipe_of(write_recipe(tmp_path), manifest, "training.start=nowhere"), tmp_path / "out")


def test_balanced_transfer_resumes_exactly_and_only_from_the_same_start(tmp_path: Path) -> None:
    manifest, path = tagged_tones(tmp_path / "data"), write_lp_recipe(tmp_path)
    first = run(recipe_of(path, manifest), tmp_path / "first")
    start = (f"training.start={json.dumps(str(first.best))}", "training.sampling=balanced")
    recipe = recipe_of(path, manifest, *start, "training.save_every_steps=2")
    whole = run(recipe, tmp_path / "whole")
    halted = 0

    def stop(what: str, done: float, total: float) -> None:
        nonlocal halted
        halted += what.startswith("epoch")
        if halted == whole.steps - 1:
            raise KeyboardInterrupt

    examples = load_examples(recipe.data)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, examples, tmp_path / "halted", advance=stop)
    saved = torch.load(tmp_path / "halted" / STATE, weights_only=True)["standing"]["step"]
    assert 0 < saved < whole.steps
    train(recipe, examples, tmp_path / "halted", resume=True)
    ours, theirs = (load_file(tmp_path / out / "last" / "model.safetensors") for out in ("whole", "halted"))
    for name, weight in ours.items():
        torch.testing.assert_close(theirs[name], weight, atol=0, rtol=0)
    run(recipe_of(path, manifest, "training.seed=5"), tmp_path / "other")
    (first.best / "model.safetensors").write_bytes((tmp_path / "other/best/model.safetensors").read_bytes())
    with pytest.raises(ResumeError, match="another recipe"):
        train(recipe, examples, tmp_path / "halted", resume=True)


def test_the_order_without_balance_is_as_ever() -> None:
    assert epoch_batches(5, 2, 0, 0) == [[Draw(0, n) for n in part] for part in _known_order()]


def _known_order() -> list[list[int]]:
    order = np.random.default_rng((0, 0, 1)).permutation(5).tolist()
    return [order[:2], order[2:4], order[4:]]


def test_the_identity_of_a_recipe_ignores_label_and_beams(tmp_path: Path) -> None:
    path, manifest = write_recipe(tmp_path), tmp_path / "m.jsonl"
    plain = recipe_of(path, manifest)
    assert training_identity(plain) == training_identity(recipe_of(path, manifest, "decoding.beams=3"))
    assert training_identity(plain) != training_identity(recipe_of(path, manifest, "training.start=x"))
