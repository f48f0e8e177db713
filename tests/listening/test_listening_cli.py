"""The three commands, and what their reports say of a test whose answers are known."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from listening_bed import METHODS, MakeTest
from typer.testing import CliRunner

from linernotes.cli.app import app
from linernotes.listening import ASPECTS
from linernotes.listening.store import TestStore


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["listening-test", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str | Path) -> str:
    """What is said of a wrong use (exit 2) or of a bad input (raised, one line by `main`)."""
    result = CliRunner().invoke(app, ["listening-test", *map(str, arguments)])
    assert result.exit_code != 0
    return result.output + str(result.exception)


@pytest.fixture
def rated(lay_out: MakeTest) -> Path:
    """Three raters for whom method one always wins, and method two always loses; names like Markdown and HTML."""
    folder = lay_out(8, ratings=3, title="Tones | *loud*").folder
    store = TestStore(folder)
    for name in ("<b>Ada</b>", "Bob|Bob", "Cy"):
        token = store.join(name)
        assert token is not None
        rater = store.rater_of(token)
        assert rater is not None
        while (task := store.current_task(rater, len(ASPECTS))) is not None:
            machine = "a" if task.a.startswith("Machine") else "b"
            person = "b" if machine == "a" else "a"
            wins = "Machine 0" in task.a + task.b
            for aspect in ASPECTS:
                store.save_answer(rater, task.task, aspect.key, machine if wins else person, 6.0)  # type: ignore[arg-type]
    store.close()
    return folder


def test_new_lays_out_what_the_files_say(manifest: Path, root: Path) -> None:
    methods = [f"--captions={name}={root / name}.jsonl" for name in METHODS]
    out = root / "mine"
    made = json.loads(run("new", manifest, *methods, "--out", out, "--clips", "4", "--codes", "2", "--json"))
    assert (made["clips"], made["pairs"], len(made["codes"])) == (4, 8, 2)
    assert made["settings"]["per_rater"] == 4
    assert len(list((out / "audio").iterdir())) == 4


def test_new_refuses_in_one_line(manifest: Path, root: Path) -> None:
    out = root / "mine"
    one = f"one={root / METHODS[0]}.jsonl"
    assert "NAME=FILE" in refused("new", manifest, "--captions", "file.jsonl", "--out", out)
    assert "two methods are called" in refused(
        "new", manifest, "--captions", one, "--captions", one, "--out", out
    )
    assert "clips must be 1 or more" in refused(
        "new", manifest, "--captions", one, "--clips", "0", "--out", out
    )
    assert "no split 'eval'" in refused("new", manifest, "--captions", one, "--split", "eval", "--out", out)
    assert not out.exists()


def test_report_counts_wins_for_the_method(rated: Path) -> None:
    data = json.loads(run("report", rated, "--json"))
    found = {(each["method"], each["aspect"]): each for each in data["tallies"]}
    for aspect in ASPECTS:
        one, two = (found[method, aspect.key] for method in METHODS)
        assert (one["win"]["value"], one["loss"]["value"], one["preferred"]) == (1.0, 0.0, "method")
        assert (two["win"]["value"], two["loss"]["value"], two["preferred"]) == (0.0, 1.0, "human")
        assert one["answers"] + two["answers"] == 24
    assert (data["raters"], data["finished"], data["answers"], data["asked"]) == (3, 3, 48, 8)
    assert {each["equal"] for each in data["agreements"]} == {1.0}
    assert data["side"]["value"] == pytest.approx(0.5, abs=0.2)


def test_report_names_raters_only_when_told_and_escapes(rated: Path) -> None:
    plain = run("report", rated)
    assert "Ada" not in plain
    assert plain.startswith("# Tones \\| \\*loud\\*\n")
    assert "Ada" not in run("report", rated, "--json")
    named = run("report", rated, "--names")
    assert "\\<b\\>Ada\\</b\\>" in named
    assert "Bob\\|Bob" in named


def test_report_writes_every_answer(rated: Path, tmp_path: Path) -> None:
    run("report", rated, "--answers", tmp_path / "answers.csv", "--out", tmp_path / "report.md")
    with (tmp_path / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 48
    for row in rows:
        human = row["choice"] == row["human_side"]
        assert row["outcome"] == ("loss" if human else "win")
    assert (tmp_path / "report.md").read_text().count("| method-one |") == 2


def test_report_of_a_test_without_answers_says_so(lay_out: MakeTest, tmp_path: Path) -> None:
    folder = lay_out(1).folder
    assert "Nobody has answered yet." in run("report", folder)
    assert json.loads(run("report", folder, "--json"))["tallies"] == []
    assert "nothing to draw" in refused("report", folder, "--chart", tmp_path / "bars.png")


def test_report_never_writes_over_the_test(rated: Path) -> None:
    before = (rated / "test.sqlite").read_bytes()
    assert "choose another name" in refused("report", rated, "--answers", rated / "test.sqlite")
    assert (rated / "test.sqlite").read_bytes() == before


def test_the_chart_is_the_same_twice(rated: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the chart needs the extra plot")
    for name in ("one.svg", "two.svg", "bars.png"):
        run("report", rated, "--chart", tmp_path / name)
    text = (tmp_path / "one.svg").read_text()
    assert text == (tmp_path / "two.svg").read_text()
    assert (tmp_path / "bars.png").read_bytes()[:4] == b"\x89PNG"
    assert "a chart can be .png or .svg" in refused("report", rated, "--chart", tmp_path / "bars.pdf")
