"""`linernotes judge`: reports, bad input, and a killed run that goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from chat_stub import Stub, say, send, stub
from typer.testing import CliRunner

from linernotes.cli.app import app
from linernotes.judging import QUESTIONS
from linernotes.llm import KEY_VARIABLE

__all__ = ["stub"]

ALL_YES = dict.fromkeys(QUESTIONS, "yes")
PREDICTED = {"a": "A sad piano piece in A minor.", "b": "A rock song.", "c": "A woman sings."}
TRUE = {"a": "A gloomy piece in A minor, with piano.", "b": "This is jazz.", "c": "A man sings."}


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["judge", *map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    for name, key, captions in (("p", "caption", PREDICTED), ("r", "captions", TRUE)):
        lines = [{"id": i, key: text if key == "caption" else [text]} for i, text in captions.items()]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path / "p.jsonl", tmp_path / "r.jsonl"


def script(tmp_path: Path, *lines: object) -> str:
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return f"scripted:{tmp_path / 's.jsonl'}"


def test_without_a_model_the_lexicon_judges(files: tuple[Path, Path]) -> None:
    status, out, err = run(*files, "--without-llm", "--json")
    assert (status, err) == (0, "")
    data = json.loads(out)
    assert (data["profile"], data["n"], set(data["judges"])) == ("judge", 3, {"lexicon"})
    questions = data["judges"]["lexicon"]["questions"]
    assert {name: (found["yes"], found["no"], found["n/a"]) for name, found in questions.items()} == {
        "key": (1, 0, 2),
        "instrument": (1, 0, 2),
        "genre": (0, 1, 2),
        "mood": (1, 0, 2),
        "vocal_presence": (3, 0, 0),
        "vocal_gender": (0, 1, 2),
    }
    assert questions["key"]["shuffled"] == 0.0


def test_with_a_model_both_judge_and_are_compared(files: tuple[Path, Path], tmp_path: Path) -> None:
    where = script(tmp_path, {"when": "rock", "answer": {**ALL_YES, "genre": "no"}}, {"answer": ALL_YES})
    out = tmp_path / "report.md"
    status, printed, _ = run(*files, "--llm", where, "--out", out, "--json", "--floor")
    assert status == 0
    data = json.loads(printed)
    judge = data["judges"]["language model"]
    assert judge["repeats"] == 3
    assert judge["questions"]["genre"]["yes"] == 6
    assert judge["questions"]["genre"]["no"] == 3
    assert judge["questions"]["genre"]["accuracy"] == pytest.approx(2 / 3)
    assert judge["questions"]["genre"]["repeats_agreement"] == {"clips": 3, "equal": 1.0, "kappa": 1.0}
    assert judge["questions"]["key"]["shuffled"] == 1.0
    assert judge["provenance"]["model"] == where
    assert judge["provenance"]["prompt"].startswith("version 1, sha256 ")
    assert judge["provenance"]["temperature"] == 0.0
    assert judge["provenance"]["requests sent"] == 12
    assert data["agreement_between_judges"]["genre"]["both_decided"] == 1
    text = out.read_text()
    assert "## Judge: language model" in text
    assert "## Agreement of language model with lexicon" in text


def test_failures_are_told_and_make_the_status_1(files: tuple[Path, Path], tmp_path: Path) -> None:
    where = script(tmp_path, {"when": "rock", "answer": "I would rather not."}, {"answer": ALL_YES})
    status, out, err = run(*files, "--llm", where, "--repeats", 1)
    assert status == 1
    assert "requests that failed: 1" in err
    assert "- b, repeat 1: BadAnswerError: the answer is not JSON" in out
    assert "| key | 100.0 [100.0, 100.0] | - | 3 | 2 | 0 | 0 | 1 | - | - |" in out


def test_a_server_is_asked_with_the_key_and_the_key_is_not_told(
    files: tuple[Path, Path], stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sk-secret-key")
    stub.play(say(json.dumps(ALL_YES)))
    cache = tmp_path / "c.sqlite"
    status, out, err = run(*files, "--llm", stub.url, "--model", "m", "--cache", cache, "--temperature", 0.5)
    assert (status, len(stub.asked)) == (0, 9)
    assert stub.headers[0]["Authorization"] == "Bearer sk-secret-key"
    assert {asked["temperature"] for asked in stub.asked} == {0.5}
    assert "answered by: stub-1" in out
    status, again, _ = run(*files, "--llm", stub.url, "--model", "m", "--cache", cache, "--temperature", 0.5)
    assert (status, len(stub.asked)) == (0, 9)
    assert "answers from the cache: 9" in again
    told = out + err + again + "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    assert "sk-secret-key" not in told


def test_a_wrong_key_is_one_error(files: tuple[Path, Path], stub: Stub) -> None:
    stub.play(send({"error": {"message": "wrong key"}}, 401))
    with pytest.raises(OSError, match="HTTP 401: wrong key"):
        run(*files, "--llm", stub.url, "--model", "m", "--jobs", 1)
    assert len(stub.asked) <= 4


def test_a_budget_ends_the_run(files: tuple[Path, Path], stub: Stub) -> None:
    stub.play(say(json.dumps(ALL_YES)))
    with pytest.raises(OSError, match="limit of 4 calls"):
        run(*files, "--llm", stub.url, "--model", "m", "--max-calls", 4)
    assert len(stub.asked) == 4


def test_a_killed_run_goes_on_where_it_was(stub: Stub, tmp_path: Path) -> None:
    """Killed after ten answers, then run to the end: no question that was answered is put again."""
    pairs = [{"prediction": f"Song {n}.", "ground_truth": f"Tune {n}."} for n in range(12)]
    (tmp_path / "pairs.json").write_text(json.dumps(pairs))
    command = [
        sys.executable, "-c", "from linernotes.cli.app import main; main()", "judge",
        "--pairs", str(tmp_path / "pairs.json"), "--llm", stub.url, "--model", "m", "--repeats", "2",
        "--jobs", "2", "--cache", str(tmp_path / "c.sqlite"), "--json",
    ]  # fmt: skip
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill_at_the_eleventh(handler: BaseHTTPRequestHandler) -> None:
        if len(stub.asked) > 10:
            os.kill(first.pid, signal.SIGKILL)
            stub.closing.wait(0.2)
        say(json.dumps(ALL_YES))(handler)

    stub.play(kill_at_the_eleventh)
    assert first.wait(60) == -signal.SIGKILL
    paid = len(stub.asked)
    stub.play(say(json.dumps(ALL_YES)))
    second = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    judge = json.loads(second.stdout)["judges"]["language model"]
    assert judge["questions"]["key"]["yes"] == 24
    in_flight = 2
    assert 24 <= len(stub.asked) <= 24 + in_flight
    assert judge["provenance"]["answers from the cache"] >= paid - in_flight
    assert judge["provenance"]["answers from the cache"] + judge["provenance"]["requests sent"] == 24


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "either --llm or --without-llm"),
        (("--without-llm", "--llm", "http://x"), "either --llm or --without-llm"),
        (("--without-llm", "--repeats", "0"), "repeats must be"),
        (("--without-llm", "--temperature", "warm"), "warm"),
        (("--without-llm", "--temperature", "nan"), "temperature must be"),
        (("--without-llm", "--pairs", "x.json"), "--pairs"),
    ],
)
def test_contradictions_are_wrong_usage(files: tuple[Path, Path], more: tuple[str, ...], says: str) -> None:
    status, _, err = run(*files, *more)
    assert status == 2
    assert says in " ".join(err.replace("│", " ").split())


def test_ids_on_one_side_are_told(files: tuple[Path, Path]) -> None:
    with files[0].open("a") as file:
        file.write('\n{"id": "d", "caption": "alone"}')
    with pytest.raises(ValueError, match="'d'"):
        run(*files, "--without-llm")
    status, _, err = run(*files, "--without-llm", "--allow-missing")
    assert status == 0
    assert "ids on one side only, passed over: 1" in err


@pytest.mark.parametrize("option", ["--out", "--cache"])
def test_captions_are_never_written_over(files: tuple[Path, Path], tmp_path: Path, option: str) -> None:
    where = script(tmp_path, {"answer": ALL_YES})
    for path in (*files, tmp_path / "s.jsonl"):
        before = path.read_bytes()
        with pytest.raises(ValueError, match=f"{option} .* is a file that this command reads"):
            run(*files, "--llm", where, option, path)
        assert path.read_bytes() == before
