"""`linernotes compare`: two systems, two reports, or a table of published scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linernotes.cli.app import app

TOLD = {f"c{number}": f"a slow sad song number {number} with piano and strings" for number in range(30)}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    good = {clip: text.replace("slow", "calm") for clip, text in TOLD.items()}
    poor = dict.fromkeys(TOLD, "loud rock with drums")
    for name, captions in (("good", good), ("poor", poor), ("told", TOLD)):
        text = "".join(json.dumps({"id": clip, "caption": said}) + "\n" for clip, said in captions.items())
        (tmp_path / f"{name}.jsonl").write_text(text)
    return tmp_path


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["compare", *map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_better_system_is_named(files: Path) -> None:
    given = [files / f"{name}.jsonl" for name in ("good", "poor", "told")]
    status, out, _ = run(*given, "--profile", "coco", "--metrics", "bleu1,rougeL")
    assert status == 0
    assert "good is better by BLEU-1 and ROUGE-L." in out
    status, out, _ = run(*given, "--profile", "coco", "--metrics", "bleu1", "--json")
    assert json.loads(out)["metrics"]["bleu1"]["real"] is True


def test_reports_of_two_profiles_are_refused(files: Path) -> None:
    for name in ("coco", "lp2023"):
        report = {
            "profile": name,
            "n": 3,
            "data": {"ids_sha256": "x"},
            "metrics": {"bleu1": {"value": 0.5, "ci95": [0.4, 0.6]}},
        }
        (files / f"{name}.json").write_text(json.dumps(report))
    with pytest.raises(ValueError, match="profiles are not mixed"):
        run("--reports", files / "coco.json", files / "lp2023.json")
    (files / "same.json").write_text((files / "coco.json").read_text())
    status, out, _ = run("--reports", files / "coco.json", files / "same.json")
    assert status == 0
    assert "| bleu1 | 0.5000 [0.4000, 0.6000] | 0.5000 [0.4000, 0.6000] |" in out
    (files / "bad.json").write_text("nonsense")
    with pytest.raises(ValueError, match="not a JSON report"):
        run("--reports", files / "coco.json", files / "bad.json")


def test_published_scores_are_sorted(files: Path) -> None:
    status, out, _ = run("--published", "builtin", "--out", files / "published.md")
    assert (status, out) == (0, "")
    text = (files / "published.md").read_text()
    assert "These may stand side by side." in text
    assert "## Not side by side" in text
    assert "profile: lp2023 / sonicverse2025" in text


def test_wrong_options_are_refused(files: Path) -> None:
    told = files / "told.jsonl"
    with pytest.raises(ValueError, match="--profile is needed: lp2023, coco"):
        run(told, told, told)
    with pytest.raises(ValueError, match=r"^REFERENCES are needed: linernotes compare A B REFERENCES"):
        run(told, told)
    assert run("--reports", told)[0] == 2
    assert run("--published", "builtin", told)[0] == 2
    with pytest.raises(ValueError, match="profile coco has no metric 'x'"):
        run(told, told, told, "--profile", "coco", "--metrics", "x")


def test_captions_and_reports_are_never_written_over(files: Path) -> None:
    given = [files / f"{name}.jsonl" for name in ("good", "poor", "told")]
    for path in given:
        with pytest.raises(ValueError, match="is a file that this command reads"):
            run(*given, "--profile", "coco", "--metrics", "bleu1", "--out", path)
    with pytest.raises(ValueError, match="is a file that this command reads"):
        run("--reports", given[0], given[1], "--out", given[0])
    with pytest.raises(ValueError, match="is a file that this command reads"):
        run("--published", given[0], "--out", given[0])


def test_the_system_that_lacks_a_clip_is_named(files: Path) -> None:
    fewer = (files / "poor.jsonl").read_text().splitlines(keepends=True)[1:]
    (files / "fewer.jsonl").write_text("".join(fewer))
    given = [files / f"{name}.jsonl" for name in ("good", "fewer", "told")]
    with pytest.raises(
        ValueError, match=r"1 id stands in the references .*told.jsonl but not in .*fewer.jsonl, such as 'c0'"
    ):
        run(*given, "--profile", "coco", "--metrics", "bleu1")


def test_what_was_asked_for_and_not_computed_is_an_error(files: Path) -> None:
    given = [files / f"{name}.jsonl" for name in ("good", "poor", "told")]
    status, out, err = run(*given, "--profile", "coco", "--metrics", "novel_v")
    assert status == 1
    assert "Nothing was tested: no metric could be computed." in out
    assert "| metric |" not in out
    assert err == "linernotes: error: not computed: new words: it needs --train-captions\n"
