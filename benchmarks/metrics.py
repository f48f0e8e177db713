"""The n-gram suites against the packages they equal: time and values in one run, on one thread.

    python benchmarks/metrics.py --pairs 2839 --musiccaps musiccaps-public.csv
    python benchmarks/metrics.py --many 100000
    python benchmarks/metrics.py --tokens --musiccaps musiccaps-public.csv

`coco` is BLEU-1..4, ROUGE-L and CIDEr-D against pycocoevalcap 1.2 with its tokenizer (Java); `lp2023` is
BLEU-1..4, METEOR and ROUGE-L against what `evaluate` runs: 13a tokens and counts (sacrebleu's), NLTK's METEOR,
rouge_score. Each metric runs once with nothing remembered from before; WordNet is loaded on both sides before the
clock starts. CPU seconds are those of the process and its children, which is what counts on a busy machine.
Captions are MusicCaps' where its table is given and the golden files' otherwise, less those that end in a letter
and a full stop: the jar cuts them by what the next caption begins with. Predictions are corrupted and recombined.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import random
import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import make_metric_goldens as goldens  # type: ignore[import-not-found]  # noqa: E402

from linernotes.metrics.bleu import bleu_coco_orders, bleu_orders  # noqa: E402
from linernotes.metrics.cider import cider_d  # noqa: E402
from linernotes.metrics.meteor import meteor  # noqa: E402
from linernotes.metrics.ptb_tokens import tokenize_ptb  # noqa: E402
from linernotes.metrics.rouge_l import rouge_l, rouge_l_coco  # noqa: E402
from linernotes.metrics.tokens import porter_stem, tokenize_words  # noqa: E402
from linernotes.metrics.wordnet import load_wordnet  # noqa: E402

Values = list[float]
ENDS_IN_A_LETTER = re.compile(r"\b[A-Za-z]\.\s*$")


@dataclass(frozen=True)
class Timed:
    """What a run took and gave."""

    wall_s: float
    cpu_s: float
    values: Values


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=2839)
    parser.add_argument("--many", type=int, help="only linernotes, on so many pairs: time and memory")
    parser.add_argument("--save", type=Path, help="only write the pairs, for `linernotes evaluate --pairs`")
    parser.add_argument("--tokens", action="store_true", help="only count captions that are cut differently")
    parser.add_argument("--musiccaps", type=Path, help="MusicCaps' table")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    options = parser.parse_args()
    if options.tokens:
        compare_tokens(goldens.musiccaps_captions(options.musiccaps))
        return
    pairs = made_up_pairs(captions_of(options.musiccaps), options.many or options.pairs)
    if options.save:
        listed = [
            {"prediction": text, "ground_truth": pairs.references[clip]}
            for clip, text in pairs.candidates.items()
        ]
        options.save.write_text(json.dumps(listed), "utf-8")
        return
    print(
        f"{len(pairs.candidates)} pairs; {platform.machine()}, Python {platform.python_version()}, ", end=""
    )
    print(f"load {os.getloadavg()[0]:.1f}")
    porter_stem()
    load_wordnet()
    if options.many:
        alone(pairs)
    else:
        with goldens.nltk_wordnet(options.wordnet) as wordnet:
            compare(pairs, wordnet)


def captions_of(table: Path | None) -> list[str]:
    if table:
        captions: list[str] = goldens.musiccaps_captions(table)
        return [caption for caption in captions if not ENDS_IN_A_LETTER.search(caption)]
    clips = json.loads((ROOT / "tests" / "metrics" / "golden" / "captions.json").read_text("utf-8"))
    return [caption for clip in clips for caption in clip["captions"]]


def made_up_pairs(captions: Sequence[str], count: int) -> goldens.Pairs:
    rng = random.Random(goldens.SEED)
    return goldens.recombined([[captions[number % len(captions)]] for number in range(count)], rng)


def ours(pairs: goldens.Pairs) -> dict[tuple[str, str], Callable[[], Values]]:
    both = pairs.candidates, pairs.references
    return {
        ("coco", "BLEU-1..4"): lambda: [score.corpus for score in bleu_coco_orders(*both)],
        ("coco", "ROUGE-L"): lambda: [rouge_l_coco(*both).corpus],
        ("coco", "CIDEr-D"): lambda: [cider_d(*both).corpus],
        ("lp2023", "BLEU-1..4"): lambda: [score.corpus for score in bleu_orders(*both)],
        ("lp2023", "METEOR"): lambda: [meteor(*both).corpus],
        ("lp2023", "ROUGE-L"): lambda: [rouge_l(*both).corpus],
    }


def theirs(pairs: goldens.Pairs, wordnet: Any) -> dict[tuple[str, str], Callable[[], Values]]:
    from pycocoevalcap.bleu.bleu import Bleu  # type: ignore[import-untyped]
    from pycocoevalcap.cider.cider import Cider  # type: ignore[import-untyped]
    from pycocoevalcap.rouge.rouge import Rouge  # type: ignore[import-untyped]

    tokens: list[Any] = []
    words = goldens.punkt_words()

    def tokenize() -> Values:
        tokens.extend(goldens.coco_tokens(pairs))
        return []

    return {
        ("coco", "tokens"): tokenize,
        ("coco", "BLEU-1..4"): lambda: list(Bleu(4).compute_score(*tokens, verbose=0)[0]),
        ("coco", "ROUGE-L"): lambda: [Rouge().compute_score(*tokens)[0]],
        ("coco", "CIDEr-D"): lambda: [Cider().compute_score(*tokens)[0]],
        ("lp2023", "BLEU-1..4"): lambda: evaluate_bleu(pairs),
        ("lp2023", "METEOR"): lambda: [goldens.nltk_meteor(pairs, words, wordnet)["corpus"]],
        ("lp2023", "ROUGE-L"): lambda: [goldens.rouge(pairs, "fmeasure", stem=False)["corpus"]],
    }


def evaluate_bleu(pairs: goldens.Pairs) -> Values:
    """Counted once, which is kind: `evaluate` counts again for every order."""
    import sacrebleu

    metric = sacrebleu.BLEU(smooth_method="none", force=True)
    told = [refs[0] for refs in pairs.references.values()]
    counted = metric.corpus_score(list(pairs.candidates.values()), [told])
    return [
        metric.compute_bleu(
            counted.counts[:order],
            counted.totals[:order],
            counted.sys_len,
            counted.ref_len,
            smooth_method="none",
            max_ngram_order=order,
        ).score
        / 100
        for order in range(1, 5)
    ]


def timed(run: Callable[[], Values]) -> Timed:
    wall, cpu = time.perf_counter(), cpu_seconds()
    with contextlib.redirect_stdout(io.StringIO()):
        values = run()
    return Timed(time.perf_counter() - wall, cpu_seconds() - cpu, [float(value) for value in values])


def cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def compare(pairs: goldens.Pairs, wordnet: Any) -> None:
    mine = {key: timed(run) for key, run in ours(pairs).items()}
    other = {key: timed(run) for key, run in theirs(pairs, wordnet).items()}
    print("| profile | metric | linernotes CPU s | wall s | reference CPU s | wall s | largest difference |")
    print("|---|---|---|---|---|---|---|")
    nothing = Timed(0.0, 0.0, [])
    for key in other:
        here, there = mine.get(key, nothing), other[key]
        apart = max((abs(a - b) for a, b in zip(here.values, there.values, strict=True)), default=0.0)
        told = f"{here.cpu_s:.2f} | {here.wall_s:.2f} | {there.cpu_s:.2f} | {there.wall_s:.2f} | {apart:.1e}"
        print(f"| {key[0]} | {key[1]} | {told} |")
    for profile in ("coco", "lp2023", ""):
        less = f"{ratio(mine, other, profile)} |"
        print(f"| **{profile or 'both'}** | all | {total(mine, profile)} | {total(other, profile)} | {less}")


def picked(runs: dict[tuple[str, str], Timed], profile: str) -> list[Timed]:
    return [run for key, run in runs.items() if key[0].startswith(profile)]


def total(runs: dict[tuple[str, str], Timed], profile: str) -> str:
    some = picked(runs, profile)
    return f"{sum(run.cpu_s for run in some):.2f} | {sum(run.wall_s for run in some):.2f}"


def ratio(mine: dict[tuple[str, str], Timed], other: dict[tuple[str, str], Timed], profile: str) -> str:
    cpu = [sum(run.cpu_s for run in picked(runs, profile)) for runs in (mine, other)]
    return f"{cpu[1] / cpu[0]:.1f} x less CPU time"


def compare_tokens(captions: Sequence[str]) -> None:
    """Captions whose tokens differ from the jar's, one after another and apart, and from NLTK's with Punkt."""
    cases: list[tuple[str, list[str]]] = [("one after another", []), ("each before a neutral line", ["x"])]
    for name, between in cases:
        told = {str(number): [caption, *between] for number, caption in enumerate(captions)}
        tokens, _ = goldens.coco_tokens(goldens.Pairs(dict.fromkeys(told, "x"), told))
        differ = sum(tokens[str(n)][0] != " ".join(tokenize_ptb(text)) for n, text in enumerate(captions))
        print(f"PTB words, {name}: {differ} of {len(captions)} differ")
    words = goldens.punkt_words()
    differ = sum(words(text) != tokenize_words(text) for text in captions)
    print(f"word_tokenize: {differ} of {len(captions)} differ")


def alone(pairs: goldens.Pairs) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("| profile | metric | CPU s | wall s | peak MB so far |")
    print("|---|---|---|---|---|")
    for (profile, name), run in ours(pairs).items():
        result = timed(run)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {profile} | {name} | {result.cpu_s:.1f} | {result.wall_s:.1f} | {peak:.0f} |")
    print(f"The captions themselves, and the program, took {before:.0f} MB.")


if __name__ == "__main__":
    main()
