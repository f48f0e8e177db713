"""Does the time to read a text grow with its length, or with the square of it?

    python benchmarks/reading_time.py

Texts that give the readers much to do, at 5,000 and 80,000 characters: 16 times as long a text should take about
16 times as long (256 times if time grew with the square).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from linernotes.words.claims import check_caption
from linernotes.words.text_facts import read_facts

TEXTS = (
    "no drums, bass or a sad violin, she sings ",
    "A slow waltz in F sharp minor, an Am chord. C - G - F, in a minor key. You could hear this at a party. ",
    "no drums, drums, bass, drums, drums, bass, drums, drums, bass, drums, drums, bass, ",
    "one hundred twenty one ninety ",
)
SHORT, LONG = 5_000, 80_000  # characters
READERS: dict[str, Callable[[str], object]] = {
    "read_facts": read_facts,
    "check_caption": partial(check_caption, facts=()),
}


def seconds(reader: Callable[[str], object], text: str, characters: int) -> float:
    """Processor seconds of one reading."""
    start = time.process_time()
    reader(text * (characters // len(text)))
    return time.process_time() - start


def main() -> None:
    """Print the ratios."""
    print(f"| reader | text | {SHORT} characters, s | {LONG} characters, s | ratio |\n|---|---|---|---|---|")
    for name, reader in READERS.items():
        for text in TEXTS:
            seconds(reader, text, SHORT // 2)  # word lists are loaded once; answers are remembered by text
            short, long = seconds(reader, text, SHORT), seconds(reader, text, LONG)
            print(f"| {name} | {text[:30]}... | {short:.3f} | {long:.3f} | {long / short:.0f} |")


if __name__ == "__main__":
    main()
