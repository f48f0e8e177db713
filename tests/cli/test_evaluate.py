"""`linernotes evaluate`: files in, a report out, one line for each bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from linernotes.cli import app as cli
from linernotes.cli.evaluate import PROFILE_NAMES
from linernotes.metrics.profiles import PROFILES

SAID = {"a": "a slow sad piano", "b": "fast drums and bass", "c": "a choir sings"}
TOLD = {
    "a": ["a sad piano melody"],
    "b": ["fast drums", "loud bass and drums"],
    "c": ["a choir sings softly"],
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    lines(tmp_path / "p.jsonl", [{"id": clip, "caption": text} for clip, text in SAID.items()])
    lines(tmp_path / "r.jsonl", [{"id": clip, "captions": texts} for clip, texts in TOLD.items()])
    return tmp_path


def lines(path: Path, items: list[Any]) -> None:
    path.write_text("".join(json.dumps(item) + "\n" for item in items))


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["evaluate", *map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_choices_are_the_profiles() -> None:
    assert tuple(PROFILES) == PROFILE_NAMES


def test_json_has_the_stated_keys(files: Path) -> None:
    status, out, _ = run(
        files / "p.jsonl", files / "r.jsonl", "--profile", "coco", "--metrics", "bleu1,rougeL", "--json"
    )
    data = json.loads(out)
    assert (status, data["profile"], data["n"], data["references_per_clip"]) == (0, "coco", 3, [1, 2])
    assert set(data["metrics"]) == {"bleu1", "rougeL"}
    assert {"value", "ci95", "shuffled"} <= set(data["metrics"]["bleu1"])


def test_markdown_and_csv_are_written(files: Path) -> None:
    status, out, err = run(
        files / "p.jsonl", files / "r.jsonl", "--profile", "lp2023", "--metrics", "rougeL", "--worst", 1,
        "--out", files / "report.md", "--per-clip", files / "clips.csv",
    )  # fmt: skip
    assert (status, out) == (0, "")
    assert "3 clips scored, 1 metric: " in err
    assert "The lowest clip by ROUGE-L" in (files / "report.md").read_text()
    assert len((files / "clips.csv").read_text().splitlines()) == 4


def test_pairs_come_from_one_file(tmp_path: Path) -> None:
    pairs = [{"prediction": "a song", "ground_truth": "a song"}, {"prediction": "", "ground_truth": "drums"}]
    (tmp_path / "p.json").write_text(json.dumps(pairs))
    status, out, _ = run(
        "--pairs", tmp_path / "p.json", "--profile", "sonicverse2025", "--metrics", "bleu", "--json"
    )
    data = json.loads(out)
    assert (status, data["n"], data["empty_predictions"]) == (0, 2, 1)
    assert data["comparable_with_other_profiles"] is False
    assert data["metrics"]["bleu"]["value"] == pytest.approx(0.5)


def test_missing_ids_stop_unless_allowed(files: Path) -> None:
    lines(files / "q.jsonl", [{"id": "a", "caption": "a sad song"}, {"id": "z", "caption": "x"}])
    given = (files / "q.jsonl", files / "r.jsonl", "--profile", "lp2023", "--metrics", "rougeL")
    with pytest.raises(
        ValueError,
        match=(
            r"1 id stands in the predictions .*q\.jsonl but not in .*r\.jsonl, such as 'z' and "
            r"2 ids stand in the references .*r\.jsonl but not in .*q\.jsonl, such as 'b'"
        ),
    ):
        run(*given)
    status, out, _ = run(*given, "--allow-missing")
    assert status == 0
    assert "Left out: 1 id without references, 2 ids without a prediction." in out


def test_wrong_options_are_refused(files: Path) -> None:
    given = (files / "p.jsonl", files / "r.jsonl")
    assert run(*given)[0] == 2
    assert run(*given, "--profile", "coco", "--plot", files / "x.gif")[0] == 2
    assert run(*given, "--profile", "coco", "--pairs", files / "p.json")[0] == 2
    assert run("--profile", "coco")[0] == 2


def test_a_user_sees_one_line(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "bad.jsonl").write_text('{"id": "a", "caption": "x"}\n{"id": "b", "caption": 3}\n')
    given = ["evaluate", str(files / "bad.jsonl"), str(files / "r.jsonl"), "--profile", "coco"]
    monkeypatch.setattr(sys, "argv", ["linernotes", *given])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "bad.jsonl line 2: a caption must be a string, not 3" in err


@pytest.mark.parametrize("option", ["--out", "--per-clip"])
@pytest.mark.parametrize("name", ["p.jsonl", "r.jsonl"])
def test_captions_are_never_written_over(files: Path, option: str, name: str) -> None:
    before = (files / name).read_bytes()
    with pytest.raises(ValueError, match=f"{option} .*{name} is a file that this command reads"):
        run(files / "p.jsonl", files / "r.jsonl", "--profile", "coco", option, files / name)
    assert (files / name).read_bytes() == before


def test_missing_folders_are_made_before_scoring(files: Path) -> None:
    pytest.importorskip("matplotlib")
    report, clips, plot = files / "a" / "r.md", files / "b" / "c" / "clips.csv", files / "d" / "x.svg"
    status, _, _ = run(
        files / "p.jsonl", files / "r.jsonl", "--profile", "coco", "--metrics", "rougeL",
        "--out", report, "--per-clip", clips, "--plot", plot,
    )  # fmt: skip
    assert status == 0
    assert report.is_file()
    assert clips.is_file()
    assert plot.is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--profile", "lp2024"), "no profile called 'lp2024'; did you mean 'lp2023'"),
        (("--profile", "coco", "--metrics", "rougel"), "no metric 'rougel'; did you mean 'rougeL'"),
        (("--profile", "coco", "--metrics", "fense"), r"no metric 'fense' \(dcase has\); "),
        (("--profile", "coco", "--metrics", ""), "--metrics '' names no metric"),
        (("--profile", "coco", "--metrics", " , "), "names no metric"),
    ],
)
def test_unknown_names_are_told_with_what_may_be_meant(
    files: Path, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run(files / "p.jsonl", files / "r.jsonl", *options)


def test_what_was_asked_for_and_not_computed_is_an_error(files: Path) -> None:
    given = (files / "p.jsonl", files / "r.jsonl", "--profile", "coco", "--metrics")
    status, out, err = run(*given, "rougeL,novel_v,novel_c")
    assert status == 1
    assert "| ROUGE-L |" in out
    assert err == "linernotes: error: not computed: new words, new captions: it needs --train-captions\n"
    status, out, err = run(*given, "novel_v")
    assert status == 1
    assert "| metric |" not in out
    assert "## Not computed" in out
    status, out, _ = run(*given, "novel_v", "--json")
    assert (status, json.loads(out)["metrics"]) == (1, {})


def test_the_bar_names_the_metric_at_work_in_a_terminal_only(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = (files / "p.jsonl", files / "r.jsonl", "--profile", "coco", "--metrics", "rougeL")
    assert run(*given)[2] == ""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "ROUGE-L, shuffled" in run(*given)[2]
