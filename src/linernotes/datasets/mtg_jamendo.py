"""MTG-Jamendo (Bogdanov et al., 2019): 195 tags for 55,000 full songs; no captions.

The folder is a clone of https://github.com/MTG/mtg-jamendo-dataset with the audio unpacked in it. The tables
`data/splits/split-K/autotagging[_SUBSET]-PART.tsv` have the columns TRACK_ID, ARTIST_ID, ALBUM_ID, PATH,
DURATION and TAGS, the last going on in further cells. Plain split names mean split-0 of the whole autotagging
set; every other published table is a split of its own name, such as `split-2/autotagging_moodtheme-test`. The
page counts 55,525 songs in the splits; test and validation were counted in their tables, train is the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.audio_names import first_prefix
from linernotes.datasets.checksums import PublishedFile
from linernotes.datasets.dataset import Dataset, DatasetInfo, Split
from linernotes.datasets.tables import REST, TableRow, read_table

COLUMNS = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")
PARTS = ("train", "validation", "test")
SUBSETS = ("", "_genre", "_instrument", "_moodtheme", "_top50tags")
AUDIO_FOLDERS = ("audio", "", "raw_30s/audio", "autotagging_moodtheme/audio")
TABLE = "data/splits/split-0/autotagging-{}.tsv"


def _read(root: Path, split: str) -> Iterator[Clip]:
    path = root / (TABLE.format(split) if split in PARTS else f"data/splits/{split}.tsv")
    part = split.rpartition("-")[2]
    for row in read_table(path, COLUMNS):
        yield _clip(root, row, part)


def _clip(root: Path, row: TableRow, split: str) -> Clip:
    """One song; `genre---rock` becomes the tag "rock", and `extra` keeps which tags are of which category."""
    cells = [row.text("TAGS"), *(row.cells.get(REST) or ())]
    pairs = [tuple(cell.strip().split("---", 1)) for cell in cells if cell.strip()]
    if not all(len(pair) == 2 and pair[1] for pair in pairs):
        raise row.fail(f"TAGS must look like genre---rock, got {cells!r}")
    categories: dict[str, list[str]] = {}
    for category, tag in pairs:
        categories.setdefault(category, []).append(tag)
    duration_s = row.number("DURATION")
    if duration_s <= 0:
        raise row.fail(f"DURATION must be above 0 s, got {duration_s:g}")
    return Clip(
        clip_id=row.text("TRACK_ID"),
        audio_path=_audio(root, row.text("PATH")),
        end_s=duration_s,
        tags=tuple(dict.fromkeys(tag for _, tag in pairs)),
        artist_id=row.text("ARTIST_ID"),
        split=split,
        source="mtg-jamendo",
        licence="Creative Commons, a licence a track",
        extra={"album_id": row.text("ALBUM_ID"), **categories},
    )


def _audio(root: Path, path: str) -> str:
    """Where the song is: as published, or the small mono version (`14/214.low.mp3`) if only that is there."""
    full = first_prefix(root, AUDIO_FOLDERS, path)
    if (root / full).is_file():
        return full
    low = first_prefix(root, ("audio-low", *AUDIO_FOLDERS), path.removesuffix(".mp3") + ".low.mp3")
    return low if (root / low).is_file() else full


MTG_JAMENDO = Dataset(
    DatasetInfo(
        name="mtg-jamendo",
        title="MTG-Jamendo",
        about="genre, instrument and mood/theme tags for full songs; no captions",
        licence="CC BY-NC-SA 4.0",
        commercial_use=False,
        audio="Creative Commons, a licence a track (audio_licenses.txt)",
        obtain="git clone https://github.com/MTG/mtg-jamendo-dataset and its scripts/download/download.py",
        layout="data/splits/split-0/autotagging-train.tsv ...; audio/14/214.mp3",
        source="https://github.com/MTG/mtg-jamendo-dataset#readme",
        bibtex="""@inproceedings{bogdanov2019mtgjamendo,
  title={The MTG-Jamendo Dataset for Automatic Music Tagging},
  author={Bogdanov, Dmitry and Won, Minz and Tovstogan, Philip and Porter, Alastair and Serra, Xavier},
  booktitle={Machine Learning for Music Discovery Workshop, ICML},
  year={2019}
}""",
        splits={
            "train": Split("split-0, all tags", 32_859),
            "validation": Split("split-0, all tags", 11_101),
            "test": Split("split-0, all tags", 11_565),
        },
        more_splits=tuple(
            f"split-{number}/autotagging{subset}-{part}"
            for number in range(5)
            for subset in SUBSETS
            for part in PARTS
        ),
        files=(  # blob ids of the repository's commit 1b4fa8c
            PublishedFile(TABLE.format("train"), "git:95f6147112b8ce3f1e42e27bf30f051e758d5b99"),
            PublishedFile(TABLE.format("validation"), "git:f11c65500e63eb8a63c775f470071db9ecc12360"),
            PublishedFile(TABLE.format("test"), "git:6a14702bb012bfef3870323ca156390803f5db2f"),
        ),
    ),
    _read,
)
