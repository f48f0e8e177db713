"""Checkpoint folders: what went in comes out, and what is wrong with one is said in a line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from linernotes.checkpoint import (  # noqa: E402
    Checkpoint,
    CheckpointError,
    read_checkpoint,
    standing_folder,
    write_checkpoint,
)

pytestmark = pytest.mark.torch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    weights = {"a": torch.arange(3.0), "b": torch.tensor(2)}
    stored = Checkpoint("muscaps", {"hidden": 4}, weights, {"vocabulary.json": "[]\n"}, {"step": 7})
    write_checkpoint(tmp_path / "best", stored)
    return tmp_path / "best"


def test_round_trip(folder: Path) -> None:
    found = read_checkpoint(folder)
    assert (found.family, found.config, found.info) == ("muscaps", {"hidden": 4}, {"step": 7})
    assert found.files == {"vocabulary.json": "[]\n"}
    assert found.weights["a"].tolist() == [0, 1, 2]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["best"]


def test_whoever_may_read_the_settings_may_read_the_weights(folder: Path) -> None:
    modes = {path.stat().st_mode for path in folder.iterdir()}
    assert len(modes) == 1


def test_writing_again_replaces_the_folder(folder: Path) -> None:
    write_checkpoint(folder, Checkpoint("muscaps", {}, {"c": torch.ones(1)}))
    assert list(read_checkpoint(folder).weights) == ["c"]
    assert not (folder / "vocabulary.json").exists()


def test_a_crash_between_the_two_renames_loses_nothing(folder: Path) -> None:
    folder.rename(folder.with_name(".best.old"))
    assert standing_folder(folder).name == ".best.old"
    assert read_checkpoint(folder).config == {"hidden": 4}


def test_damage_is_named(folder: Path) -> None:
    copy = folder.with_name("copy")

    def damaged(name: str, content: str | None) -> Path:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        (copy / name).unlink()
        if content is not None:
            (copy / name).write_text(content)
        return copy

    with pytest.raises(CheckpointError, match="no checkpoint folder"):
        read_checkpoint(folder / "absent")
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        read_checkpoint(damaged("config.json", None))
    with pytest.raises(CheckpointError, match="can't be read"):
        read_checkpoint(damaged("config.json", "{"))
    with pytest.raises(CheckpointError, match="format 9"):
        read_checkpoint(damaged("config.json", json.dumps({"format_version": 9})))
    with pytest.raises(CheckpointError, match="lacks 'family'"):
        read_checkpoint(damaged("config.json", json.dumps({"format_version": 1})))
    with pytest.raises(CheckpointError, match=r"model\.safetensors.*can't be read"):
        read_checkpoint(damaged("model.safetensors", "torn"))
    with pytest.raises(CheckpointError, match="incomplete"):
        read_checkpoint(damaged("vocabulary.json", None))
