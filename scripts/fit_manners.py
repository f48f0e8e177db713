"""Fit which manner of telling suits which aspects, on the TRAIN half of MusicCaps.

A manner is read off a caption's opening words ("The low quality recording features", "This is a ... piece", ...),
never off its annotator. The table holds, for each word or phrase of an aspect list, the logarithm of how much more
often it goes with a manner than it does overall (naive Bayes with add-one smoothing).

    python scripts/fit_manners.py musiccaps-public.csv src/linernotes/writers/data/manners.tsv
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from linernotes.datasets.musiccaps import MusicCapsItem, read_musiccaps
from linernotes.writers.manners import MANNERS, aspect_features, manner_of_caption

FEWEST = 4
"""Features seen in fewer items tell too little."""


def table(items: Iterable[MusicCapsItem]) -> str:
    """The fitted table as text: a header, the prior, then a row for each feature."""
    items = list(items)
    labels = [manner_of_caption(item.caption) for item in items]
    prior = Counter(labels)
    counts: dict[str, Counter[str]] = {}
    for item, label in zip(items, labels, strict=True):
        for feature in aspect_features(item.aspects):
            counts.setdefault(feature, Counter())[label] += 1
    rows = ["feature\t" + "\t".join(MANNERS)]
    rows.append("\t" + "\t".join(f"{math.log(prior[manner] / len(items)):.2f}" for manner in MANNERS))
    for feature, by_manner in sorted(counts.items()):
        if sum(by_manner.values()) >= FEWEST:
            weights = [math.log((by_manner[m] + 0.5) / (prior[m] + 1.0)) for m in MANNERS]
            rows.append(feature + "\t" + "\t".join(f"{weight:.1f}" for weight in weights))
    return "\n".join(rows) + "\n"


def main() -> None:
    """Read the csv, write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("musiccaps", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(table(read_musiccaps(arguments.musiccaps).train), encoding="utf-8")


if __name__ == "__main__":
    main()
