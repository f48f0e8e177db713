"""Build the small writer's word lists from the train half of MusicCaps.

    python scripts/build_writer_words.py MUSICCAPS_CSV src/linernotes/assets/small_writer/words.json

`free`: words that need no licence, because captions use them whatever the aspects say; the counts propose them and
the two lists beside this script, read by hand, decide. `words`: every word the writer may ever
use unless an aspect brings it. `cased`: the usual spelling of words that are not in lower case inside a sentence.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from linernotes.writers.small.wording import WORD, fold, words_of

sys.path.insert(0, str(Path(__file__).parent))
from writer_data import Pair, read_pairs

MIN_COUNT = 4
MAX_SUPPORT = 0.22
"""A proposed word stands in at least MIN_COUNT captions and seldom in the aspects of the same item."""


def hand_list(name: str) -> frozenset[str]:
    """Words of a text file beside this script."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def free_words(pairs: list[Pair]) -> list[str]:
    """Words that may be used whatever the aspects say."""
    in_captions: Counter[str] = Counter()
    in_both: Counter[str] = Counter()
    for pair in pairs:
        caption, aspects = set(words_of(pair.caption)), set(words_of(" ".join(pair.aspects)))
        in_captions.update(caption)
        in_both.update(caption & aspects)
    proposed = {
        word
        for word, count in in_captions.items()
        if count >= MIN_COUNT and in_both[word] / count < MAX_SUPPORT
    }
    return sorted((proposed - hand_list("writer_words_licensed.txt")) | hand_list("writer_words_free.txt"))


def known_words(pairs: list[Pair], free: list[str]) -> list[str]:
    """Words of at least two train items (captions or aspects), and every free word."""
    items: Counter[str] = Counter()
    for pair in pairs:
        items.update(set(words_of(pair.caption)) | set(words_of(" ".join(pair.aspects))))
    return sorted({word for word, count in items.items() if count >= 2} | set(free))


def cased_words(pairs: list[Pair]) -> dict[str, str]:
    """Spellings with capitals that prevail inside sentences, keyed by the lower-case word."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        text = fold(pair.caption)
        for match in WORD.finditer(text):
            if match.start() and not text[: match.start()].rstrip().endswith((".", "!", "?", '"', ":")):
                spellings[match.group().lower()][match.group()] += 1
    usual = {word: counts.most_common(1)[0] for word, counts in spellings.items()}
    return {
        word: spelling
        for word, (spelling, count) in sorted(usual.items())
        if spelling != word and count >= 2 and count > 0.6 * sum(spellings[word].values())
    }


def main() -> None:
    """Read the csv, write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("musiccaps", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.musiccaps)
    free = free_words(pairs)
    table = {"free": free, "words": known_words(pairs, free), "cased": cased_words(pairs)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(table, ensure_ascii=True, indent=0), encoding="utf-8")
    print(f"{len(free)} free words, {len(table['words'])} words, {len(table['cased'])} cased spellings")


if __name__ == "__main__":
    main()
