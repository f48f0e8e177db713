"""What can be wrong with a file before a decoder sees it, each said in one line with a next step."""

from __future__ import annotations

import errno
import os
import stat
from os import PathLike
from typing import TypeAlias

FilePath: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]

SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"RIFF", 0, "WAV"),
    (b"RF64", 0, "WAV"),
    (b"fLaC", 0, "FLAC"),
    (b"OggS", 0, "Ogg"),
    (b"FORM", 0, "AIFF"),
    (b"ID3", 0, "MP3"),
    (b"ftyp", 4, "MP4"),
    (b"\x1a\x45\xdf\xa3", 0, "Matroska or WebM"),
    (b"\x30\x26\xb2\x75", 0, "WMA"),
    (b"%PDF", 0, "PDF"),
    (b"PK\x03\x04", 0, "ZIP"),
    (b"\x1f\x8b", 0, "gzip"),
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"\x89PNG", 0, "PNG"),
)
"""Bytes, where they stand in a file, and the format they announce."""

NOT_AUDIO = frozenset({"PDF", "ZIP", "gzip", "JPEG", "PNG"})


class AudioError(ValueError):
    """A recording that can't be used: one line that says what arrived, the likely cause and what to do."""


def shown(path: FilePath) -> str:
    """The name in quotes on one printable line, whatever bytes it holds."""
    return repr(os.fsdecode(path))


def open_regular_file(path: FilePath) -> int:
    """A file descriptor for reading; refuses whatever is not a readable file with something in it."""
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would otherwise wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise AudioError(f"{shown(path)} {_why_not_opened(path, error)}") from error
    except ValueError as error:  # a NUL in the name
        raise AudioError(f"{shown(path)} is no file name: {error}; check how the name was made") from error
    try:
        _refuse_unless_file_with_content(path, os.fstat(descriptor))
    except AudioError:
        os.close(descriptor)
        raise
    return descriptor


def _why_not_opened(path: FilePath, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path):
            return "is a link whose target is missing; mend the link or name the file itself"
        return "does not exist; check the spelling and the folder"
    if isinstance(error, PermissionError):
        if os.path.isdir(path):
            return "is a folder, not an audio file; name the files in it"
        return "may not be read by this user; change its permissions (chmod +r) or run as its owner"
    if isinstance(error, IsADirectoryError):
        return "is a folder, not an audio file; name the files in it"
    if isinstance(error, NotADirectoryError):
        return "lies in something that is not a folder; check the path"
    if error.errno == errno.ELOOP:
        return "is a link that leads back to itself; name the real file"
    reason = (error.strerror or type(error).__name__).lower()
    return f"can't be opened ({reason}); check the disk and the path"


def _refuse_unless_file_with_content(path: FilePath, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise AudioError(f"{shown(path)} is a folder, not an audio file; name the files in it")
    if not stat.S_ISREG(status.st_mode):
        raise AudioError(
            f"{shown(path)} is a pipe, socket or device, not a file; save the audio to a file and name that"
        )
    if status.st_size == 0:
        raise AudioError(f"{shown(path)} is empty (0 bytes): a download or copy failed; get it again")


def announced_format(head: bytes) -> str | None:
    """Format that the first bytes of a file announce, None where they announce nothing known."""
    for magic, offset, name in SIGNATURES:
        if head[offset : offset + len(magic)] == magic:
            return name
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "MP3"
    return None


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes are text: printable, in an 8-bit code, without control characters."""
    if any(byte < 9 or 13 < byte < 32 for byte in head):
        return False
    return sum(32 <= byte < 127 or byte in b"\r\n\t" for byte in head) > 0.7 * len(head)


def refuse_what_is_not_audio(path: FilePath, head: bytes) -> None:
    """Raise for text and for formats that hold no sound, before a decoder guesses at them."""
    if looks_like_text(head):
        begins = repr(head[:24].decode("utf-8", "replace"))
        raise AudioError(
            f"{shown(path)} is text, not audio (it begins {begins}): "
            "a renamed file or a saved error page; get the audio file itself"
        )
    if (name := announced_format(head)) in NOT_AUDIO:
        raise AudioError(f"{shown(path)} is a {name} file, not audio; take the audio out of it first")


def undecodable(path: FilePath, head: bytes, *, ffmpeg_tried: bool) -> AudioError:
    """The error for a file that no decoder can open."""
    name = announced_format(head)
    if name:
        what = (
            f"begins like {_article(name)} {name} file, but no audio in it can be decoded: "
            "it is probably cut off or damaged; copy or download it again"
        )
    else:
        what = (
            "is in no audio format that is known here: it may be damaged, encrypted or another kind of file; "
            "convert it to WAV, FLAC or MP3"
        )
    hint = "" if ffmpeg_tried else "; installing ffmpeg would help if it is M4A, WMA or another such format"
    return AudioError(f"{shown(path)} {what}{hint}")


def _article(name: str) -> str:
    return "an" if name[0] in "AEIOM" and name != "Matroska or WebM" else "a"
