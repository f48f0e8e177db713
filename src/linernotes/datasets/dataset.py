"""What every data set here is: facts about it, a reader, and a check of what is on this disk."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from linernotes.clip import Clip
from linernotes.datasets.checksums import FileCheck, PublishedFile, check_files
from linernotes.manifest import audio_file

ALL = "all"
MISSING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Split:
    """A named part of a data set; `clips` is the published number, None where none was published."""

    about: str
    clips: int | None = None


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What people ask of a data set before they use it.

    `commercial_use` speaks of captions and tags as published; `audio` says what holds for the recordings.
    `source` is the page that layout, columns and split were taken from.
    """

    name: str
    title: str
    about: str
    licence: str
    commercial_use: bool
    audio: str
    obtain: str
    layout: str
    source: str
    bibtex: str
    splits: Mapping[str, Split]
    files: tuple[PublishedFile, ...] = ()
    more_splits: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    """The splits that, end to end, are the whole data set; the others overlap with them."""

    @property
    def whole(self) -> tuple[str, ...]:
        return self.parts or tuple(self.splits)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a split is at hand: clips that are described, and those whose audio is there too."""

    split: str
    published: int | None
    described: int
    captioned: int
    with_audio: int
    missing_audio: tuple[str, ...] = ()

    def __str__(self) -> str:
        of = self.published if self.published is not None else self.described
        return (
            f"{self.split}: {self.described} clips described, {self.with_audio} with audio; "
            f"scores on it cover {self.with_audio} of {of}"
        )


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What `validate` found on disk; `problems` are what keeps the data set from being whole."""

    dataset: str
    root: str
    files: tuple[FileCheck, ...] = ()
    splits: tuple[Coverage, ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def complete(self) -> bool:
        return not self.problems


def _tell_nobody(done: int) -> None:
    del done


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published data set in a folder: `read(root, split)` gives the clips of one of its splits."""

    info: DatasetInfo
    read: Callable[[Path, str], Iterator[Clip]]

    def load(self, root: str | Path, split: str = ALL) -> Iterator[Clip]:
        """Stream the clips of `split`, whose audio paths are relative to `root`.

        Raises:
            ValueError: no such split, or a file that is not what the data set publishes (with its line).
            FileNotFoundError: the folder lacks a file that the split needs.
        """
        root, info = Path(root), self.info
        known = (*info.splits, *info.more_splits)
        if split != ALL and split not in known:
            near = difflib.get_close_matches(split, known, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(info.splits)} and {ALL}"
            raise ValueError(f"{info.name} has no split {split!r}; {advice}")
        if not root.exists():
            raise FileNotFoundError(f"no folder {str(root)!r}; how to get {info.title}: {info.obtain}")
        return self._stream(root, info.whole if split == ALL else (split,))

    def _stream(self, root: Path, splits: tuple[str, ...]) -> Iterator[Clip]:
        try:
            for split in splits:
                yield from self.read(root, split)
        except FileNotFoundError as error:
            lacking = f"there is no file {error.filename!r}" if error.filename else str(error)
            info = self.info
            raise FileNotFoundError(f"{lacking}; how to get {info.title}: {info.obtain}") from error

    def validate(self, root: str | Path, tell: Callable[[int], None] = _tell_nobody) -> ValidationReport:
        """Say what is missing under `root`, and what scores then cover. Nothing is raised for what is missing.

        `tell` is given the number of clips looked at so far, now and then.
        """
        root = Path(root)
        folder = root.parent if root.is_file() else root
        files = check_files(folder, self.info.files)
        problems = [str(check) for check in files if check.is_bad]
        covered: list[Coverage] = []
        for name in self.info.splits:
            try:
                clips = _counted(self.load(root, name), sum(each.described for each in covered), tell)
                found = _coverage(clips, folder, name, self.info.splits[name].clips)
            except FileNotFoundError as error:
                problems.append(f"split {name}: {_absent(error, folder)}")
                continue
            except (OSError, ValueError) as error:
                problems.append(f"split {name}: {error}")
                continue
            covered.append(found)
            problems += _shortcomings(found)
        if covered and not any(found.described for found in covered):
            problems.append(f"no clips at all below {folder}; expected {self.info.layout}")
        return ValidationReport(self.info.name, str(root), files, tuple(covered), tuple(problems))


def _coverage(clips: Iterator[Clip], folder: Path, split: str, published: int | None) -> Coverage:
    described = captioned = with_audio = 0
    missing: list[str] = []
    for clip in clips:
        described += 1
        captioned += bool(clip.captions)
        if _is_there(folder, clip.audio_path):
            with_audio += 1
        elif len(missing) < MISSING_SHOWN:
            missing.append(clip.audio_path or f"{clip.clip_id} (no path known)")
    return Coverage(split, published, described, captioned, with_audio, tuple(missing))


def _absent(error: FileNotFoundError, folder: Path) -> str:
    """What wasn't found, relative to `folder` where the system raised the error."""
    if error.filename is None:
        return str(error)
    return f"can't be read without {os.path.relpath(error.filename, folder)}"


def _counted(clips: Iterator[Clip], before: int, tell: Callable[[int], None]) -> Iterator[Clip]:
    for number, clip in enumerate(clips, before + 1):
        if number % 1000 == 0:
            tell(number)
        yield clip


def _is_there(folder: Path, audio_path: str) -> bool:
    """Whether there is a file below `folder` with something in it: a failed download often leaves an empty one."""
    try:
        return bool(audio_path) and audio_file(audio_path, folder).stat().st_size > 0
    except (OSError, ValueError):
        return False


def _shortcomings(found: Coverage) -> Iterator[str]:
    absent = found.described - found.with_audio
    if absent:
        yield f"split {found.split}: {absent} of {found.described} clips have no audio here"
    if found.published is not None and found.described != found.published:
        yield f"split {found.split}: {found.described} clips described, {found.published} published"
