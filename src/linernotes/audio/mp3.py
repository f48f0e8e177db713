"""What libsndfile gets wrong about MP3 files that don't tell their own length, and the way round it.

For such a file it guesses the number of frames from the bit rate of the first ones, and then stops there, however
much is left. From a pipe it can guess nothing and reads to the end; but in a pipe it can't skip an ID3 tag, so the
file is fed to it from the first frame on.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

HEAD_BYTES = 4096
PIECE_BYTES = 1 << 16


def bytes_at(descriptor: int, position: int, size: int) -> bytes:
    """Bytes of a file, with its position left as it was."""
    before = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, position, os.SEEK_SET)
    data = os.read(descriptor, size)
    os.lseek(descriptor, before, os.SEEK_SET)
    return data


def tells_its_length(descriptor: int) -> bool:
    """Whether an MP3 begins with a Xing, Info or VBRI header, which count its frames."""
    head = bytes_at(descriptor, _end_of_tag(descriptor), HEAD_BYTES)
    return any(name in head for name in (b"Xing", b"Info", b"VBRI"))


def pipe_of_frames(descriptor: int) -> int:
    """The reading end of a pipe that gives the file from its first frame on.

    The file's own `descriptor` is closed once all is read or the reading end is closed.
    """
    os.lseek(descriptor, _first_frame(descriptor), os.SEEK_SET)
    reading, writing = os.pipe()
    threading.Thread(target=_feed, args=(descriptor, writing), daemon=True).start()
    return reading


def _feed(descriptor: int, writing: int) -> None:
    with open(descriptor, "rb") as file, suppress(BrokenPipeError), open(writing, "wb", buffering=0) as pipe:
        while piece := file.read(PIECE_BYTES):
            left = memoryview(piece)
            while left:
                left = left[pipe.write(left) :]


def _end_of_tag(descriptor: int) -> int:
    head = bytes_at(descriptor, 0, 10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    # An ID3v2 tag gives its size in four bytes of seven bits each (id3.org, ID3v2.4 structure, 3.1).
    return 10 + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))


def _first_frame(descriptor: int) -> int:
    """Position of the first MPEG frame after the tag and its padding; the end of the tag where none is seen."""
    start = _end_of_tag(descriptor)
    head = bytes_at(descriptor, start, HEAD_BYTES)
    for offset in range(len(head) - 1):
        if head[offset] == 0xFF and head[offset + 1] & 0xE0 == 0xE0:
            return start + offset
    return start
