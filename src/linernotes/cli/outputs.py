"""Files that a command will write: that they can be, and that it reads none of them, is known before any work."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
    """Make the folders of the files to write, by option, and see that each can be written and loses nothing.

    Earlier results may be written over; a file that this call reads, or writes by another option, may not.

    Raises:
        ValueError: an output is an input, another output, a folder or no file at all.
        OSError: an output can't be written.
    """
    read = [path for path in inputs if path is not None]
    written: dict[str, Path] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if any(_same(path, other) for other in read):
            raise ValueError(f"{option} {path} is a file that this command reads; choose another name")
        for other_option, other in written.items():
            if _same(path, other):
                raise ValueError(
                    f"{other_option} and {option} are the same file, {path}; choose another name"
                )
        _check_writable(option, path)
        written[option] = path


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by links as well, or will once it is there."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _check_writable(option: str, path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"{option} {path} is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise ValueError(f"{option} {path} is no regular file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OSError(f"{option} {path} can't be written: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a part of the path is a file"
    if isinstance(error, FileNotFoundError):  # in /proc, though the folder is there
        return "its folder takes no new files"
    return error.strerror or str(error)
