"""`linernotes pseudo-caption`, and `linernotes write --task`: offline, from a server, and what they refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from chat_stub import Stub, say, stub  # noqa: F401
from typer.testing import CliRunner

from linernotes.cli.app import app

LINES = [
    {
        "clip_id": "a",
        "audio_path": "a.wav",
        "end_s": 10.0,
        "tags": ["folk", "flute", "calm"],
        "artist_id": "Ann Ode",
    },
    {"clip_id": "b", "audio_path": "b.wav", "end_s": 10.0, "tags": []},
    {"clip_id": "c", "audio_path": "c.wav", "end_s": 10.0, "tags": ["rock", "drums", "loud"]},
]


def run(*args: object, command: str = "pseudo-caption") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [command, *map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "songs" / "manifest.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


def made(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "pseudo-captions.jsonl").read_text().splitlines()]


def test_offline_by_default(manifest: Path, tmp_path: Path) -> None:
    status, text, _ = run(manifest, "--out", tmp_path / "out", "--task", "summary", "--task", "tag_concat")
    assert status == 0
    assert "| songs/manifest.jsonl | 2 | 0.006 | 2 |" in text
    assert [line["captions"] for line in made(tmp_path / "out")] == [
        ["A calm folk piece with a flute.", "folk, flute, calm"],
        ["A rock piece with drums.", "rock, drums, loud"],
    ]
    assert not (tmp_path / "out" / "answers.sqlite").exists()
    assert (tmp_path / "out" / "pseudo-captions-report.md").read_text() == text


def test_without_pyarrow_there_is_no_parquet(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(manifest, "--out", tmp_path)[0] == 0
    assert (tmp_path / "pseudo-captions.parquet").exists()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, errors = run(manifest, "--out", tmp_path)
    assert (status, errors.strip()) == (0, "linernotes: no Parquet: pip install 'linernotes[data]'")
    assert not (tmp_path / "pseudo-captions.parquet").exists()


def test_the_report_as_json(manifest: Path, tmp_path: Path) -> None:
    status, text, _ = run(manifest, "--out", tmp_path, "--json")
    report = json.loads(text)
    assert (status, report["clips"], report["clips_without_tags"], report["in_manifest"]) == (0, 3, 1, 2)
    assert report == json.loads((tmp_path / "pseudo-captions-report.json").read_text())


def test_a_server_writes_and_is_asked_once(manifest: Path, tmp_path: Path, stub: Stub) -> None:  # noqa: F811
    answer = {
        "new_attributes": ["warm"],
        "description": "A warm and calm folk tune on the flute, loud as rock drums.",
    }
    stub.play(say(json.dumps(answer)))
    args = (
        manifest,
        "--out",
        tmp_path,
        "--task",
        "attribute_prediction",
        "--backend",
        stub.url,
        "--model",
        "m",
    )
    prices = ("--price-in", "1000000", "--price-out", "1000000")
    status, text, _ = run(*args, *prices, "--json")
    report = json.loads(text)
    assert status == 0
    assert (
        report["details"]["requests_sent"],
        report["details"]["tokens_in"],
        report["details"]["cost"],
    ) == (2, 22, 36.0)
    assert len(report["details"]["instructions"]) > 64
    assert [line["extra"]["pseudo_captions"][0]["new_attributes"] for line in made(tmp_path)] == [
        ["warm"],
        ["warm"],
    ]
    assert all(line["captions"] == [answer["description"]] for line in made(tmp_path))
    assert not any("Ann" in json.dumps(asked) for asked in stub.asked)
    before = made(tmp_path)
    status, text, _ = run(*args, "--json")
    assert (json.loads(text)["from_cache"], len(stub.asked)) == (2, 2)
    assert made(tmp_path) == before
    assert run(*args, "--max-cost", "30", *prices)[0] == 0  # everything is there: nothing more to pay


def test_failures_are_told_and_can_be_asked_again(manifest: Path, tmp_path: Path, stub: Stub) -> None:  # noqa: F811
    stub.play(say("no JSON"), say("still none"), say('{"description": "A loud rock piece with drums."}'))
    args = (manifest, "--out", tmp_path, "--backend", stub.url, "--model", "m", "--jobs", "1")
    status, _, errors = run(*args)
    assert status == 1
    assert errors.splitlines()[-1] == (
        f"linernotes: error: captions that failed: 1; {tmp_path / 'dead-letters.jsonl'} says why"
    )
    assert run(*args)[0] == 1
    assert len(stub.asked) == 3
    assert run(*args, "--retry-failed")[0] == 0
    assert len(stub.asked) == 4


def test_a_budget_stops_with_what_there_is(manifest: Path, tmp_path: Path, stub: Stub) -> None:  # noqa: F811
    stub.play(say('{"description": "A calm folk piece with a flute."}'))
    args = (manifest, "--out", tmp_path, "--backend", stub.url, "--model", "m", "--jobs", "1")
    status, text, errors = run(*args, "--max-tokens-paid", "18")
    assert status == 1
    assert "stopped with 1 captions to go: the limit of 18 tokens is reached" in errors
    assert "the same command goes on from here" in text
    assert len(made(tmp_path)) == 1


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["--task", "rhyme"], 2, "no task 'rhyme'"),
        (["--drop", "taste"], 2, "no gate 'taste'"),
        (["--temperature", "hot"], 2, "temperature is a number"),
        (["--temperature", "3"], 2, "temperature is a number"),
        (["--max-cost", "3"], 2, "--max-cost needs"),
        (["--max-cost", "-3", "--price-in", "1"], 2, "greater than or equal to 0"),
        (["--min-coverage", "2"], 2, "coverage is a share"),
    ],
)
def test_wrong_usage(manifest: Path, tmp_path: Path, args: list[str], status: int, message: str) -> None:
    found, _, errors = run(manifest, "--out", tmp_path, *args)
    assert found == status
    assert message in " ".join(errors.replace("│", " ").split())


def test_what_it_will_not_do(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has tags"):
        run(_untagged(tmp_path), "--out", tmp_path / "out")
    with pytest.raises(ValueError, match="is a file that this command reads"):
        run(manifest, "--out", tmp_path, "--backend", "small", "--cache", manifest)
    assert (
        run(manifest, "--out", manifest.parent)[0] == 0
    )  # the data set's own folder is fine, and keeps its manifest
    assert len(manifest.read_text().splitlines()) == 3
    with pytest.raises(ValueError, match="is a file that this command reads"):
        run(manifest.parent / "pseudo-captions.jsonl", "--out", manifest.parent)


def _untagged(folder: Path) -> Path:
    path = folder / "untagged.jsonl"
    path.write_text(json.dumps(LINES[1]) + "\n")
    return path


@pytest.mark.parametrize("task", ["writing", "summary", "paraphrase", "tag_concat", "template"])
def test_write_one(task: str) -> None:
    status, text, _ = run("--task", task, "--aspects", "sad, female vocal, piano", command="write")
    assert status == 0
    assert all(word in text for word in ("sad", "female vocal", "piano"))


def test_write_one_by_a_server(stub: Stub) -> None:  # noqa: F811
    answer = {"new_attributes": ["slow"], "description": "A slow, sad song."}
    stub.play(say(json.dumps(answer)))
    args = ("--task", "attribute_prediction", "--aspects", "sad", "--backend", stub.url, "--model", "m")
    assert run(*args, command="write")[1] == "A slow, sad song.\n"
    told = json.loads(run(*args, "--json", command="write")[1])
    assert (told["caption"], told["new_attributes"], told["model"]) == (
        "A slow, sad song.",
        ["slow"],
        "stub-1",
    )
    assert '"sad"' in stub.asked[0]["messages"][1]["content"]


def test_write_one_refuses(tmp_path: Path) -> None:
    assert run("--task", "writing", "--input", tmp_path / "x.jsonl", command="write")[0] == 2
    assert run("--backend", "small", "--aspects", "sad", command="write")[0] == 2
    assert run("--task", "rhyme", "--aspects", "sad", command="write")[0] == 2
    assert run("--task", "writing", "--aspects", " , ", command="write")[0] == 2
