"""Points of time in a text: "1:05", "1:01:05", "at 95 seconds", "after two minutes and five seconds"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPELT = {
    name: number
    for number, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"half a": 0.5, "a": 1, "an": 1, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60}
_COUNT = rf"(?:\d+(?:\.\d+)?|{'|'.join(sorted(_SPELT, key=len, reverse=True))})"
_CLOCK = re.compile(r"(?<![\d:.,/-])(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,3}):(?P<s>\d{2})(?![\d:/]|\.\d{4})")
_SPELT_OUT = re.compile(
    rf"\b(?:(?P<h>{_COUNT})[ -]?(?:hours?|hrs?)\b(?:,? and|,)? ?)?"
    rf"(?:(?P<m>{_COUNT})[ -]?(?:minutes?|mins?)\b(?:,? and|,)? ?)?"
    rf"(?:(?!an?\b)(?P<s>{_COUNT})(?:\s?(?:-|–|to|and)\s?(?P<last>{_COUNT}))?"
    r"(?:[ -]?(?:seconds?|secs?)| s|(?<!0)s)\b)?",  # "the 80s" are no seconds, "a second voice" is none
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TimeMention:
    """Characters `start` to `end` of a text name a time; `is_clock` where it is written as on a clock.

    `is_possible` is False where it is no time at all, such as 1:75.
    """

    start: int
    end: int
    seconds: float
    is_clock: bool
    is_possible: bool = True


def read_times(text: str) -> tuple[TimeMention, ...]:
    """Every time in a text, in order of place; of "20 to 30 seconds" the later one."""
    found = [_on_a_clock(match) for match in _CLOCK.finditer(text)]
    for match in _SPELT_OUT.finditer(text):
        counts = [match["h"], match["m"], match["last"] or match["s"]]
        if any(counts) and not _is_rate(text, match):
            hours, minutes, seconds = (_number(count) for count in counts)
            total = 3600 * hours + 60 * minutes + seconds
            found.append(TimeMention(match.start(), match.end(), total, is_clock=False))
    return tuple(sorted(found, key=lambda mention: mention.start))


def _on_a_clock(match: re.Match[str]) -> TimeMention:
    hours, minutes, seconds = (int(match[name] or 0) for name in "hms")
    total = 3600.0 * hours + 60 * minutes + seconds
    is_possible = seconds < 60 and (minutes < 60 or match["h"] is None)
    return TimeMention(match.start(), match.end(), total, is_clock=True, is_possible=is_possible)


def _is_rate(text: str, match: re.Match[str]) -> bool:
    """Whether this is the "a minute" of "92 beats a minute"."""
    return re.search(r"(?:beats?|bpm|times|per)\s$", text[: match.start()], re.IGNORECASE) is not None


def _number(count: str | None) -> float:
    if not count:
        return 0.0
    return float(_SPELT.get(count.lower(), count))
