"""Audio paths of a manifest: relative to a root, and never out of it."""

from __future__ import annotations

import re
from pathlib import Path

_DRIVE = re.compile(r"[A-Za-z]:")


def escape_of(audio_path: str) -> str:
    """Why `audio_path` can't be used in a manifest, in words after its name; "" when it can.

    Paths use forward slashes on every system, so one manifest means the same files everywhere.
    """
    if "\0" in audio_path:
        return "holds a NUL character"
    if "\\" in audio_path:
        return "holds a backslash: write forward slashes"
    if audio_path.startswith("/") or _DRIVE.match(audio_path):
        return "is absolute: write it relative to the data set's root"
    if ".." in audio_path.split("/"):
        return "leaves the data set's root by '..'"
    return ""


def audio_file(audio_path: str, root: Path) -> Path:
    """The file that `audio_path` names under `root`; it need not exist.

    Raises:
        ValueError: the path is empty, or leaves `root`, by its text or through a symbolic link. A root that is
            itself a link is fine: give the folder where the audio really is.
    """
    if not audio_path:
        raise ValueError("this clip has no audio_path: its audio is not part of the data set")
    if escape := escape_of(audio_path):
        raise ValueError(f"audio_path {audio_path!r} {escape}")
    path = root / audio_path
    if not path.resolve().is_relative_to(root.resolve()):
        raise ValueError(
            f"audio_path {audio_path!r} leaves {root} through a symbolic link: "
            "put the audio below that folder (a mount or a hard link will do), or make the folder itself the link"
        )
    return path
