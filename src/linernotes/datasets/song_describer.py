"""Song Describer (Manco et al., 2023): 1,106 captions people wrote for 706 two-minute excerpts of MTG-Jamendo.

Columns, layout and counts from the data card (https://github.com/mulab-mir/song-describer-dataset,
docs/datacard.md). It has a single split, for evaluation only; `test-valid` keeps the captions that passed
validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.checksums import PublishedFile
from linernotes.datasets.dataset import Dataset, DatasetInfo, Split
from linernotes.datasets.tables import TableRow, read_table

COLUMNS = ("caption_id", "track_id", "caption", "is_valid_subset", "artist_id", "path", "duration")
EXCERPT_S = 120.0
TAG_COLUMNS = ("genre", "instrument", "mood/theme")
"""Named by the data card; the published csv may lack them."""


def _read(root: Path, split: str) -> Iterator[Clip]:
    path = root / "song_describer.csv"
    rows: dict[str, list[TableRow]] = {}
    for row in read_table(path, COLUMNS):
        if split == "test" or row.flag("is_valid_subset"):
            rows.setdefault(row.text("track_id"), []).append(row)
    for track, found in rows.items():
        yield _clip(track, found)


def _clip(track: str, rows: list[TableRow]) -> Clip:
    """All captions of one track; the audio is an excerpt of at most two minutes, named `*.2min.mp3`."""
    row = rows[0]
    duration_s = row.number("duration")
    if duration_s <= 0:
        raise row.fail(f"duration must be above 0 s, got {duration_s:g}")
    return Clip(
        clip_id=track,
        audio_path="audio/" + row.text("path").removesuffix(".mp3").removesuffix(".2min") + ".2min.mp3",
        end_s=min(duration_s, EXCERPT_S),
        captions=tuple(text for each in rows if (text := each.text("caption"))),
        tags=tuple(tag for name in TAG_COLUMNS for tag in row.texts(name)),
        artist_id=row.text("artist_id"),
        split="test",
        source="song-describer",
        licence="CC BY-SA 4.0",
        extra={
            "caption_ids": [each.text("caption_id") for each in rows],
            "validated": [each.flag("is_valid_subset") for each in rows],
            "track_duration_s": duration_s,
        },
    )


SONG_DESCRIBER = Dataset(
    DatasetInfo(
        name="song-describer",
        title="Song Describer",
        about="captions by volunteers for 2 min of openly licensed songs, for evaluation",
        licence="CC BY-SA 4.0",
        commercial_use=True,
        audio="Creative Commons, a licence a track (audio_licenses.txt), some non-commercial",
        obtain="song_describer.csv and audio.zip from https://zenodo.org/records/10072001",
        layout="song_describer.csv; audio/84/976784.2min.mp3",
        source="https://github.com/mulab-mir/song-describer-dataset/blob/main/docs/datacard.md",
        bibtex="""@inproceedings{manco2023songdescriber,
  title={The Song Describer Dataset: a Corpus of Audio Captions for Music-and-Language Evaluation},
  author={Manco, Ilaria and Weck, Benno and Doh, SeungHeon and others},
  booktitle={NeurIPS Workshop on Machine Learning for Audio},
  year={2023}
}""",
        splits={
            "test": Split("every track", 706),
            "test-valid": Split("tracks with a validated caption, and only those captions", 546),
        },
        parts=("test",),
        files=(
            PublishedFile("song_describer.csv"),
            PublishedFile("audio_licenses.txt", optional=True),
        ),
    ),
    _read,
)
