"""Music facts on MusicCaps: how many captions state each attribute, and how a writer scores on them.

The coverage counts all captions. The scores hold captions written from the aspects of the first eval clips against
the human captions of the same clips, with the shuffled floor (the same captions on other clips). Nobody has
marked MusicCaps by hand for these attributes: how well the reader reads is measured on the project's own sentences
(tests/words), and these figures say how much there is to read.

    python benchmarks/music_facts.py [musiccaps-public.csv] [--items 500] [--writer composer]
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from linernotes.datasets.musiccaps import MusicCapsItem, read_musiccaps
from linernotes.metrics.music_facts import FactScore, music_facts
from linernotes.metrics.score import derange
from linernotes.registry import load_writer
from linernotes.words.text_facts import ATTRIBUTES, read_facts
from linernotes.writers.given import given_aspects

DEFAULT_CSV = (
    Path(os.environ.get("LINERNOTES_MUSICCAPS", Path(__file__).parents[2] / "shared" / "data" / "musiccaps"))
    / "musiccaps-public.csv"
)


def print_coverage(items: Sequence[MusicCapsItem]) -> None:
    """How many captions state each attribute, how many deny, and what they say most."""
    stating: Counter[str] = Counter()
    denying: Counter[str] = Counter()
    values: dict[str, Counter[str]] = {name: Counter() for name in ATTRIBUTES}
    facts = 0
    start = time.perf_counter()
    for item in items:
        found = read_facts(item.caption).facts
        facts += len(found)
        stating.update({fact.attribute for fact in found})
        denying.update({fact.attribute for fact in found if fact.is_denied})
        for fact in found:
            values[fact.attribute][fact.value] += 1
    seconds = time.perf_counter() - start
    print(
        f"{len(items)} captions, {facts} facts, {facts / len(items):.1f} a caption, read in {seconds:.1f} s\n"
    )
    print("| attribute | captions that state or deny it | share | that deny it | commonest values |")
    print("|---|---|---|---|---|")
    for name in ATTRIBUTES:
        common = ", ".join(f"{value} ({count})" for value, count in values[name].most_common(4))
        share = stating[name] / len(items)
        print(f"| {name} | {stating[name]} | {share:.1%} | {denying[name]} | {common} |")
    silent = sum(not read_facts(item.caption).facts for item in items)
    print(f"\n{silent} captions state nothing that is read.\n")


def print_scores(items: Sequence[MusicCapsItem], writer_name: str) -> None:
    """F1 of a writer's captions, by attribute, with their shuffled floor."""
    writer = load_writer(writer_name)
    candidates = {item.clip_id: writer(given_aspects(item.aspects), "short", 0).text for item in items}
    references = {item.clip_id: [item.caption] for item in items}
    scores = music_facts(candidates, references)
    floors = music_facts(derange(candidates), references)
    print(f"{writer_name}: captions of the first {len(items)} eval clips from their aspects\n")
    print(
        "| attribute | precision | recall | F1 | 95 % interval | shuffled F1 | references stating | captions |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in ("all", *ATTRIBUTES):
        if name in scores:
            print(_row(scores[name], floors[name]))


def _row(score: FactScore, floor: FactScore) -> str:
    low, high = score.f1.interval()
    cells = [f"{value.corpus:.3f}" for value in (score.precision, score.recall, score.f1)]
    cells += [f"{low:.3f} to {high:.3f}", f"{floor.f1.corpus:.3f}"]
    cells += [str(score.references_stating), str(score.candidates_stating)]
    return f"| {score.attribute} | {' | '.join(cells)} |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("csv", type=Path, nargs="?", default=DEFAULT_CSV)
    parser.add_argument("--items", type=int, default=500, help="eval clips to write captions for")
    parser.add_argument("--writer", default="composer", help="composer or small")
    options = parser.parse_args()
    data = read_musiccaps(options.csv)
    print_coverage([*data.train, *data.evaluation])
    print_scores(data.evaluation[: options.items], options.writer)


if __name__ == "__main__":
    main()
