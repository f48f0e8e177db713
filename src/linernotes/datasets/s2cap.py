"""S2Cap (Ok and Lee, 2025): 71,215 captions of how people sing, for segments of 12,105 tracks of videos.

Columns id, caption, begin, end and youtube_id, as https://github.com/HJ-Ok/S2cap (dataset/README.md) has
them. That page does not say what its files are called: read are `train`, `dev` and `test` as .csv, .jsonl,
.json or .parquet, or `data/train-*.parquet` as the Hub lays tables out. Counts are those of the paper's Table
2; the page's own differ (48,825, 7,509 and 14,881). Artists are not published, so the claim that no artist is
in two splits can't be checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.audio_names import stems_below
from linernotes.datasets.dataset import Dataset, DatasetInfo, Split
from linernotes.datasets.tables import TableRow, find_tables, read_table

COLUMNS = ("id", "caption", "begin", "end", "youtube_id")
PUBLISHED_NAMES = {"train": "train", "validation": "dev", "test": "test"}
LICENCE = "not stated"


def _read(root: Path, split: str) -> Iterator[Clip]:
    name = PUBLISHED_NAMES[split]
    patterns = [f"{name}.{kind}" for kind in ("csv", "jsonl", "json", "parquet")]
    stems = stems_below(root, ("audio", "wav"))
    segments: dict[str, list[TableRow]] = {}
    for path in find_tables(root, (*patterns, f"data/{name}-*.parquet")):
        for row in read_table(path, COLUMNS):
            key = f"{row.text('id')}:{row.number('begin'):g}-{row.number('end'):g}"
            segments.setdefault(key, []).append(row)
    for clip_id, rows in segments.items():
        yield _clip(clip_id, rows, stems, split)


def _clip(clip_id: str, rows: list[TableRow], stems: Mapping[str, str], split: str) -> Clip:
    """One segment with all its captions; its times count in the whole video's sound."""
    row = rows[0]
    video, start_s, end_s = row.text("youtube_id"), row.number("begin"), row.number("end")
    if not 0 <= start_s < end_s:
        raise row.fail(f"begin and end must be a span of seconds, got {start_s:g} and {end_s:g}")
    return Clip(
        clip_id=clip_id,
        audio_path=stems.get(video, f"audio/{video}.wav"),
        start_s=start_s,
        end_s=end_s,
        captions=tuple(text for each in rows if (text := each.text("caption"))),
        split=split,
        source="s2cap",
        licence=LICENCE,
        extra={"track_id": row.text("id"), "youtube_id": video},
    )


S2CAP = Dataset(
    DatasetInfo(
        name="s2cap",
        title="S2Cap",
        about="captions of singing style for up to 30 s of songs",
        licence=LICENCE + " on its page",
        commercial_use=False,
        audio="not part of it: videos on YouTube, under their own terms",
        obtain="https://huggingface.co/datasets/HJOK/S2Cap or https://zenodo.org/records/15673764",
        layout="train.csv, dev.csv, test.csv (or .jsonl, .json, .parquet); audio/<youtube_id>.wav",
        source="https://github.com/HJ-Ok/S2cap/blob/main/dataset/README.md",
        bibtex="""@article{ok2024s2cap,
  title={S2Cap: A Benchmark and a Baseline for Singing Style Captioning},
  author={Ok, Hyunjong and Lee, Jaeho},
  journal={arXiv preprint arXiv:2409.09866},
  year={2024}
}""",
        splits={
            "train": Split("49,325 captions"),
            "validation": Split("published as dev, 7,339 captions"),
            "test": Split("14,551 captions"),
        },
    ),
    _read,
)
