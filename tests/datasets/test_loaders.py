"""What is particular to each data set: columns, names of audio files, times, and the errors of bad tables."""

from __future__ import annotations

import json
from pathlib import Path

import published_layouts as layouts
import pytest

from linernotes.clip import Clip
from linernotes.datasets.musiccaps import read_musiccaps
from linernotes.registry import load_dataset


def one(name: str, root: Path, split: str = "all", number: int = 0) -> Clip:
    clips: list[Clip] = list(load_dataset(name).load(root, split))
    return clips[number]


def test_musiccaps_times_count_in_the_cut_file(tmp_path: Path) -> None:
    layouts.musiccaps(tmp_path)
    clip = one("musiccaps", tmp_path)
    assert (clip.clip_id, clip.start_s, clip.end_s) == ("-aa:30", 0.0, 10.0)
    assert clip.tags == ("slow", "singer's voice")
    assert clip.audio_path == "audio/[-aa]-[30-40].wav"
    assert (clip.extra["youtube_start_s"], clip.extra["annotator"]) == (30.0, "4")
    assert one("musiccaps", tmp_path, "test").audio_path == "audio/bb_0_10.mp3"
    assert one("musiccaps", tmp_path, "balanced").split == "test"


def test_musiccaps_may_be_named_by_its_csv(tmp_path: Path) -> None:
    layouts.musiccaps(tmp_path)
    assert len(list(load_dataset("musiccaps").load(tmp_path / "musiccaps-public.csv"))) == 3


def test_both_ways_to_read_musiccaps_say_the_same(tmp_path: Path) -> None:
    layouts.musiccaps(tmp_path)
    path = tmp_path / "musiccaps-public.csv"
    both = read_musiccaps(path)
    for items, split in ((both.train, "train"), (both.evaluation, "test")):
        clips = list(load_dataset("musiccaps").load(path, split))
        assert [(item.clip_id, item.aspects, (item.caption,), item.annotator) for item in items] == [
            (clip.clip_id, clip.tags, clip.captions, clip.extra["annotator"]) for clip in clips
        ]


def test_a_table_without_rows_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "musiccaps-public.csv").write_text("ytid,start_s\n")
    with pytest.raises(ValueError, match="has no rows"):
        one("musiccaps", tmp_path)


def test_song_describer_joins_the_captions_of_a_track(tmp_path: Path) -> None:
    layouts.song_describer(tmp_path)
    clip = one("song-describer", tmp_path)
    assert clip.captions == ("calm piano", "piano, slow")
    assert (clip.audio_path, clip.end_s) == ("audio/84/976784.2min.mp3", 120.0)
    assert clip.extra["validated"] == [True, False]
    assert one("song-describer", tmp_path, "test-valid").captions == ("calm piano",)
    assert one("song-describer", tmp_path, number=1).end_s == 59.7


def test_magnatagatune_tags_artist_and_length(tmp_path: Path) -> None:
    layouts.magnatagatune(tmp_path)
    clips = list(load_dataset("magnatagatune").load(tmp_path))
    assert [clip.tags for clip in clips] == [("guitar",), ("no voice", "guitar"), ()]
    assert [clip.end_s for clip in clips] == [29.0, 29.0, 29.0]
    assert [clip.artist_id for clip in clips] == ["A B", "D", "G"]
    (tmp_path / "clip_info_final.csv").unlink()
    assert one("magnatagatune", tmp_path).artist_id == ""


def test_an_empty_file_is_no_audio(tmp_path: Path) -> None:
    layouts.magnatagatune(tmp_path)
    report = load_dataset("magnatagatune").validate(tmp_path)
    (validation,) = (coverage for coverage in report.splits if coverage.split == "validation")
    assert validation.missing_audio == ("mp3/c/d-e-02-y-30-59.mp3",)


