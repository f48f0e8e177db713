"""`linernotes dataset render`: one line for what it made, one for each thing that is wrong, and help."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linernotes.cli import dataset_render
from linernotes.cli.app import app
from linernotes.manifest import read_manifest

RUN = CliRunner()


def render(*arguments: str) -> object:
    return RUN.invoke(app, ["dataset", "render", *arguments])


def test_help_has_an_example() -> None:
    shown = render("--help")
    assert shown.exit_code == 0
    assert "--clips 2000" in shown.output


def test_it_renders_and_says_what_it_made(tmp_path: Path) -> None:
    pytest.importorskip("midirenderer", reason="rendering needs the [render] extra")
    options = "--clips 2 --seconds 2 --format wav --singing 0 --scores 0 --jobs 1".split()
    shown = render("--out", str(tmp_path / "set"), *options, "--json")
    assert shown.exit_code == 0, shown.output
    report = json.loads(shown.stdout)
    assert (report["clips"], report["made"]) == (2, 2)
    assert all(clip.audio_path.endswith(".wav") for clip in read_manifest(report["manifest"]))
    again = render("--out", str(tmp_path / "set"), *options)
    assert "2 clips (0 made now)" in again.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--splits", "60/40"), "60/20/20"),
        (("--splits", "60/20/30"), "make 100"),
        (("--seconds", "0.1"), "1 to 60 s"),
        (("--singing", "1.5"), "share from 0 to 1"),
        (("--sample-rate", "4000"), "8000 to 48000 Hz"),
        (("--soundfont", "none.sf2"), "none.sf2"),
    ],
)
def test_bad_options_are_named(tmp_path: Path, options: tuple[str, str], message: str) -> None:
    pytest.importorskip("midirenderer", reason="rendering needs the [render] extra")
    shown = render("--out", str(tmp_path), "--clips", "2", *options)
    assert shown.exit_code != 0
    assert message in shown.output + str(shown.exception)


def test_without_singers_and_scores_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dataset_render, "find_spec", lambda name: None)
    monkeypatch.setattr("linernotes.datasets.rendered.clips.scores.find_spec", lambda name: None)
    assert dataset_render._singing_share(0.3) == 0.0
    assert dataset_render._score_share(0.1) == 0.0
    told = capsys.readouterr().err
    assert "nobody sings" in told
    assert "music21 is not installed" in told
