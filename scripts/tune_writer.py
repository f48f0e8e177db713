"""Score settings of the small writer on validation items of MusicCaps' train half (never on the eval half).

    python scripts/tune_writer.py EXPORTED_FOLDER MUSICCAPS_CSV --items 200 --set reward=0.5 decoding.beams=4

Two lines a setting: the model's text alone, and the whole writer (claim check, composer). The validation items are
those that a run with `validation = 200` kept aside.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linernotes.config import config_from_mapping, config_to_mapping
from linernotes.metrics.bleu import bleu
from linernotes.metrics.meteor import meteor
from linernotes.metrics.rouge_l import rouge_l
from linernotes.words.claims import check_caption, coverage
from linernotes.writers.given import given_aspects
from linernotes.writers.small import SmallOptions, SmallWriter, load_small_writer
from linernotes.writers.small.fact_phrases import fact_phrases

sys.path.insert(0, str(Path(__file__).parent))
from writer_data import Pair, read_pairs, split_pairs


@dataclass(frozen=True)
class Line:
    """Scores in per cent, lengths in words."""

    bleu4: float
    meteor: float
    rouge_l: float
    coverage: float
    unsupported: float
    invented_uses: float
    words: float
    reference_words: float

    def __str__(self) -> str:
        scores = f"B4 {self.bleu4:5.2f}  METEOR {self.meteor:5.2f}  ROUGE-L {self.rouge_l:5.2f}"
        checks = f"coverage {self.coverage:5.1f}  unsupported {self.unsupported:5.2f}"
        lengths = f"words {self.words:.1f}/{self.reference_words:.1f}"
        return f"{scores}  {checks}  uses {self.invented_uses:4.1f}  {lengths}"


def score(texts: Mapping[str, str], pairs: Sequence[Pair]) -> Line:
    """Everything the benchmark prints, for some captions."""
    references = {pair.clip_id: [pair.caption] for pair in pairs}
    claims = unsupported = uses = 0
    for pair in pairs:
        report = check_caption(texts[pair.clip_id], given_aspects(pair.aspects))
        claims += report.claims
        unsupported += len(report.unsupported)
        uses += bool(report.invented_uses)
    return Line(
        100 * bleu(texts, references).corpus,
        100 * meteor(texts, references).corpus,
        100 * rouge_l(texts, references).corpus,
        100 * float(np.mean([coverage(texts[pair.clip_id], pair.aspects) for pair in pairs])),
        100 * unsupported / max(claims, 1),
        100 * uses / len(pairs),
        float(np.mean([len(text.split()) for text in texts.values()])),
        float(np.mean([len(pair.caption.split()) for pair in pairs])),
    )


def changed(options: SmallOptions, settings: Sequence[str]) -> SmallOptions:
    """`options` with `key=value` settings; a dot reaches into `decoding`."""
    table = config_to_mapping(options)
    for setting in settings:
        key, value = setting.split("=", 1)
        *path, last = key.split(".")
        place = table
        for part in path:
            place = place[part]
        place[last] = json.loads(value)
    return config_from_mapping(table, SmallOptions)


def measure(writer: SmallWriter, pairs: Sequence[Pair], show: int) -> None:
    """Print the two lines, and some captions."""
    alone: dict[str, str] = {}
    whole: dict[str, str] = {}
    replaced = 0
    began = time.process_time()
    for pair in pairs:
        facts = given_aspects(pair.aspects)
        alone[pair.clip_id] = writer.write(fact_phrases(facts))
    seconds = (time.process_time() - began) / len(pairs)
    for pair in pairs:
        facts = given_aspects(pair.aspects)
        text = alone[pair.clip_id]
        whole[pair.clip_id] = writer.finish(text, facts).text
        replaced += not whole[pair.clip_id].startswith(text)
    for pair in pairs[:show]:
        print(f"ASPECTS  {' | '.join(pair.aspects)}\nHUMAN    {pair.caption}\nMODEL    {alone[pair.clip_id]}")
        print(f"WHOLE    {whole[pair.clip_id]}\n")
    print(f"alone  {score(alone, pairs)}  {seconds:.2f} s CPU a caption")
    print(f"whole  {score(whole, pairs)}  replaced {100 * replaced / len(pairs):.1f} %", flush=True)


def main() -> None:
    """Read settings, print scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exported", type=Path)
    parser.add_argument("musiccaps", type=Path)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    _, held_out = split_pairs(read_pairs(arguments.musiccaps), 200)
    writer = load_small_writer(arguments.exported, changed(SmallOptions(), arguments.set))
    print(" ".join(arguments.set) or "(defaults)")
    measure(writer, held_out[: arguments.items], arguments.show)


if __name__ == "__main__":
    main()