def test_jamendo_reads_categories_and_the_small_audio(tmp_path: Path) -> None:
    layouts.mtg_jamendo(tmp_path)
    clip = one("mtg-jamendo", tmp_path, "train")
    assert clip.tags == ("punkrock", "calm")
    assert (clip.extra["genre"], clip.extra["mood/theme"]) == (["punkrock"], ["calm"])
    assert (clip.audio_path, clip.end_s, clip.artist_id) == ("audio/14/214.mp3", 124.6, "artist_000014")
    assert one("mtg-jamendo", tmp_path, "validation").audio_path == "audio-low/15/215.low.mp3"
    assert one("mtg-jamendo", tmp_path, "test").audio_path == "audio/16/216.mp3"
    assert one("mtg-jamendo", tmp_path, "split-2/autotagging_moodtheme-test").split == "test"


def test_msd_keeps_the_caption_its_makers_advise_against_aside(tmp_path: Path) -> None:
    layouts.msd_ecals(tmp_path)
    clip = one("msd-ecals", tmp_path, "validation")
    assert clip.captions == ("A calm rap song.", "Calm rap.", "Rap that is calm.")
    assert clip.extra["caption_attribute_prediction"] == "Calm rap of the 90s."
    assert (clip.audio_path, clip.artist_id) == ("songs/8/1/1.clip.mp3", "Artist 1")


def test_ecals_itself_has_no_captions_and_no_paths(tmp_path: Path) -> None:
    layouts.ecals(tmp_path)
    clips = list(load_dataset("msd-ecals").load(tmp_path))
    assert [(clip.clip_id, clip.split) for clip in clips] == [
        ("TR0", "train"), ("TR1", "train"), ("TR2", "validation"), ("TR3", "test"),
    ]  # fmt: skip
    assert {(clip.captions, clip.audio_path, clip.tags) for clip in clips} == {((), "", ("rap",))}
    report = load_dataset("msd-ecals").validate(tmp_path)
    assert report.splits[0].missing_audio == ("TR0 (no path known)", "TR1 (no path known)")


def test_musicbench_tests_share_audio_and_differ_in_captions(tmp_path: Path) -> None:
    layouts.musicbench(tmp_path)
    a, b = one("musicbench", tmp_path, "test-a"), one("musicbench", tmp_path, "test-b")
    assert a.audio_path == b.audio_path == "datashare/data/bb.wav"
    assert (a.clip_id, b.clip_id) == ("data/bb", "data/bb:B")
    assert b.captions == ("Guitar. B", "Guitar.")
    assert b.extra["key"] == ["A", "minor"]


def test_s2cap_joins_captions_of_a_segment(tmp_path: Path) -> None:
    layouts.s2cap(tmp_path)
    clip = one("s2cap", tmp_path, "train")
    assert clip.captions == ("A man sings softly.", "Softly, a man sings.")
    assert (clip.start_s, clip.end_s, clip.audio_path) == (30.5, 60.5, "audio/vv.m4a")
    assert one("s2cap", tmp_path, "validation").clip_id == "12:0-30"


