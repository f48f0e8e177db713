"""MusicCaps (Agostinelli et al., 2023): aspect lists and captions of 5,521 ten-second spans of videos.

Columns as in the published musiccaps-public.csv. The halves are AudioSet's train and eval segments, as
LP-MusicCaps uses them (its data card: 2,663 and 2,858 rows); `balanced` are the 1,000 rows of the flag
`is_balanced_subset`. Audio isn't part of it. Cut files are found under the names of LP-MusicCaps' downloader,
`[ytid]-[30-40].wav`, and two that are common elsewhere, `ytid_30_40.wav` and `ytid.wav`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.audio_names import stems_below
from linernotes.datasets.checksums import PublishedFile
from linernotes.datasets.dataset import Dataset, DatasetInfo, Split
from linernotes.datasets.tables import TableRow, read_table

BIBTEX = """@article{agostinelli2023musiclm,
  title={MusicLM: Generating Music From Text},
  author={Agostinelli, Andrea and others},
  journal={arXiv preprint arXiv:2301.11325},
  year={2023}
}"""

COLUMNS = ("ytid", "start_s", "end_s", "aspect_list", "caption", "author_id", "is_audioset_eval")
FILE_NAME = "musiccaps-public.csv"
LICENCE = "CC BY-SA 4.0"


@dataclass(frozen=True, slots=True)
class MusicCapsItem:
    """One row: ten seconds of a video, described by one annotator."""

    clip_id: str
    aspects: tuple[str, ...]
    caption: str
    annotator: str
    is_eval: bool


@dataclass(frozen=True, slots=True)
class MusicCaps:
    """The two halves, as LP-MusicCaps uses them (AudioSet's train and eval)."""

    train: tuple[MusicCapsItem, ...]
    evaluation: tuple[MusicCapsItem, ...]


def read_musiccaps(path: Path) -> MusicCaps:
    """Read `musiccaps-public.csv`.

    Raises:
        ValueError: it is not that file; the message names the line.
    """
    items = [_item(row) for row in read_table(path, COLUMNS)]
    train = tuple(item for item in items if not item.is_eval)
    return MusicCaps(train, tuple(item for item in items if item.is_eval))


def _item(row: TableRow) -> MusicCapsItem:
    return MusicCapsItem(
        clip_id=_clip_id(row),
        aspects=row.texts("aspect_list"),
        caption=row.text("caption"),
        annotator=row.text("author_id"),
        is_eval=row.flag("is_audioset_eval"),
    )


def _clip_id(row: TableRow) -> str:
    return f"{row.text('ytid')}:{row.number('start_s'):g}"


def _read(root: Path, split: str) -> Iterator[Clip]:
    path = root if root.is_file() else root / FILE_NAME
    if not path.is_file():
        raise FileNotFoundError(f"{root} has no {FILE_NAME}")
    stems = stems_below(path.parent, ("audio", "wav"))
    for row in read_table(path, COLUMNS):
        is_eval = row.flag("is_audioset_eval")
        wanted = row.flag("is_balanced_subset") if split == "balanced" else is_eval == (split == "test")
        if wanted:
            yield _clip(row, stems, "test" if is_eval else "train")


def _clip(row: TableRow, stems: Mapping[str, str], split: str) -> Clip:
    """The clip of one row; its times count in the cut file, those in the video are in `extra`."""
    video, start_s, end_s = row.text("ytid"), row.number("start_s"), row.number("end_s")
    if end_s <= start_s:
        raise row.fail(f"end_s {end_s:g} is not after start_s {start_s:g}")
    names = (f"[{video}]-[{start_s:g}-{end_s:g}]", f"{video}_{start_s:g}_{end_s:g}", video)
    path = next((stems[name] for name in names if name in stems), f"audio/{names[0]}.wav")
    caption = row.text("caption")
    return Clip(
        clip_id=_clip_id(row),
        audio_path=path,
        end_s=end_s - start_s,
        captions=(caption,) if caption else (),
        tags=row.texts("aspect_list"),
        split=split,
        source="musiccaps",
        licence=LICENCE,
        extra={
            "youtube_id": video,
            "youtube_start_s": start_s,
            "youtube_end_s": end_s,
            "annotator": row.text("author_id"),
            "is_balanced": row.flag("is_balanced_subset"),
        },
    )


MUSICCAPS = Dataset(
    DatasetInfo(
        name="musiccaps",
        title="MusicCaps",
        about="captions and aspects by ten musicians for 10 s of videos",
        licence=LICENCE,
        commercial_use=True,
        audio="not part of it: videos on YouTube, under their own terms",
        obtain="musiccaps-public.csv from https://huggingface.co/datasets/google/MusicCaps",
        layout=f"{FILE_NAME}; audio/[ytid]-[start-end].wav (also .flac, .mp3 ...; ytid_start_end, ytid)",
        source="https://huggingface.co/datasets/seungheondoh/LP-MusicCaps-MC",
        bibtex=BIBTEX,
        splits={
            "train": Split("AudioSet's training segments", 2663),
            "test": Split("AudioSet's evaluation segments", 2858),
            "balanced": Split("genre-balanced subset of the evaluation segments", 1000),
        },
        parts=("train", "test"),
        files=(
            PublishedFile(
                FILE_NAME, "sha256:2f5e321c05ade97f827b58a7b01b75ffbff344fa91d08fa3df7b9dd2e67079bc"
            ),
        ),
    ),
    _read,
)
