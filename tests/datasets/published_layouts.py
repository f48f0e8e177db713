"""A few rows of each data set in its published layout, written by the tests: the texts are our own."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

AUDIO = b"RIFF"


def touch(path: Path, content: bytes = AUDIO) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([columns, *rows])


def json_lines(path: Path, rows: Sequence[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@dataclass(frozen=True)
class Layout:
    """How to write a tiny copy, and what is in it: clips a split, clips with audio in the whole."""

    write: Callable[[Path], None]
    splits: dict[str, int]
    with_audio: int
    table: str
    """A file without which a split can't be read."""


def musiccaps(root: Path) -> None:
    columns = ("ytid start_s end_s audioset_positive_labels aspect_list caption author_id "
               "is_balanced_subset is_audioset_eval").split()  # fmt: skip
    table(root / "musiccaps-public.csv", columns, [
        ["-aa", 30, 40, "/m/1", "['slow', \"singer's voice\"]", "A slow song, with voice.", 4, False, False],
        ["bb", 0, 10, "/m/1", "['fast']", "A fast song.", 4, False, True],
        ["cc", 10, 20, "/m/1", "[]", "Drums.", 2, True, True],
    ])  # fmt: skip
    touch(root / "audio" / "[-aa]-[30-40].wav")
    touch(root / "audio" / "bb_0_10.mp3")


def song_describer(root: Path) -> None:
    columns = (
        "caption_id track_id caption is_valid_subset familiarity artist_id album_id path duration".split()
    )
    table(root / "song_describer.csv", columns, [
        [7, 976784, "calm piano", "True", 0, 42, 11, "84/976784.mp3", 140.5],
        [9, 976784, "piano, slow", "", 0, 42, 11, "84/976784.mp3", 140.5],
        [8, 976785, "techno", "False", 1, 42, 11, "85/976785.mp3", 59.7],
    ])  # fmt: skip
    touch(root / "audio" / "84" / "976784.2min.mp3")


def magnatagatune(root: Path) -> None:
    paths = ["0/a_b-c-01-x-0-29.mp3", "c/d-e-02-y-30-59.mp3", "f/g-h-03-z-88-117.mp3"]
    table(root / "annotations_final.csv", ["clip_id", "no voice", "guitar", "mp3_path"],
          [[2, 0, 1, paths[0]], [6, 1, 1, paths[1]], [10, 0, 0, paths[2]]], "\t")  # fmt: skip
    columns = (
        "clip_id track_number title artist album url segmentStart segmentEnd original_url mp3_path".split()
    )
    table(root / "clip_info_final.csv", columns, [
        [2, 1, "x", "A B", "c", "u", 0, 29, "o", paths[0]], [6, 2, "y", "D", "e", "u", 30, 59, "o", paths[1]],
        [10, 3, "z", "G", "h", "u", 88, 117, "o", paths[2]],
    ], "\t")  # fmt: skip
    touch(root / "mp3" / paths[0])
    touch(root / "mp3" / paths[1], b"")  # three files of the real set are empty


def mtg_jamendo(root: Path) -> None:
    columns = "TRACK_ID ARTIST_ID ALBUM_ID PATH DURATION TAGS".split()
    splits = root / "data" / "splits"
    rows = {
        "split-0/autotagging-train": ["track_0000214", "artist_000014", "album_000031", "14/214.mp3", 124.6,
                                      "genre---punkrock", "mood/theme---calm"],
        "split-0/autotagging-validation": ["track_0000215", "artist_000015", "album_000032", "15/215.mp3", 151.4,
                                           "genre---metal"],
        "split-0/autotagging-test": ["track_0000216", "artist_000016", "album_000033", "16/216.mp3", 99.0,
                                     "instrument---piano"],
        "split-2/autotagging_moodtheme-test": ["track_0000214", "artist_000014", "album_000031", "14/214.mp3",
                                               124.6, "mood/theme---calm"],
    }  # fmt: skip
    for name, row in rows.items():
        table(splits / f"{name}.tsv", columns, [row], "\t")
    touch(root / "audio" / "14" / "214.mp3")
    touch(root / "audio-low" / "15" / "215.low.mp3")


def msd_ecals(root: Path) -> None:
    pyarrow = __import__("pyarrow.parquet")
    (root / "data").mkdir()
    for number, split in enumerate(("train", "valid", "test")):
        row = {
            "track_id": f"TR{number}", "title": "Song", "artist_name": f"Artist {number}", "release": "R",
            "year": 1994, "tag": ["rap", "calm"], "caption_writing": "A calm rap song.",
            "caption_summary": "Calm rap.", "caption_paraphrase": "Rap that is calm.",
            "caption_attribute_prediction": "Calm rap of the 90s.", "path": f"8/1/{number}.clip.mp3",
        }  # fmt: skip
        pyarrow.parquet.write_table(
            pyarrow.Table.from_pylist([row]), root / "data" / f"{split}-00000-of-00001-ab.parquet"
        )
    touch(root / "songs" / "8" / "1" / "2.clip.mp3")