class TestFolder:
    def test_texts_and_json(self, tmp_path: Path) -> None:
        layouts.folder(tmp_path)
        clips = {clip.audio_path: clip for clip in load_dataset("folder").load(tmp_path)}
        assert clips["train/one.wav"].captions == ("A song for piano.",)
        assert clips["train/one.wav"].split == "train"
        assert clips["two.mp3"].captions == ("Two guitars.",)
        three = clips["deep/er/three.flac"]
        assert (three.captions, three.tags, three.extra) == (
            ("Three drums.",),
            ("drums", "loud"),
            {"bpm": 90},
        )
        assert three.split == "test"
        assert clips["val/four.ogg"].captions == ()

    def test_a_text_is_stronger_than_the_json_beside_it(self, tmp_path: Path) -> None:
        layouts.touch(tmp_path / "a.wav")
        (tmp_path / "a.json").write_text(json.dumps({"caption": "By a machine.", "artist_id": "x"}))
        (tmp_path / "a.txt").write_text("By hand.")
        clip = one("folder", tmp_path)
        assert (clip.captions, clip.artist_id) == (("By hand.",), "x")

    def test_notes_are_sidecars(self, tmp_path: Path) -> None:
        from linernotes.clip import AudioInfo, Caption, Fact, Notes, Producer
        from linernotes.notes_json import notes_to_json

        fact = Fact("f1", "tempo", 120.0, "BPM", 0.9, "beatnet", 0.0, 8.0)
        notes = Notes(
            AudioInfo("a.wav", 8.0, 22050, "0" * 64),
            Caption("A song."),
            (),
            (fact,),
            (),
            Producer("1", (), {}),
        )
        layouts.touch(tmp_path / "a.wav")
        (tmp_path / "a.json").write_text(notes_to_json(notes))
        clip = one("folder", tmp_path)
        assert (clip.captions, clip.facts, clip.extra) == (("A song.",), (fact,), {})

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"{", "a.json line 1: no JSON"),
            (b"[]", "a.json holds no object"),
            (b'{"start_s": 5, "end_s": 2}', "end_s 2 is not after start_s 5"),
            (b'{"caption": "\xff"}', "a.json is no UTF-8"),
        ],
    )
    def test_a_bad_sidecar_is_named(self, tmp_path: Path, content: bytes, message: str) -> None:
        layouts.touch(tmp_path / "a.wav")
        (tmp_path / "a.json").write_bytes(content)
        with pytest.raises(ValueError, match=message):
            one("folder", tmp_path)
        assert any(message in problem for problem in load_dataset("folder").validate(tmp_path).problems)


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "message"),
    [
        ("musiccaps", "musiccaps-public.csv", "['fast']", "[fast", "line 3: aspect_list is no list"),
        ("musiccaps", "musiccaps-public.csv", "bb,0,10", "bb,10,0", "line 3: end_s 0 is not after"),
        ("musiccaps", "musiccaps-public.csv", "bb,0,10", "bb,0,nan", "line 3: end_s must be a number"),
        ("musiccaps", "musiccaps-public.csv", "aspect_list", "aspects", "line 2: lacks the columns aspect_list"),
        ("song-describer", "song_describer.csv", "140.5", "-1", "line 2: duration must be above 0"),
        ("song-describer", "song_describer.csv", "True", "yes", "line 2: is_valid_subset must be True or"),
        ("magnatagatune", "annotations_final.csv", "c/d-e", "z/d-e", "line 3: mp3_path must begin with a folder"),
        ("mtg-jamendo", "data/splits/split-0/autotagging-test.tsv", "---", "-", "line 2: TAGS must look like"),
        ("musicbench", "MusicBench_train.json", '{"dataset"', '"dataset"', "line 1: no JSON"),
        ("s2cap", "test.csv", "13,A choir.,5,12", "13,A choir.,12,5", "line 2: begin and end must be a span"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named(tmp_path: Path, name: str, file: str, old: str, new: str, message: str) -> None:
    layouts.LAYOUTS[name].write(tmp_path)
    table = tmp_path / file
    text = table.read_text("utf-8")
    assert old in text
    table.write_text(text.replace(old, new), "utf-8")
    split = {"musiccaps": "test", "magnatagatune": "validation"}.get(name, "all")
    with pytest.raises(ValueError, match=message):
        list(load_dataset(name).load(tmp_path, split))


def test_audio_behind_a_link_out_of_the_folder_does_not_count(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "set", tmp_path / "elsewhere"
    root.mkdir()
    layouts.musiccaps(root)
    (root / "audio").rename(elsewhere)
    (root / "audio").symlink_to(elsewhere)
    report = load_dataset("musiccaps").validate(root)
    assert [coverage.with_audio for coverage in report.splits] == [0, 0, 0]
