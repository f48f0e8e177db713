"""MSD-ECALS: 1,054 tags for half a million previews of the Million Song Dataset; LP-MusicCaps' captions.

Two published layouts are read. LP-MusicCaps-MSD (its data card on the Hub): `data/train-*.parquet`,
`valid-*`, `test-*` with track_id, title, artist_name, release, year, tag, four captions by a language model
and `path` of the preview. eCALS itself (https://github.com/SeungHeonDoh/msd-subsets):
`ecals_annotation/annotation.json` and `ecals_track_split.json`, without captions; which preview belongs to a
track stands only in pickles, which we don't open, so these clips have no audio path. Its unlabelled
`extra_track` is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linernotes.clip import Clip
from linernotes.datasets.checksums import PublishedFile
from linernotes.datasets.dataset import Dataset, DatasetInfo, Split
from linernotes.datasets.tables import TableRow, find_tables, read_table

CAPTIONS = ("caption_writing", "caption_summary", "caption_paraphrase")
PREDICTED = "caption_attribute_prediction"
"""A fourth caption, which its makers advise against: kept in `extra`."""
PUBLISHED_NAMES = {"train": "train", "validation": "valid", "test": "test"}
ECALS = "ecals_annotation"


def _read(root: Path, split: str) -> Iterator[Clip]:
    name = PUBLISHED_NAMES[split]
    if (root / ECALS).is_dir():
        yield from _read_ecals(root / ECALS, name, split)
        return
    for path in find_tables(root, (f"data/{name}-*.parquet", f"{name}.parquet", f"{name}.jsonl")):
        for row in read_table(path, ("track_id", "tag")):
            yield _clip(row, split)


def _clip(row: TableRow, split: str) -> Clip:
    path = row.text("path")
    extra: dict[str, Any] = {name: row.cells[name] for name in ("title", "release", "year") if row.text(name)}
    if row.text(PREDICTED):
        extra[PREDICTED] = row.text(PREDICTED)
    return Clip(
        clip_id=row.text("track_id"),
        audio_path=f"songs/{path}" if path else "",
        captions=tuple(text for name in CAPTIONS if (text := row.text(name))),
        tags=row.texts("tag"),
        artist_id=row.text("artist_name"),
        split=split,
        source="msd-ecals",
        licence="CC BY-NC 4.0",
        extra=extra,
    )


def _read_ecals(folder: Path, name: str, split: str) -> Iterator[Clip]:
    tracks = _json(folder / "ecals_track_split.json").get(f"{name}_track", [])
    annotation = _json(folder / "annotation.json")
    for number, track in enumerate(tracks, 1):
        if not isinstance(annotation.get(track), dict):
            raise ValueError(f"{folder / 'annotation.json'} has no track {track!r} of the {split} split")
        yield _clip(
            TableRow(folder / "annotation.json", number, {"track_id": track, **annotation[track]}), split
        )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} line {error.lineno}: no JSON: {error.msg}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no object")
    return found


MSD_ECALS = Dataset(
    DatasetInfo(
        name="msd-ecals",
        title="MSD-ECALS",
        about="1,054 tags for 30 s previews, with LP-MusicCaps' pseudo captions",
        licence="CC BY-NC 4.0 by LP-MusicCaps' repository (its data card says MIT)",
        commercial_use=False,
        audio="7digital previews, not distributed: ask the authors",
        obtain="https://huggingface.co/datasets/seungheondoh/LP-MusicCaps-MSD, or https://zenodo.org/record/7107130",
        layout="data/train-*.parquet ... with songs/8/1/8134074.clip.mp3; or ecals_annotation/*.json",
        source="https://github.com/SeungHeonDoh/msd-subsets#readme",
        bibtex="""@inproceedings{doh2023lpmusiccaps,
  title={LP-MusicCaps: LLM-Based Pseudo Music Captioning},
  author={Doh, SeungHeon and Choi, Keunwoo and Lee, Jongpil and Nam, Juhan},
  booktitle={International Society for Music Information Retrieval Conference (ISMIR)},
  year={2023}
}
@inproceedings{doh2023ttmr,
  title={Toward Universal Text-to-Music Retrieval},
  author={Doh, SeungHeon and Won, Minz and Choi, Keunwoo and Nam, Juhan},
  booktitle={IEEE International Conference on Acoustics, Speech and Signal Processing (ICASSP)},
  year={2023}
}""",
        splits={
            "train": Split("no artist of the other two"),
            "validation": Split("published as valid"),
            "test": Split("no artist of the other two"),
        },
        files=(
            PublishedFile(f"{ECALS}/annotation.json", optional=True),
            PublishedFile(f"{ECALS}/ecals_track_split.json", optional=True),
        ),
    ),
    _read,
)