def ecals(root: Path) -> None:
    folder = root / "ecals_annotation"
    folder.mkdir()
    songs = {
        f"TR{number}": {"tag": ["rap"], "release": "R", "artist_name": f"Artist {number}", "year": 1984,
                        "title": "Song", "track_id": f"TR{number}"}
        for number in range(4)
    }  # fmt: skip
    (folder / "annotation.json").write_text(json.dumps(songs))
    split = {"train_track": ["TR0", "TR1"], "valid_track": ["TR2"], "test_track": ["TR3"], "extra_track": []}
    (folder / "ecals_track_split.json").write_text(json.dumps(split))


def musicbench(root: Path) -> None:
    def row(location: str, caption: str) -> dict[str, object]:
        return {
            "dataset": "MusicBench", "location": location, "main_caption": caption, "alt_caption": "Guitar.",
            "prompt_bpm": "The bpm is 90.", "beats": [[0.5, 1.2], [1.0, 2.0]], "bpm": 90.0,
            "chords": ["Am", "F"], "chords_time": [0.46, 2.1], "key": ["A", "minor"], "keyprob": ["0.8"],
            "is_audioset_eval_mcaps": False,
        }  # fmt: skip

    json_lines(
        root / "MusicBench_train.json", [row(f"data_aug2/-aa_{n}.wav", f"Song {n}.") for n in range(3)]
    )
    for kind in "AB":
        json_lines(root / f"MusicBench_test_{kind}.json", [row("data/bb.wav", f"Guitar. {kind}")])
    touch(root / "datashare" / "data" / "bb.wav")


def s2cap(root: Path) -> None:
    columns = ["id", "caption", "begin", "end", "youtube_id"]
    rows = [[11, "A man sings softly.", 30.5, 60.5, "vv"], [11, "He sings loudly.", 60.5, 90, "vv"],
            [11, "Softly, a man sings.", 30.5, 60.5, "vv"]]  # fmt: skip
    table(root / "train.csv", columns, rows)
    table(root / "dev.csv", columns, [[12, "A woman sings high.", 0, 30, "ww"]])
    table(root / "test.csv", columns, [[13, "A choir.", 5, 12, "xx"]])
    touch(root / "audio" / "vv.m4a")


def folder(root: Path) -> None:
    touch(root / "train" / "one.wav")
    (root / "train" / "one.txt").write_text("A song\nfor piano.\n")
    touch(root / "two.mp3")
    (root / "two.caption.txt").write_text("Two guitars.")
    touch(root / "deep" / "er" / "three.flac")
    (root / "deep" / "er" / "three.json").write_text(
        json.dumps({"caption": "Three drums.", "tags": "drums, loud", "bpm": 90, "split": "test"})
    )
    touch(root / "val" / "four.ogg")


LAYOUTS: dict[str, Layout] = {
    "musiccaps": Layout(
        musiccaps, {"train": 1, "test": 2, "balanced": 1, "all": 3}, 2, "musiccaps-public.csv"
    ),
    "song-describer": Layout(song_describer, {"test": 2, "test-valid": 1, "all": 2}, 1, "song_describer.csv"),
    "magnatagatune": Layout(
        magnatagatune, {"train": 1, "validation": 1, "test": 1, "all": 3}, 1, "annotations_final.csv"
    ),
    "mtg-jamendo": Layout(
        mtg_jamendo,
        {"train": 1, "validation": 1, "test": 1, "split-2/autotagging_moodtheme-test": 1, "all": 3},
        2,
        "data/splits/split-0/autotagging-test.tsv",
    ),
    "msd-ecals": Layout(
        msd_ecals,
        {"train": 1, "validation": 1, "test": 1, "all": 3},
        1,
        "data/test-00000-of-00001-ab.parquet",
    ),
    "musicbench": Layout(
        musicbench, {"train": 3, "test-a": 1, "test-b": 1, "all": 5}, 2, "MusicBench_test_A.json"
    ),
    "s2cap": Layout(s2cap, {"train": 2, "validation": 1, "test": 1, "all": 4}, 2, "test.csv"),
    "folder": Layout(folder, {"train": 1, "validation": 1, "test": 1, "unsplit": 1, "all": 4}, 4, ""),
}
