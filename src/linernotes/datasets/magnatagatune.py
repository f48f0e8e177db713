"""MagnaTagATune (Law et al., 2009): 188 tags from a game, for 25,863 clips of 29 s. It has tags, no captions.

`annotations_final.csv` (tab-separated: clip_id, a 0/1 column a tag, mp3_path) and `clip_info_final.csv`
(artist, title, album, where the clip was cut) as the builders' page has them
(http://tagatune.org/Magnatagatune.html). The split is the customary one by folder: 0-b train, c validation,
d-f test (LP-MusicCaps-MTT counts 18,706, 1,825 and 5,329 of them, three files of the training folders being
unreadable).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.audio_names import first_prefix
from linernotes.datasets.checksums import PublishedFile
from linernotes.datasets.dataset import Dataset, DatasetInfo, Split
from linernotes.datasets.tables import TableRow, read_table

FOLDERS: Mapping[str, str] = {"train": "0123456789ab", "validation": "c", "test": "def"}
LICENCE = "CC BY-NC-SA 3.0"
_CUT = re.compile(r"-(\d+)-(\d+)\.mp3$")


def _read(root: Path, split: str) -> Iterator[Clip]:
    info_path = root / "clip_info_final.csv"
    infos = (
        {row.text("clip_id"): row for row in read_table(info_path, ("clip_id", "artist"))}
        if info_path.is_file()
        else {}
    )
    for row in read_table(root / "annotations_final.csv", ("clip_id", "mp3_path")):
        folder = row.text("mp3_path")[:1]
        if folder not in "".join(FOLDERS.values()) or not folder:
            raise row.fail(f"mp3_path must begin with a folder 0-f, got {row.text('mp3_path')!r}")
        if folder in FOLDERS[split]:
            yield _clip(root, row, infos.get(row.text("clip_id")), split)


def _clip(root: Path, row: TableRow, info: TableRow | None, split: str) -> Clip:
    """One clip; its length is told by the end of its name, `...-88-117.mp3`."""
    path = row.text("mp3_path")
    cut = _CUT.search(path)
    names = ("artist", "title", "album")
    extra = {name: info.text(name) for name in names if info.text(name)} if info else {}
    return Clip(
        clip_id=row.text("clip_id"),
        audio_path=first_prefix(root, ("mp3", "", "audio"), path),
        end_s=float(int(cut[2]) - int(cut[1])) if cut and int(cut[2]) > int(cut[1]) else None,
        tags=tuple(name for name, cell in row.cells.items() if cell == "1" and name != "clip_id"),
        artist_id=str(extra.get("artist", "")),
        split=split,
        source="magnatagatune",
        licence=LICENCE,
        extra=extra,
    )


MAGNATAGATUNE = Dataset(
    DatasetInfo(
        name="magnatagatune",
        title="MagnaTagATune",
        about="188 tags from a game for 29 s clips; no captions",
        licence=LICENCE,
        commercial_use=False,
        audio="from Magnatune, under the same licence",
        obtain="https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset: the two csv files, mp3.zip.001-003",
        layout="annotations_final.csv, clip_info_final.csv (optional: artists); mp3/0/...mp3 to mp3/f",
        source="http://tagatune.org/Magnatagatune.html",
        bibtex="""@inproceedings{law2009tagatune,
  title={Evaluation of Algorithms Using Games: The Case of Music Tagging},
  author={Law, Edith and West, Kris and Mandel, Michael and Bay, Mert and Downie, J. Stephen},
  booktitle={International Society for Music Information Retrieval Conference (ISMIR)},
  year={2009}
}""",
        splits={
            "train": Split("folders 0 to b", 18709),
            "validation": Split("folder c", 1825),
            "test": Split("folders d to f", 5329),
        },
        files=(
            PublishedFile("annotations_final.csv"),
            PublishedFile("clip_info_final.csv", optional=True),
        ),
    ),
    _read,
)
