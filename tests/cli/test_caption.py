"""`linernotes caption`, `facts` and `plot` as a person at a terminal meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from linernotes.cli.app import app

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "notes-schema.json").read_text("utf-8"))


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_card_for_one_recording(song: Path) -> None:
    status, out, _ = run("caption", song)
    assert status == 0
    assert "song.wav  (0:08)" in out
    assert "loudness" in out


def test_json_for_one_recording_follows_the_schema(song: Path) -> None:
    _, out, _ = run("caption", song, "--json")
    jsonschema.validate(json.loads(out), SCHEMA)


def test_several_recordings_give_json_lines_in_input_order(song: Path, tmp_path: Path) -> None:
    paths = [shutil.copy(song, tmp_path / name) for name in ("b.wav", "a.wav")]
    status, out, _ = run("caption", *paths, "--json")
    assert status == 0
    assert [json.loads(line)["audio"]["path"] for line in out.splitlines()] == [str(path) for path in paths]


def test_one_bad_file_costs_one_line_and_the_exit_status(song: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mp3").write_text("this is text, not audio at all")
    shutil.copy(song, tmp_path / "good.wav")
    status, _, err = run("caption", tmp_path, "--out", tmp_path / "notes")
    assert status == 1
    assert err.count("linernotes: error:") == 1
    assert "bad.mp3" in err
    assert "1 captioned, 1 failed, 0 skipped" in err
    assert sorted(path.name for path in (tmp_path / "notes").iterdir()) == ["good.caption.txt", "good.json"]


def test_done_work_is_skipped_and_only_done_work(song: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for name in ("a.wav", "b.wav"):
        shutil.copy(song, music / name)
    run("caption", music / "a.wav", "--out", tmp_path / "notes")
    before = (tmp_path / "notes" / "a.json").stat().st_mtime_ns
    _, _, err = run("caption", music, "--out", tmp_path / "notes", "--skip-existing")
    assert "1 captioned, 0 failed, 1 skipped" in err
    assert (tmp_path / "notes" / "a.json").stat().st_mtime_ns == before


def test_sidecars_for_training_generators(song: Path, tmp_path: Path) -> None:
    shutil.copy(song, tmp_path / "song.wav")
    run("caption", tmp_path, "--sidecar", "--style", "generator", "--format", "txt")
    assert (tmp_path / "song.caption.txt").read_text().strip()


@pytest.mark.parametrize("name", ["txt", "md", "srt", "vtt", "csv", "jams", "json"])
def test_every_format_prints(song: Path, name: str) -> None:
    status, out, _ = run("caption", song, "--format", name)
    assert status == 0
    assert out.strip()


@pytest.mark.parametrize("style", ["short", "long", "tags", "generator"])
def test_every_style_writes(song: Path, style: str) -> None:
    _, out, _ = run("caption", song, "--style", style, "--json")
    assert json.loads(out)["producer"]["settings"]["style"] == style


def test_commercial_use_is_fine_with_what_ships(song: Path) -> None:
    assert run("caption", song, "--commercial-ok", "--format", "txt")[0] == 0


def test_unknown_format_names_the_choices(song: Path) -> None:
    status, _, err = run("caption", song, "--format", "pdf")
    assert status == 2
    assert "'pdf' is no format" in err


def test_facts_as_json(song: Path) -> None:
    _, out, _ = run("facts", song, "--json")
    assert {"content", "loudness"} <= {fact["name"] for fact in json.loads(out)}


def test_facts_as_a_table(song: Path) -> None:
    _, out, _ = run("facts", song)
    assert "LUFS" in out


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_plot_writes_a_picture(song: Path, tmp_path: Path, suffix: str) -> None:
    status, _, _ = run("plot", song, "--out", tmp_path / f"x.{suffix}")
    assert status == 0
    assert (tmp_path / f"x.{suffix}").stat().st_size > 5000


def test_models_are_listed() -> None:
    _, out, _ = run("models", "--json")
    listed = {item["name"]: item for item in json.loads(out)}
    assert listed["musicnn-mtt"]["licence"] == "ISC"
    assert listed["musicnn-mtt"]["size_bytes"] > 3e6
    assert "beatnet" in run("models")[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sidecar", "--out", "x"], "choose one"),
        (["--json", "--format", "srt"], "choose one"),
        (["--skip-existing"], "needs --out DIR or --sidecar"),
        (["--format", "txt,md"], "several formats need"),
    ],
)
def test_options_that_contradict_are_refused(song: Path, options: list[str], message: str) -> None:
    status, _, err = run("caption", song, *options)
    assert status == 2
    assert message in " ".join(err.replace("│", " ").split())


def test_an_out_that_is_a_file_is_refused_before_the_work(song: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    status, _, err = run("caption", song, "--out", tmp_path / "taken")
    assert status == 2
    assert "can't be a folder" in " ".join(err.replace("│", " ").split())


def test_several_captions_as_text_carry_their_paths(song: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(song, tmp_path / "other.wav"))
    _, out, _ = run("caption", song, other, "--format", "txt")
    assert [line.split("\t")[0] for line in out.splitlines()] == [str(song), str(other)]
    assert run("caption", song, other, "--format", "srt")[0] == 2
