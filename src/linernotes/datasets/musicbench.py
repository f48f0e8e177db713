"""MusicBench (Melechovsky et al., 2024): MusicCaps augmented, with sentences on chords, beats, tempo, key.

Three files with an object a line, `MusicBench_train.json`, `_test_A.json` and `_test_B.json`; fields as its
data card (https://huggingface.co/datasets/amaai-lab/MusicBench) lists them, audio below `datashare/` where
MusicBench.tar.gz unpacks. Both tests have the same audio; B's captions carry all control sentences. Beats,
chords, key and tempo come from estimators without a stated confidence, so they stay in `extra` and are no
facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from linernotes.clip import Clip
from linernotes.datasets.audio_names import first_prefix
from linernotes.datasets.checksums import PublishedFile
from linernotes.datasets.dataset import Dataset, DatasetInfo, Split
from linernotes.datasets.tables import TableRow, read_table

FILES = {
    "train": "MusicBench_train.json",
    "test-a": "MusicBench_test_A.json",
    "test-b": "MusicBench_test_B.json",
}
LICENCE = "CC BY-SA 3.0"
CAPTIONS = ("main_caption", "alt_caption")


def _read(root: Path, split: str) -> Iterator[Clip]:
    for row in read_table(root / FILES[split], ("location", "main_caption")):
        yield _clip(root, row, split)


def _clip(root: Path, row: TableRow, split: str) -> Clip:
    location = row.text("location")
    name = PurePosixPath(location).with_suffix("").as_posix()
    captions = dict.fromkeys(text for column in CAPTIONS if (text := row.text(column)))
    return Clip(
        clip_id=f"{name}:B" if split == "test-b" else name,  # A and B caption the same files
        audio_path=first_prefix(root, ("datashare", ""), location),
        captions=tuple(captions),
        split=split,
        source="musicbench",
        licence=LICENCE,
        extra={
            key: value
            for key, value in row.cells.items()
            if key not in ("location", *CAPTIONS) and value is not None
        },
    )


MUSICBENCH = Dataset(
    DatasetInfo(
        name="musicbench",
        title="MusicBench",
        about="MusicCaps augmented eleven-fold, with sentences on chords, beats, tempo and key",
        licence=LICENCE,
        commercial_use=True,
        audio="cut from videos on YouTube; nothing is said of their terms",
        obtain="https://huggingface.co/datasets/amaai-lab/MusicBench: *.json, MusicBench.tar.gz (16.8 GB)",
        layout="MusicBench_train.json, MusicBench_test_A.json, MusicBench_test_B.json; datashare/...",
        source="https://huggingface.co/datasets/amaai-lab/MusicBench",
        bibtex="""@inproceedings{melechovsky2024mustango,
  title={Mustango: Toward Controllable Text-to-Music Generation},
  author={Melechovsky, Jan and Guo, Zixun and Ghosal, Deepanway and others},
  booktitle={Conference of the North American Chapter of the Association for Computational Linguistics (NAACL)},
  year={2024}
}""",
        splits={
            "train": Split("augmented clips", 52_768),
            "test-a": Split("captions without control sentences", 400),
            "test-b": Split("the same audio, captions with all control sentences", 400),
        },
        files=tuple(PublishedFile(name) for name in FILES.values()),
    ),
    _read,
)
