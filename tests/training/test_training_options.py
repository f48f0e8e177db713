"""What a run may be asked for: accumulation, several processes, bfloat16, clipping, averaged weights."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from safetensors.torch import load_file  # noqa: E402
from tones import write_recipe, write_tones  # noqa: E402

from linernotes.training.batches import Batches, epoch_batches  # noqa: E402
from linernotes.training.examples import ExampleSets, load_examples  # noqa: E402
from linernotes.training.heard import audio_source  # noqa: E402
from linernotes.training.journal import read_log  # noqa: E402
from linernotes.training.loop import new_model, train  # noqa: E402
from linernotes.training.recipe import Recipe, load_recipe  # noqa: E402
from linernotes.training.shares import share_of  # noqa: E402
from linernotes.training.state import STATE  # noqa: E402

pytestmark = pytest.mark.torch

PLAIN = ("model.standardise=false", "model.dropout=0.0", "training.metrics=[]", "training.average_decay=0.0")
"""Nothing that depends on how a batch is divided."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_tones(folder, clips=15)
    return folder


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("recipe"))


def settings(recipe_file: Path, data: Path, *more: str) -> tuple[Recipe, ExampleSets]:
    manifest = json.dumps(str(data / "manifest.jsonl"))
    recipe = load_recipe(recipe_file, [f"data.manifest={manifest}", *more])
    return recipe, load_examples(recipe.data)


def losses(out: Path) -> list[float]:
    return [line["loss"] for line in read_log(out) if line["kind"] == "step"]


@pytest.mark.parametrize(("processes", "accumulate"), [(1, 2), (1, 5), (2, 1), (3, 2), (8, 1)])
def test_a_divided_batch_has_the_gradients_of_the_whole(
    recipe_file: Path, data: Path, tmp_path: Path, processes: int, accumulate: int
) -> None:
    recipe, examples = settings(recipe_file, data, *PLAIN, "model.variant=released", "model.attention=true")
    model = new_model(recipe, examples).eval()
    batches = Batches(examples.train, audio_source(model, examples.train, tmp_path, lambda done: None))
    draws = epoch_batches(len(examples.train), 5, 0, 0)[0]
    lengths = {len(batches.caption_of(draw).split()) for draw in draws}
    assert len(lengths) > 1, "clips must weigh differently, or this shows nothing"
    found = []
    for count, times in ((1, 1), (processes, accumulate)):
        model.zero_grad()
        for process in range(count):
            parts = share_of(draws, batches, model, process=process, processes=count, accumulate=times)
            assert len(parts) <= times
            for part in parts:
                (model.loss(part.batch) * part.weight).backward()
        found.append(
            {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
        )
    assert found[0].keys() == found[1].keys()
    for name in found[0]:
        torch.testing.assert_close(found[1][name], found[0][name], atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    "design",
    [
        ("model.variant=released",),
        ("model.attention=false", "model.fusion=late"),
        (
            "family=dcase-baseline",
            'model={hidden=12, layers=2, min_count=1, encoder={name="log-mel-64", weights="none"}}',
        ),
    ],
    ids=["attention", "late", "dcase"],
)
def test_bfloat16_keeps_the_weights_whole_and_loses_little(
    recipe_file: Path, data: Path, tmp_path: Path, design: tuple[str, ...]
) -> None:
    for precision in ("float32", "bfloat16"):
        more = (*design, "training.epochs=1", f"training.precision={precision}")
        recipe, examples = settings(recipe_file, data, *more)
        train(recipe, examples, tmp_path / precision, features=tmp_path / "features")
    whole, half = losses(tmp_path / "float32"), losses(tmp_path / "bfloat16")
    assert half != whole
    assert half == pytest.approx(whole, rel=0.05)
    saved = load_file(tmp_path / "bfloat16" / "last" / "model.safetensors")
    assert {weight.dtype for weight in saved.values()} <= {torch.float32, torch.int64}


@pytest.mark.parametrize("largest", [0.01, 0.0])
def test_gradients_are_clipped_to_the_norm_asked_for(
    recipe_file: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: float
) -> None:
    norms, step = [], torch.optim.Adam.step

    def watched(self: torch.optim.Adam, *arguments: object, **options: object) -> object:
        gradients = [
            w.grad.flatten() for group in self.param_groups for w in group["params"] if w.grad is not None
        ]
        norms.append(float(torch.cat(gradients).norm()))
        return step(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.Adam, "step", watched)
    recipe, examples = settings(
        recipe_file, data, *PLAIN, "training.epochs=1", f"training.clip_norm={largest}"
    )
    train(recipe, examples, tmp_path)
    told = [line["gradient_norm"] for line in read_log(tmp_path) if line["kind"] == "step"]
    assert min(told) > 0.02, "nothing to clip, or this shows nothing"
    assert norms == pytest.approx([largest] * len(told) if largest else told, rel=1e-3)


def test_what_is_saved_is_the_average_of_the_weights(recipe_file: Path, data: Path, tmp_path: Path) -> None:
    recipe, examples = settings(recipe_file, data, "training.epochs=1", "training.average_decay=0.9")
    train(recipe, examples, tmp_path)
    state = torch.load(tmp_path / STATE, weights_only=True)
    saved = load_file(tmp_path / "last" / "model.safetensors")
    for name, average in state["average"].items():
        torch.testing.assert_close(saved[name], average, atol=0, rtol=0)
    assert not torch.equal(
        state["average"]["network.output.weight"], state["weights"]["network.output.weight"]
    )


def in_two_processes(*arguments: object) -> list[subprocess.Popen[str]]:
    """The command as a launcher starts it: two processes on the CPU that know of one another."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from linernotes.cli.app import main; main()", *map(str, arguments)]
    shared = {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
    }
    return [
        subprocess.Popen(
            command,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]


def test_two_processes_learn_what_one_learns(recipe_file: Path, data: Path, tmp_path: Path) -> None:
    more = (*PLAIN, "training.accumulate=3", "training.learning_rate=1e-3")
    recipe, examples = settings(recipe_file, data, *more)
    train(recipe, examples, tmp_path / "one")
    flags = [flag for setting in more for flag in ("--set", setting)]
    where = ("--data", data / "manifest.jsonl", "--out", tmp_path / "two", "--json")
    running = in_two_processes("train", recipe_file, *where, *flags)
    told = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert told[1][0] == ""
    result = json.loads(told[0][0])
    assert result["steps"] == 8
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    assert result["metrics"]["training_loss"] == pytest.approx(
        json.loads((tmp_path / "one" / "last" / "training.json").read_text())["metrics"]["training_loss"],
        rel=1e-4,
    )
