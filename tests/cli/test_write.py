"""`linernotes write`: words in, captions out, bad lines named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linernotes.cli.app import app

WRITERS = ("composer", "small")


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["write", *map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("writer", WRITERS)
def test_aspects_become_a_caption(writer: str) -> None:
    status, out, _ = run("--writer", writer, "--aspects", "sad, female vocal, piano")
    assert status == 0
    assert "piano" in out
    assert "sad" in out
    assert "female" in out


def test_claims_point_at_the_given_words() -> None:
    _, out, _ = run("--aspects", "sad, piano", "--json")
    data = json.loads(out)
    said = {
        data["facts"][claim["fact_ids"][0]]: data["caption"][claim["start"] : claim["end"]]
        for claim in data["claims"]
    }
    assert said == {"sad": "sad", "piano": "piano"}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_of_aspects_becomes_a_file_of_captions(tmp_path: Path, writer: str) -> None:
    lines = [{"id": "x1", "aspects": ["slow", "cello"]}, {"id": 2, "aspects": ["R&B", "808's"]}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    status, _, err = run(
        "--writer", writer, "--input", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl"
    )
    assert (status, err.strip()) == (0, "2 written, 0 failed")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["id"] for line in written] == ["x1", 2]
    assert all(set(line) == {"id", "caption"} for line in written)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{nonsense", "line 2: not JSON"),
        ('{"aspects": ["x"]}', 'line 2: needs {"id"'),
        ('{"id": 1, "aspects": "x"}', 'line 2: needs {"id"'),
        ('{"id": 1, "aspects": []}', "line 2: has no aspects"),
        ('{"id": 1, "aspects": [3]}', "line 2: every aspect must be a string"),
        ('{"id": "a", "aspects": ["x"]}', "line 2: id 'a' was used before"),
    ],
)
def test_a_bad_line_costs_one_line(tmp_path: Path, line: str, message: str) -> None:
    good = '{"id": "a", "aspects": ["calm"]}'
    (tmp_path / "in.jsonl").write_text(f"{good}\n{line}\n")
    status, out, err = run("--input", tmp_path / "in.jsonl")
    assert status == 1
    assert message in err
    assert json.loads(out)["id"] == "a"


def test_neither_or_both_inputs_are_refused(tmp_path: Path) -> None:
    assert run()[0] == 2
    assert run("--aspects", "x", "--input", tmp_path / "in.jsonl")[0] == 2
    assert run("--aspects", " , ")[0] == 2
