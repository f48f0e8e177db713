"""What the listening tests of the tests are made of: clips of one tone, and two methods that describe them."""

from __future__ import annotations

from collections.abc import Callable

from linernotes.clip import Clip
from linernotes.listening.making import Made

METHODS = ("method-one", "method-two")
RATE = 22_050
SECONDS = 4.0

MakeTest = Callable[..., Made]


def clips(count: int) -> list[Clip]:
    return [
        Clip(f"clip-{number}", "tone.wav", 0.0, SECONDS, (f"A person heard tone {number}.",))
        for number in range(count)
    ]


def predictions(count: int) -> dict[str, dict[str, str]]:
    return {
        method: {f"clip-{number}": f"Machine {place} heard tone {number}." for number in range(count)}
        for place, method in enumerate(METHODS)
    }
