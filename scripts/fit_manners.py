"""Fit which manner of telling suits which aspects, on the TRAIN half of MusicCaps.

A manner is read off a caption's opening words ("The low quality recording features", "This is a ... piece", ...),
never off its annotator. The table holds, for each word or phrase of an aspect list, the logarithm of how much more
often it goes with a manner than it does overall (naive Bayes with add-one smoothing).

    python scripts/fit_manners.py musiccaps-public.csv src/linernotes/writers/composer/data/manners.tsv

With --held-out it fits on 2,000 train items and scores the composer on the other 663 (needs [metrics]):
this is what the tellings were tuned on. The eval half takes no part.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from linernotes.datasets.musiccaps import MusicCapsItem, read_musiccaps
from linernotes.writers.composer import tell
from linernotes.writers.composer.manners import (
    MANNERS,
    aspect_features,
    choose_manner,
    manner_of_caption,
    read_table,
)
from linernotes.writers.given import given_aspects

FITTED = 2000
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


def score_held_out(items: Iterable[MusicCapsItem]) -> str:
    """Scores on train items that the table was not fitted on."""
    from linernotes.metrics.bleu import bleu
    from linernotes.metrics.meteor import meteor
    from linernotes.metrics.rouge_l import rouge_l

    shuffled = sorted(items, key=lambda item: item.clip_id)
    random.Random(0).shuffle(shuffled)
    fitted, held_out = shuffled[:FITTED], shuffled[FITTED:]
    weights = read_table(table(fitted))
    right = sum(choose_manner(i.aspects, weights=weights) == manner_of_caption(i.caption) for i in held_out)
    texts = {
        item.clip_id: tell(given_aspects(item.aspects), choose_manner(item.aspects, weights=weights)).text
        for item in held_out
    }
    people = {i.clip_id: [i.caption] for i in held_out}
    scores = {
        "BLEU-4": bleu(texts, people, order=4),
        "METEOR": meteor(texts, people),
        "ROUGE-L": rouge_l(texts, people),
    }
    told = ", ".join(f"{name} {100 * score.corpus:.1f}" for name, score in scores.items())
    return f"n {len(held_out)}, manner right {right / len(held_out):.0%}, {told}"


def main() -> None:
    """Read the csv, write the table or score held-out items."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("musiccaps", type=Path)
    parser.add_argument("out", type=Path, nargs="?", help="where the table goes")
    parser.add_argument("--held-out", action="store_true", help="print scores instead")
    arguments = parser.parse_args()
    train = read_musiccaps(arguments.musiccaps).train
    if arguments.held_out:
        print(score_held_out(train))
        return
    if arguments.out is None:
        parser.error("say where the table goes, or --held-out")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(table(train), encoding="utf-8")


if __name__ == "__main__":
    main()
