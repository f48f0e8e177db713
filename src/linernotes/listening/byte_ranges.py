"""Which bytes of a file a request means: the header Range of RFC 9110, section 14, by which players seek."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class UnsatisfiableRangeError(ValueError):
    """The range begins behind the end of the file."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to, but not including, `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many."""
        return self.end - self.start


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The part of a file of `size` bytes that `header` asks for; None where the whole file is to be sent.

    Several ranges at once, other units and what makes no sense may be answered with the whole file, and are.

    Raises:
        UnsatisfiableRangeError: there are no such bytes.
    """
    found = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), size if not last else min(size, int(last) + 1)
        if last and int(last) < start:
            return None
    if start >= end:
        raise UnsatisfiableRangeError(f"bytes {start} to {end} of {size}")
    return ByteRange(start, end)
