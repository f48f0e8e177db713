"""`linernotes caption --long` as a person at a terminal meets it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import soundfile
from chat_stub import Stub, hang_up, send, stub  # noqa: F401
from typer.testing import CliRunner

from linernotes.cli.app import app
from linernotes.llm.retrying import RetryPolicy

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "notes-schema.json").read_text("utf-8"))


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def script(tmp_path: Path, *answers: object) -> Path:
    path = tmp_path / "script.jsonl"
    path.write_text("\n".join(json.dumps(answer) for answer in answers))
    return path


def test_offline_it_describes_and_draws(song: Path, tmp_path: Path) -> None:
    picture = tmp_path / "line.svg"
    status, out, err = run("caption", song, "--long", "--json", "--plot", picture)
    assert status == 0
    assert f"wrote {picture}" in err
    data = json.loads(out)
    jsonschema.validate(data, SCHEMA)
    assert data["description"]["writer"] == "composer"
    assert "It lasts 0:08." in data["description"]["caption"]
    assert picture.read_text().startswith("<?xml")


def test_a_language_model_is_asked_and_a_bad_one_is_replaced(song: Path, tmp_path: Path) -> None:
    answers = script(tmp_path, {"when": "can't be used", "answer": "Sorry."}, {"answer": "A jazz waltz."})
    status, out, err = run("caption", song, "--long", "--llm", f"scripted:{answers}", "--format", "txt")
    assert status == 0
    assert "It lasts 0:08." in out
    assert "the composer wrote the description: scripted:" in err
    assert "it has one word, which is no description" in err


def test_a_batch_with_jobs_is_described(song: Path, tmp_path: Path) -> None:
    status, _, err = run(
        "caption",
        song,
        "--long",
        "--manner",
        "timeline",
        "--out",
        tmp_path / "notes",
        "--format",
        "srt,md,json",
    )
    assert status == 0, err
    written = tmp_path / "notes" / "song"
    assert written.with_suffix(".srt").read_text().startswith("1\n00:00:00,000 --> 00:00:08,000\n")
    assert "## The whole of it" in written.with_suffix(".md").read_text()
    assert json.loads(written.with_suffix(".json").read_text())["description"]["caption"].startswith("0:00 ")


def test_plot_can_draw_it_too(song: Path, tmp_path: Path) -> None:
    assert run("plot", song, "--long", "--out", tmp_path / "x.png")[0] == 0
    assert (tmp_path / "x.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--windows", "beats"], "belong to --long"),
        (["--llm", "http://localhost:1/v1"], "belong to --long"),
        (["--plot", "x.png"], "belong to --long"),
        (["--long", "--plot", "x.png", "--out", "notes"], "--plot draws one recording"),
        (["--long", "--explain", "x.png", "--model", "m"], "leave out --long"),
    ],
)
def test_options_that_contradict_are_refused(
    song: Path, options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = run("caption", song, *options)
    assert status == 2
    assert message in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--llm", "local"], "is no language model"),
        (["--llm", "local:nowhere"], "no folder or GGUF file"),
        (["--plot", "x.gif"], "one of these suffixes"),
        (["--llm", "http://localhost:1/v1", "--llm-model", "m", "--commercial-ok"], "its provider knows"),
    ],
)
def test_what_can_not_be_had_is_known_before_the_work(
    song: Path, options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, OSError), match=message):
        run("caption", song, "--long", *options)


def test_nothing_that_is_read_is_written_over(song: Path, tmp_path: Path) -> None:
    answers = script(tmp_path, {"answer": "x"})
    with pytest.raises(ValueError, match="is a file that this command reads"):
        run("caption", song, "--long", "--llm", f"scripted:{answers}", "--cache", answers)


def test_the_time_out_is_handed_on_and_belongs_to_long(song: Path) -> None:
    server = ("--llm", "http://127.0.0.1:9/v1", "--llm-model", "x")
    with pytest.raises(ValueError, match="time-out must be above 0 seconds, not -1"):
        run("caption", song, "--long", *server, "--timeout", "-1")
    status, _, err = run("caption", song, "--long", *server[:2])
    assert status == 2
    assert "--llm-model" in err  # --model would be another one here
    status, _, err = run("caption", song, "--timeout", "5")
    assert status == 2
    assert "belong to --long" in " ".join(err.split())


@pytest.fixture
def three(tmp_path: Path, song: Path) -> Path:
    """A folder of three recordings."""
    samples, rate = soundfile.read(song)
    folder = tmp_path / "three"
    folder.mkdir()
    for number in range(3):
        soundfile.write(folder / f"{number}.wav", samples[number * 100 :], rate)
    return folder


def notes_of(err: str) -> list[str]:
    return [line for line in err.splitlines() if "linernotes: note:" in line]


def test_a_refused_key_is_tried_and_told_once_in_a_batch(stub: Stub, three: Path, tmp_path: Path) -> None:  # noqa: F811
    stub.play(send({"error": {"message": "wrong key"}}, 401))
    out = tmp_path / "notes"
    status, _, err = run(
        "caption", three, "--long", "--llm", stub.url, "--llm-model", "m", "--out", out, "--format", "json"
    )
    assert status == 0
    assert len(stub.asked) == 1
    first, rest = notes_of(err)
    assert "HTTP 401: wrong key" in first
    assert "2 more descriptions are the composer's" in rest
    last = json.loads((out / "2.json").read_text())["description"]
    assert last["writer"] == "composer"
    assert "not asked any more: the server lets no request pass" in last["stand_in"]


def test_a_server_that_is_gone_is_asked_for_two_recordings(
    stub: Stub,  # noqa: F811
    three: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    again = staticmethod(lambda attempt, error, drawn: 0.0 if attempt == 1 else None)
    monkeypatch.setattr(RetryPolicy, "wait_s", again)
    stub.play(hang_up)
    status, _, err = run(
        "caption", three, "--long", "--llm", stub.url, "--llm-model", "gone", "--format", "txt"
    )
    assert status == 0
    assert len(stub.asked) == 4
    first, second, rest = notes_of(err)
    assert "ServerError" in first
    assert "ServerError" in second
    assert "1 more description is the composer's" in rest
