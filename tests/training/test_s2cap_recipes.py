"""The recipes of S2Cap: what the paper states is in them; and vocal stems reach a batch beside their mix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np  # noqa: E402
import soundfile  # noqa: E402

from linernotes.training.batches import Batches, Draw, WaveformSource  # noqa: E402
from linernotes.training.examples import load_examples  # noqa: E402
from linernotes.training.recipe import DataOptions, load_recipe  # noqa: E402

pytestmark = pytest.mark.torch

RECIPES = Path(__file__).resolve().parents[2] / "recipes" / "s2cap"
LAID_OVER = ("grid.toml", "smoke.toml", "smoke-t5.toml", "lp-musiccaps.toml")
"""Recipes that are no s2cap by themselves."""
RATE = 16_000


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_can_be_read_at_full_and_at_smoke_size(path: Path) -> None:
    if path.name in LAID_OVER:
        return
    recipe = load_recipe(path)
    assert recipe.label
    assert recipe.model.encoder.weights != "none"
    small = load_recipe(path, laid_over=[RECIPES / "smoke.toml"])
    assert (small.model.encoder.weights, small.model.writer.source) == ("none", "")
    assert small.model.writer.kind == recipe.model.writer.kind


def test_the_proposed_system_is_the_papers() -> None:
    first, second = (load_recipe(RECIPES / f"{name}.toml") for name in ("crescendo", "s2cap"))
    assert first.model.stage == "align"
    assert second.model.stage == "captions"
    assert second.model.demixing_weight == 1.0
    assert (second.model.divergence, second.model.stop_gradient) == ("mix||vocals", "vocals")
    assert (second.model.encoder.name, second.model.writer.kind) == ("ast", "t5")
    assert second.training.start is not None
    assert load_recipe(RECIPES / "no-demixing.toml").model.demixing_weight == 0
    labels = [load_recipe(path).label for path in RECIPES.glob("*.toml") if path.name not in LAID_OVER]
    assert len(set(labels)) == len(labels)


def manifest(folder: Path) -> Path:
    """Two clips of a ramp, so that a sample tells its place; the first has a stem of half the level."""
    ramp = np.linspace(0, 0.5, 4 * RATE, dtype=np.float32)
    lines = []
    for number, split in enumerate(("train", "train", "validation")):
        soundfile.write(folder / f"{number}.wav", ramp, RATE, subtype="FLOAT")
        clip = {
            "schema_version": "1.0", "clip_id": str(number), "audio_path": f"{number}.wav", "split": split,
            "start_s": 1.0, "end_s": 3.0, "captions": ["A low voice."],
        }  # fmt: skip
        if number == 0:
            soundfile.write(folder / "stem.wav", ramp / 2, RATE, subtype="FLOAT")
            clip["extra"] = {"vocals_path": "stem.wav"}
        if number == 1:
            clip["extra"] = {"vocals_path": "missing.wav"}
        lines.append(json.dumps(clip))
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("crop_s", [0.0, 0.5])
def test_a_stem_is_cut_where_its_mix_is(tmp_path: Path, crop_s: float) -> None:
    examples = load_examples(DataOptions(manifest=str(manifest(tmp_path)))).train
    assert [one.vocals is not None for one in examples] == [True, False]
    for max_seconds in (1.0, 30.0):
        source = WaveformSource(RATE, max_seconds)
        batch = Batches(examples, source, crop_s=crop_s, vocals=True).drawn([Draw(0, 0), Draw(0, 1)])
        assert batch.vocals is not None
        length = int(batch.audio.lengths[0])
        assert batch.vocals.lengths.tolist() == [length, 0]
        torch.testing.assert_close(
            batch.vocals.samples[0], batch.audio.samples[0, :length] / 2, atol=1e-5, rtol=0
        )
        plain = Batches(examples, source, crop_s=crop_s).drawn([Draw(0, 0), Draw(0, 1)])
        assert plain.vocals is None
        assert torch.equal(plain.audio.samples, batch.audio.samples)
    only = Batches(examples, WaveformSource(RATE, 30.0), vocals=True).drawn([Draw(0, 1)])
    assert only.vocals is None
