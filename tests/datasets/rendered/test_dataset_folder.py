"""The rendered set on disk: the same for any number of jobs, resumable, whole files only, its settings kept."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import soundfile

from linernotes.batch import map_in_order
from linernotes.building.splits import NAMES
from linernotes.datasets.rendered import find_soundfont
from linernotes.datasets.rendered.clips import (
    RenderSettings,
    families_in_text,
    families_of_tags,
    is_done,
    plan_orders,
    render_clip_set,
)
from linernotes.datasets.rendered.clips import folder as folder_module
from linernotes.datasets.rendered.render import soundfont_sha256
from linernotes.manifest import manifest_problems, read_manifest

pytest.importorskip("midirenderer", reason="rendering needs the [render] extra")
FONT = find_soundfont()
SETTINGS = RenderSettings(
    clips=5, seed=3, seconds=2.0, singing=0.0, scores=0.0, soundfont_sha256=soundfont_sha256(FONT)
)


def in_processes(work, orders):
    return (outcome.value for outcome in map_in_order(work, orders, jobs=2))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    done = render_clip_set(SETTINGS, folder, soundfont=FONT)
    assert (done.clips, done.made) == (5, 5)
    return folder


def test_every_clip_is_there_with_its_audio_and_captions(finished: Path) -> None:
    assert list(manifest_problems(finished / "manifest.jsonl")) == []
    clips = list(read_manifest(finished / "manifest.jsonl"))
    assert len({clip.clip_id for clip in clips}) == 5
    for clip in clips:
        info = soundfile.info(finished / clip.audio_path)
        assert (info.frames, info.samplerate, info.channels) == (32_000, 16_000, 1)
        assert 3 <= len(set(clip.captions)) == len(clip.captions) <= 5
        assert all(families_in_text(text) == families_of_tags(clip.tags) for text in clip.captions)
        assert any(3 <= len(text.split()) <= 22 for text in clip.captions)
        assert clip.split in NAMES[3]
        assert "TimGM6mb" in clip.licence or SETTINGS.soundfont_sha256[:8] != "82475b91"


def test_jobs_do_not_change_a_byte(finished: Path, tmp_path: Path) -> None:
    render_clip_set(SETTINGS, tmp_path, soundfont=FONT, run=in_processes)
    assert (tmp_path / "manifest.jsonl").read_bytes() == (finished / "manifest.jsonl").read_bytes()
    assert (tmp_path / "README.md").read_bytes() == (finished / "README.md").read_bytes()
    for file in finished.rglob("*.flac"):
        assert (tmp_path / file.relative_to(finished)).read_bytes() == file.read_bytes()


def test_another_seed_gives_another_set(finished: Path) -> None:
    mine = [order.seed for order in plan_orders(SETTINGS)]
    others = [order.seed for order in plan_orders(replace(SETTINGS, seed=4))]
    assert not set(mine) & set(others)


def test_what_is_there_is_not_made_again_and_what_is_broken_is(finished: Path, tmp_path: Path) -> None:
    render_clip_set(SETTINGS, tmp_path, soundfont=FONT)
    first, second, third = sorted(tmp_path.rglob("*.flac"))[:3]
    before = {file: file.stat().st_mtime_ns for file in (first, second)}
    third.write_bytes(third.read_bytes()[:100])
    (third.parent / f".{third.name}.xyz.part").write_bytes(b"half")
    done = render_clip_set(SETTINGS, tmp_path, soundfont=FONT)
    assert done.made == 2  # both clips of the broken file's piece
    assert {file: file.stat().st_mtime_ns for file in (first, second)} == before
    assert not list(tmp_path.rglob("*.part"))
    assert (tmp_path / "manifest.jsonl").read_bytes() == (finished / "manifest.jsonl").read_bytes()


def test_a_killed_run_goes_on_where_it_was(finished: Path, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from linernotes.datasets.rendered.clips import RenderSettings, render_clip_set\n"
        f"settings = RenderSettings(clips=5, seed=3, seconds=2.0, singing=0.0, scores=0.0, "
        f"soundfont_sha256={SETTINGS.soundfont_sha256!r})\n"
        f"render_clip_set(settings, Path(sys.argv[1]), soundfont=Path({str(FONT)!r}))\n"
    )
    folder = tmp_path / "set"
    process = subprocess.Popen([sys.executable, "-c", program, str(folder)])
    deadline = time.monotonic() + 60
    while not list(folder.rglob("pieces/*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = [order for order in plan_orders(SETTINGS) if is_done(folder, order)]
    assert there
    done = render_clip_set(SETTINGS, folder, soundfont=FONT)
    assert done.made == 5 - sum(len(order.clips) for order in there)
    assert (folder / "manifest.jsonl").read_bytes() == (finished / "manifest.jsonl").read_bytes()


def test_other_settings_are_refused_by_name_and_force_starts_afresh(finished: Path, tmp_path: Path) -> None:
    short = replace(SETTINGS, clips=2)
    render_clip_set(short, tmp_path, soundfont=FONT)
    other = replace(short, seed=8, degrade=1.0)
    with pytest.raises(ValueError, match=r"seed 3 there, 8 asked for.*|degrade 0\.5 there"):
        render_clip_set(other, tmp_path, soundfont=FONT)
    render_clip_set(other, tmp_path, soundfont=FONT, force=True)
    assert {clip.clip_id for clip in read_manifest(tmp_path / "manifest.jsonl")} == {
        "rendered-8-000000",
        "rendered-8-000001",
    }


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(ValueError, match="holds no rendered set"):
        render_clip_set(SETTINGS, tmp_path, soundfont=FONT, force=True)
    assert (tmp_path / "thesis.tex").read_text() == "dear"


def test_two_runs_do_not_meet_in_one_folder(tmp_path: Path) -> None:
    with folder_module._alone(tmp_path), pytest.raises(ValueError, match="another run"):
        render_clip_set(SETTINGS, tmp_path, soundfont=FONT)


def test_a_full_disk_is_noticed_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = partial(lambda path: type("Usage", (), {"free": 1000})())
    monkeypatch.setattr(folder_module.shutil, "disk_usage", usage)
    with pytest.raises(OSError, match="fewer clips"):
        render_clip_set(SETTINGS, tmp_path, soundfont=FONT)
    assert not list(tmp_path.rglob("*.flac"))


def test_the_report_counts_what_the_manifest_says(finished: Path) -> None:
    report = json.loads((finished / "report.json").read_text())
    clips = list(read_manifest(finished / "manifest.jsonl"))
    assert report["clips"] == sum(report["splits"].values()) == 5
    assert report["captions"]["captions"] == sum(len(clip.captions) for clip in clips)
    genres = [tag for clip in clips for tag in clip.tags if tag.startswith("genre:")]
    assert sum(report["tags"]["genre"].values()) == len(genres)
    assert report["hours"] == pytest.approx(5 * 2 / 3600, abs=1e-3)
