"""One run at a time in a folder; the lock goes with the process, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path, lock_name: str) -> Iterator[None]:
    """Nobody else who asks for the same lock works in the folder meanwhile.

    Raises:
        ValueError: somebody does.
    """
    try:
        import fcntl
    except ImportError:  # Windows: two runs would do the same work twice, and agree
        yield
        return
    with (folder / lock_name).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            raise ValueError(f"another run is at work in {folder}: wait for it, or stop it") from busy
        yield
