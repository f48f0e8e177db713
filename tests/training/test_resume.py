"""A run that is killed and resumed ends with the weights of one that was not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from safetensors.torch import load_file  # noqa: E402
from tones import write_recipe, write_tones  # noqa: E402

from linernotes.training.examples import load_examples  # noqa: E402
from linernotes.training.journal import read_log  # noqa: E402
from linernotes.training.loop import TrainingResult, train  # noqa: E402
from linernotes.training.recipe import load_recipe  # noqa: E402
from linernotes.training.state import STATE, ResumeError, Standing, load_state, save_state  # noqa: E402

pytestmark = pytest.mark.torch


def run(
    recipe: Path, manifest: Path, out: Path, *, resume: bool = False, more: tuple[str, ...] = ()
) -> TrainingResult:
    settings = load_recipe(recipe, [f"data.manifest={json.dumps(str(manifest))}", *more])
    return train(settings, load_examples(settings.data), out, resume=resume)


def killed_in_the_middle(recipe: Path, manifest: Path, out: Path) -> int:
    """Start the command, kill -9 it a few steps into the second epoch, and say at which step that was."""
    main = "from linernotes.cli.app import main; main()"
    where = ["--data", str(manifest), "--out", str(out)]
    command = [sys.executable, "-c", main, "train", str(recipe), *where]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(read_log(out)) < 12 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    return int(read_log(out)[-1]["step"])


def test_kill_9_in_the_middle_of_an_epoch_changes_nothing(tmp_path: Path) -> None:
    manifest, recipe = write_tones(tmp_path / "data"), write_recipe(tmp_path)
    whole = run(recipe, manifest, tmp_path / "whole")
    killed_at = killed_in_the_middle(recipe, manifest, tmp_path / "killed")
    assert 8 < killed_at < whole.steps
    assert torch.load(tmp_path / "killed" / STATE, weights_only=True)["standing"]["step"] < whole.steps
    resumed = run(recipe, manifest, tmp_path / "killed", resume=True)
    assert resumed.steps == whole.steps
    for name in ("best", "last"):
        ours, theirs = (load_file(tmp_path / out / name / "model.safetensors") for out in ("whole", "killed"))
        assert ours.keys() == theirs.keys()
        for weight in ours:
            torch.testing.assert_close(theirs[weight], ours[weight], atol=0, rtol=0)
    curves = [
        [
            (line["kind"], line["step"], line.get("loss", line.get("validation_loss")))
            for line in read_log(out)
        ]
        for out in (tmp_path / "whole", tmp_path / "killed")
    ]
    assert curves[0] == curves[1]


def test_a_finished_run_is_not_begun_again_by_accident(tmp_path: Path) -> None:
    manifest, recipe = write_tones(tmp_path / "data", clips=10), write_recipe(tmp_path)
    short = ("training.epochs=1", "training.metrics=[]")
    run(recipe, manifest, tmp_path / "out", more=short)
    with pytest.raises(ResumeError, match="--resume"):
        run(recipe, manifest, tmp_path / "out", more=short)
    with pytest.raises(ResumeError, match="another recipe"):
        run(recipe, manifest, tmp_path / "out", resume=True, more=(*short, "training.learning_rate=0.5"))
    (tmp_path / "out" / STATE).write_bytes(b"torn")
    with pytest.raises(ResumeError, match="can't be read"):
        run(recipe, manifest, tmp_path / "out", resume=True, more=short)


def test_a_full_disk_is_named_and_leaves_the_old_state(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    model = torch.nn.Linear(300, 300)
    optimizer = torch.optim.Adam(model.parameters())
    save_state(tmp_path / STATE, "same", model, optimizer, None, Standing(step=3))
    (tmp_path / STATE).with_suffix(".part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="can't be written: is the disk full"):
        save_state(tmp_path / STATE, "same", model, optimizer, None, Standing(step=4))
    assert load_state(tmp_path / STATE, "same", model, optimizer, None).step == 3
    assert [path.name for path in tmp_path.iterdir()] == [STATE]
