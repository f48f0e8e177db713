"""The study behind Table 4: who learns from what, that nothing is done twice, and what the table says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytest.importorskip("nltk")

from tones import write_tones  # noqa: E402

from linernotes.clip import Clip  # noqa: E402
from linernotes.manifest import read_manifest  # noqa: E402
from linernotes.training.recipe import load_recipe  # noqa: E402
from linernotes.training.transfer_study import Scored, Study, StudyResult, StudyRow, divide, run_study  # noqa: E402
from linernotes.training.transfer_table import transfer_table  # noqa: E402

pytestmark = pytest.mark.torch

RECIPE = """
family = "lp-musiccaps"
label = "supervised, tiny"
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
epochs = 1
batch_size = 4
learning_rate = 1e-3
[decoding]
beams = 1
max_tokens = 12
"""
TAGS = {"low": "instrument:double bass", "middle": "instrument:piano", "high": "instrument:flute"}


def tagged(folder: Path) -> Path:
    manifest = write_tones(folder, 20, test=True)
    told = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
    for number, clip in enumerate(told):
        name = clip["captions"][0].split()[1]
        clip |= {"tags": [TAGS[name], "tempo:slow"], "artist_id": f"artist-{number // 2}"}
    manifest.write_text("".join(json.dumps(clip) + "\n" for clip in told), "utf-8")
    return manifest


def study_of(folder: Path, manifest: Path) -> Study:
    path = folder / "tiny.toml"
    path.write_text(RECIPE, "utf-8")
    supervised = load_recipe(path, [f"data.manifest={json.dumps(str(manifest))}"])
    sampled = replace(supervised.training, sampling="balanced", batch_size=3)
    pretraining = replace(supervised, label="pre-training, tiny", training=sampled)
    return Study(supervised, pretraining, {"tag_concat": None}, labelled=5, test_clips=3)


def test_a_study_trains_what_it_says_and_only_once(tmp_path: Path) -> None:
    manifest = tagged(tmp_path / "data")
    study = study_of(tmp_path, manifest)
    result = run_study(study, tmp_path / "out")
    assert [(row.training, row.captions) for row in result.rows] == [
        ("supervised", ""), ("zero-shot", "tag_concat"), ("transfer", "tag_concat"),
    ]  # fmt: skip
    human, zero_shot, transfer = result.rows
    assert (human.clips, human.steps) == (transfer.clips, transfer.steps) == (5, 2)
    assert zero_shot.clips == 12 - 5
    assert (result.test_clips, result.labelled_clips) == (3, 5)
    assert set(result.not_computed) == {"bertscore"}
    assert human.scores["meteor"].ci95 is not None
    assert human.scores["vocabulary"].ci95 is None
    labelled = {
        clip.clip_id for clip in read_manifest(tmp_path / "out/data/labelled.jsonl") if clip.split == "train"
    }
    pseudo = list(read_manifest(tmp_path / "out/captions/tag_concat/pseudo-captions.jsonl"))
    assert not labelled & {clip.clip_id for clip in pseudo}
    artists = {clip.artist_id for clip in read_manifest(manifest) if clip.clip_id in labelled}
    assert not artists & {clip.artist_id for clip in pseudo if clip.split == "train"}
    assert all("slow tempo" in clip.captions[0].lower() for clip in pseudo)
    weights = sorted((tmp_path / "out/runs").glob("*/last/model.safetensors"))
    assert len(weights) == 3
    times = [path.stat().st_mtime_ns for path in weights]
    assert run_study(study, tmp_path / "out") == result
    assert [path.stat().st_mtime_ns for path in weights] == times


def test_labelled_clips_are_drawn_by_artist() -> None:
    clips = [
        Clip(f"c{n}", f"{n}.wav", captions=("A tone.",), artist_id=f"a{n // 3}", split="train")
        for n in range(30)
    ]
    chosen = divide(clips, "train", 7, seed=0)
    assert len(chosen) == 9
    assert {len([n for n in range(a * 3, a * 3 + 3) if f"c{n}" in chosen]) for a in range(10)} == {0, 3}
    assert chosen != divide(clips, "train", 7, seed=1)
    assert len(divide(clips, "train", 0, seed=0)) == 30


def test_what_can_not_be_made_here_is_said(tmp_path: Path) -> None:
    study = study_of(tmp_path, tagged(tmp_path / "data"))
    with pytest.raises(ValueError, match="k2c needs a model"):
        replace(study, captions={"k2c": None})
    with pytest.raises(ValueError, match="no method 'gpt'"):
        replace(study, captions={"gpt": None})
    with pytest.raises(ValueError, match="no clips are left to pre-train on"):
        run_study(replace(study, labelled=1000), tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="no manifest of lp captions"):
        run_study(replace(study, captions={"lp": tmp_path / "absent.jsonl"}), tmp_path / "never begun")
    assert not (tmp_path / "never begun").exists()


def test_the_table() -> None:
    scores = {
        "bleu1": Scored(0.25, (0.2, 0.3), 0.125),
        "novel_v": Scored(0.5, None, None),
        "vocabulary": Scored(42.0, None, None),
    }
    lower = {**scores, "bleu1": Scored(0.125, (0.1, 0.15), 0.0625)}
    rows = (StudyRow("supervised", "", lower, 0.5, 20, 6), StudyRow("transfer", "lp", scores, None, 30, 6))
    lines = transfer_table(StudyResult(rows, 3, 6, 12, {"bertscore": "no model is given"})).splitlines()
    assert (
        lines[2]
        == "| training | pseudo captions | clips | updates | B1 | vocabulary | new words | families F1 |"
    )
    assert lines[4:7] == [
        "| supervised | - | 6 | 20 | 12.5 (10.0 to 15.0) | 42 | 50.0 | 50.0 |",
        "| transfer | LP | 6 | 30 | 25.0 (20.0 to 30.0) | 42 | 50.0 | - |",
        "| shuffled, the best row |  |  |  | 12.5 |  |  |  |",
    ]
    assert lines[-1] == "BERTScore not computed: no model is given"
