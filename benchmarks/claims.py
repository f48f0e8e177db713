"""How the claim check behaves, on MusicCaps' TRAIN half, and a sample of what it flags for reading by hand.

People say more than their aspects, so their captions should be flagged often; the aspects themselves, joined by
commas, never; what the composer writes, hardly ever.

    python benchmarks/claims.py musiccaps-public.csv [--sample 50]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from linernotes.datasets.musiccaps import MusicCapsItem, read_musiccaps
from linernotes.words.claims import check_caption, coverage
from linernotes.writers.composer import composer
from linernotes.writers.given import given_aspects
from linernotes.writers.template import tag_concat, template

METHODS: dict[str, Callable[[MusicCapsItem], str]] = {
    "human": lambda item: item.caption,
    "tag concat": lambda item: tag_concat(given_aspects(item.aspects)).text,
    "template": lambda item: template(given_aspects(item.aspects)).text,
    "composer": lambda item: composer(given_aspects(item.aspects)).text,
    "composer, seed 1": lambda item: composer(given_aspects(item.aspects), "short", 1).text,
}


def row(name: str, items: Sequence[MusicCapsItem]) -> str:
    """One line of the table."""
    claims = unsupported = uses = 0
    covered = 0.0
    for item in items:
        text = METHODS[name](item)
        report = check_caption(text, given_aspects(item.aspects))
        claims += report.claims
        unsupported += len(report.unsupported)
        uses += bool(report.invented_uses)
        covered += coverage(text, item.aspects)
    share, invented, coverage_share = unsupported / claims, uses / len(items), covered / len(items)
    return f"| {name} | {claims} | {share:.2%} | {invented:.1%} | {coverage_share:.1%} |"


def flagged(items: Sequence[MusicCapsItem], count: int) -> list[str]:
    """Words of human captions that the check calls unsupported, in their surroundings, with the aspects."""
    found = []
    for item in items:
        for span in check_caption(item.caption, given_aspects(item.aspects)).unsupported:
            before, after = (
                item.caption[max(0, span.start - 60) : span.start],
                item.caption[span.end : span.end + 40],
            )
            found.append(f"{span.kind}: {before}[[{span.text}]]{after} || {', '.join(item.aspects)}")
    return random.Random(99).sample(found, min(count, len(found)))


def main() -> None:
    """Print the table, then the sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("musiccaps", type=Path)
    parser.add_argument("--sample", type=int, default=0)
    arguments = parser.parse_args()
    items = read_musiccaps(arguments.musiccaps).train
    print("| method | claims | unsupported | captions with invented uses | coverage |\n|---|---|---|---|---|")
    for name in METHODS:
        print(row(name, items))
    print("\n".join(flagged(items, arguments.sample)))


if __name__ == "__main__":
    main()
