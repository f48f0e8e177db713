"""Keeps libmpg123, inside libsndfile, from writing its notes on a damaged MP3 straight to standard error.

It writes past Python, so the file descriptor itself has to be turned away while it works. What others write
in that time (a progress bar, another thread) is kept and passed on afterwards.
"""

from __future__ import annotations

import os
import tempfile
import threading
from typing import IO

STDERR = 2
_CHATTER = (b"Note: ", b"Warning: ", b"[src/libmpg123/")


class Mpg123Hush:
    """Any number of threads may be inside at once; the first turns stderr away, the last restores it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._stderr = -1
        self._kept: IO[bytes] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._turn_away()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._restore()

    def _turn_away(self) -> None:
        try:
            self._stderr = os.dup(STDERR)
        except OSError:  # standard error is closed: nobody can be disturbed
            return
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _restore
        os.dup2(self._kept.fileno(), STDERR)

    def _restore(self) -> None:
        if self._kept is None:
            return
        os.dup2(self._stderr, STDERR)
        os.close(self._stderr)
        self._kept.seek(0)
        for line in self._kept.read().splitlines(keepends=True):
            if line.strip() and not line.startswith(_CHATTER):
                os.write(STDERR, line)
        self._kept.close()
        self._kept = None


mpg123_hushed = Mpg123Hush()
"""The one guard of this process: standard error is one, so its guard must be."""
