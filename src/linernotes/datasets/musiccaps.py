"""MusicCaps (Agostinelli et al., 2023, CC BY-SA 4.0): aspect lists and captions, from the csv a user has."""

from __future__ import annotations

import ast
import csv
from dataclasses import dataclass
from pathlib import Path

BIBTEX = """@article{agostinelli2023musiclm,
  title={MusicLM: Generating Music From Text},
  author={Agostinelli, Andrea and others},
  journal={arXiv preprint arXiv:2301.11325},
  year={2023}
}"""

COLUMNS = ("ytid", "start_s", "end_s", "aspect_list", "caption", "author_id", "is_audioset_eval")


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
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(
                f"{path} lacks the columns {', '.join(missing)}: expected MusicCaps' musiccaps-public.csv"
            )
        items = [_item(row, path, reader.line_num) for row in reader]
    train = tuple(item for item in items if not item.is_eval)
    return MusicCaps(train, tuple(item for item in items if item.is_eval))


def _item(row: dict[str, str], path: Path, line: int) -> MusicCapsItem:
    try:
        aspects = tuple(str(aspect) for aspect in ast.literal_eval(row["aspect_list"]))
    except (ValueError, SyntaxError, TypeError) as error:
        raise ValueError(f"{path} line {line}: aspect_list is no list of strings") from error
    clip_id = f"{row['ytid']}:{row['start_s']}"
    return MusicCapsItem(
        clip_id, aspects, row["caption"], row["author_id"], row["is_audioset_eval"] == "True"
    )
