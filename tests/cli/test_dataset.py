"""`linernotes dataset`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile
from click.testing import Result
from typer.testing import CliRunner

from linernotes.cli.app import app
from linernotes.clip import Clip
from linernotes.manifest import read_manifest, write_manifest
from linernotes.registry import DATASETS

HEADER = (
    "ytid,start_s,end_s,audioset_positive_labels,aspect_list,"
    "caption,author_id,is_balanced_subset,is_audioset_eval"
)
ROWS = [
    "aa,30,40,/m/1,\"['slow', 'piano']\",A slow piano piece.,4,False,False",
    "bb,0,10,/m/1,\"['fast']\",A fast song.,4,True,True",
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["dataset", *map(str, arguments)])


@pytest.fixture
def musiccaps(tmp_path: Path) -> Path:
    root = tmp_path / "mc"
    root.mkdir()
    (root / "musiccaps-public.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    return root


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "m.jsonl"
    write_manifest(
        path,
        [
            Clip(f"{n}", f"{n}.wav", 0.0, 10.0, (f"song number {n}",), artist_id=f"artist {n // 2}")
            for n in range(20)
        ],
    )
    return path


def test_list_names_every_data_set() -> None:
    printed = run("list").stdout
    assert all(name in printed for name in DATASETS)
    infos = json.loads(run("list", "--json").stdout)
    assert [info["name"] for info in infos] == list(DATASETS)
    assert {info["name"] for info in infos if not info["commercial_use"]} == {
        "magnatagatune", "mtg-jamendo", "msd-ecals", "s2cap",
    }  # fmt: skip


def test_stats_of_a_data_set_and_of_its_manifest_agree(musiccaps: Path, tmp_path: Path) -> None:
    direct = json.loads(run("stats", "musiccaps", musiccaps, "--json").stdout)
    assert (direct["whole"]["clips"], direct["whole"]["tokens"], direct["tags"]) == (2, 7, 3)
    out = tmp_path / "m.parquet"
    done = run("convert", musiccaps, out, "--dataset", "musiccaps")
    assert done.exit_code == 0
    assert f"2 clips, audio paths relative to {musiccaps}" in done.stdout.replace("\n", " ")
    assert json.loads(run("stats", out, "--json").stdout) == direct
    table = run("stats", out).stdout
    assert "train" in table
    assert "vocabulary: 6 words" in table
    assert (
        json.loads(run("stats", "musiccaps", musiccaps, "--split", "test", "--json").stdout)["whole"]["clips"]
        == 1
    )


def test_formats_lose_nothing(manifest: Path, tmp_path: Path) -> None:
    chain = [manifest, *(tmp_path / name for name in ("b.csv", "c.parquet", "d.jsonl"))]
    for source, out in pairwise(chain):
        assert run("convert", source, out).exit_code == 0
    assert chain[-1].read_bytes() == manifest.read_bytes()


def test_an_unknown_split_of_a_manifest_is_named(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.jsonl"
    run("split", manifest, "--out", out)
    assert json.loads(run("stats", out, "--split", "test", "--json").stdout)["whole"]["clips"] == 4
    done = run("stats", out, "--split", "tset")
    assert str(done.exception).endswith("has no split 'tset'; it has test, train, validation")


def test_an_empty_manifest_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "m.csv").touch()
    done = run("validate", tmp_path / "m.csv")
    assert done.exit_code == 1
    assert done.stdout.endswith("holds no clip at all\n" + f"{tmp_path / 'm.csv'}: 1 problem\n")


def test_a_folder_stands_for_the_manifest_in_it(manifest: Path) -> None:
    manifest.rename(manifest.with_name("manifest.jsonl"))
    assert json.loads(run("stats", manifest.parent, "--json").stdout)["whole"]["clips"] == 20
    assert run("validate", manifest.parent).exit_code == 0


def test_stats_can_be_drawn(manifest: Path, tmp_path: Path) -> None:
    assert run("stats", manifest, "--plot", tmp_path / "p.svg").exit_code == 0
    assert (tmp_path / "p.svg").stat().st_size > 5000
    assert isinstance(run("stats", manifest, "--plot", tmp_path / "p.gif").exception, ValueError)


def test_validate_lists_every_problem_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(
        '{"clip_id": "a", "audio_path": "a.wav", "artist_id": "x", "split": "train"}\n'
        '{"clip_id": "a", "audio_path": "../a.wav", "caption": ["b"]}\n'
        '{"clip_id": "c", "audio_path": "c.wav", "artist_id": "x", "split": "test"}\n'
    )
    done = run("validate", path)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"{path}: line 2 (a): audio_path '../a.wav' leaves the data set's root by '..'",
        f"{path}: line 2 (a): unknown field 'caption'; did you mean 'captions'?",
        f"{path}: line 2 (a): this clip_id stands in an earlier line already",
        f"{path}: line 3 (c): artist 'x' is in test and in train",
        f"{path}: 4 problems",
    ]
    assert len(json.loads(run("validate", path, "--json").stdout)) == 4
    assert "line 3" not in run("validate", path, "--allow-leaks").stdout


def test_validate_opens_the_audio_when_asked(tmp_path: Path, song: Path) -> None:
    os.link(song, tmp_path / "song.wav")
    path = tmp_path / "m.jsonl"
    write_manifest(
        path, [Clip("a", "song.wav", 1.0, 8.0), Clip("b", "song.wav", 7.0, 9.0), Clip("c", "no.wav")]
    )
    assert run("validate", path).exit_code == 0
    done = run("validate", path, "--audio")
    assert done.exit_code == 1
    assert "line 2 (b): ends at 9 s, but song.wav is 8.00 s long" in done.stdout
    assert "line 3 (c)" in done.stdout
    assert "line 1" not in done.stdout


def test_validate_says_what_scores_cover(musiccaps: Path) -> None:
    (musiccaps / "audio").mkdir()
    soundfile.write(musiccaps / "audio" / "[bb]-[0-10].wav", [0.1] * 16000, 16000)
    done = run("validate", "musiccaps", musiccaps)
    assert done.exit_code == 1
    assert "test: 1 clips described, 1 with audio; scores on it cover 1 of 2858" in done.stdout
    assert "problem: split train: 1 of 1 clips have no audio here" in done.stdout
    assert "is not the published file" in done.stdout
    heard = run("validate", "musiccaps", musiccaps, "--audio")
    assert "bb:0: ends at 10 s" in heard.stdout


def test_split_keeps_artists_apart_and_says_how_near_it_came(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.jsonl"
    done = run("split", manifest, "--ratios", "60/20/20", "--seed", "3", "--out", out)
    assert done.exit_code == 0
    assert "train: 12 clips in 6 groups, 60.0 % (wanted 60.0 %)" in done.stdout
    assert "largest deviation: 0.0 points" in done.stdout
    homes = {(clip.artist_id, clip.split) for clip in read_manifest(out)}
    assert len(homes) == 10
    assert run("validate", out).exit_code == 0
    first = out.read_bytes()
    run("split", manifest, "--ratios", "60/20/20", "--seed", "3", "--out", out)
    assert out.read_bytes() == first
    facts = json.loads(run("split", manifest, "--ratios", "80/20", "--out", out, "--json").stdout)
    assert [share["name"] for share in facts["shares"]] == ["train", "test"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stats", "musicaps"], "is no manifest, and no data set"),
        (["stats", "clips.jsonl"], "no manifest at 'clips.jsonl': check the path"),
        (["stats", "musiccaps"], "needs the folder it is in"),
        (["stats", "nonsense", "."], "no data set called 'nonsense'"),
        (["validate", "m.txt"], "is no manifest"),
        (["stats", "musiccaps", __file__], "lacks the columns ytid"),
        (["stats", "."], "holds no manifest; for a data set, give its name first"),
        (["convert", "nowhere", "o.jsonl", "--dataset", "musiccaps"], "how to get MusicCaps"),
    ],
)
def test_mistakes_are_told_in_a_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, ValueError | OSError)
    assert message in str(done.exception)


def test_the_real_musiccaps() -> None:
    default = Path(__file__).resolve().parents[3] / "shared" / "data" / "musiccaps"
    root = Path(os.environ.get("LINERNOTES_MUSICCAPS", default))
    if not root.exists():
        pytest.skip(f"no MusicCaps at {root}: set LINERNOTES_MUSICCAPS")
    found = json.loads(run("stats", "musiccaps", root, "--json").stdout)
    assert {name: split["clips"] for name, split in found["splits"].items()} == {"train": 2663, "test": 2858}
    assert found["tags"] == 13219  # LP-MusicCaps, section 3: "13,219 unique aspects"
    assert found["repeated_captions"] == 0


def test_nothing_is_not_split(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    done = CliRunner().invoke(
        app, ["dataset", "split", str(tmp_path / "empty.jsonl"), "--out", str(tmp_path / "x.jsonl")]
    )
    assert "holds no clips" in str(done.exception)
    assert not (tmp_path / "x.jsonl").exists()
