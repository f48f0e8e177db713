"""Which files a command line means, and where notes go."""

from __future__ import annotations

from pathlib import Path

import pytest

from linernotes.cli.inputs import find_recordings, output_stems


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for name in ("b.mp3", "a.wav", "sub/c.FLAC", "sub/a.mp3", "cover.jpg", ".hidden.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_folders_give_their_audio_sorted(music: Path) -> None:
    found = [item.path.relative_to(music).as_posix() for item in find_recordings([music])]
    assert found == ["a.wav", "b.mp3", "sub/a.mp3", "sub/c.FLAC"]


def test_named_files_keep_their_order_and_come_once(music: Path) -> None:
    named = [music / "cover.jpg", music / "b.mp3", music / "b.mp3"]
    assert [item.path.name for item in find_recordings(named)] == ["cover.jpg", "b.mp3"]


def test_a_folder_without_audio_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no audio files below"):
        find_recordings([tmp_path])


def test_a_loop_of_links_ends(music: Path) -> None:
    (music / "sub" / "loop").symlink_to(music)
    assert len(find_recordings([music])) == 4


def test_outputs_mirror_the_folder(music: Path) -> None:
    stems = output_stems(find_recordings([music]), Path("out"))
    assert [stem.as_posix() for stem in stems] == ["out/a", "out/b", "out/sub/a", "out/sub/c"]


def test_same_stem_keeps_the_suffix() -> None:
    stems = output_stems(find_recordings([Path("x/song.mp3"), Path("x/song.wav")]), Path("out"))
    assert [stem.as_posix() for stem in stems] == ["out/song.mp3", "out/song.wav"]


def test_two_recordings_never_share_an_output() -> None:
    with pytest.raises(ValueError, match="would both be written"):
        output_stems(find_recordings([Path("x/song.mp3"), Path("y/song.mp3")]), Path("out"))


def test_sidecars_stand_beside_the_recording() -> None:
    assert output_stems(find_recordings([Path("x/song.v2.mp3")]), None) == [Path("x/song.v2")]
