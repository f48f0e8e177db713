"""Time of the metrics that run in Java or in a text model, beside their reference packages, in one run.

    python benchmarks/model_metrics.py --captions musiccaps-public.csv --pairs 500

The predictions are captions of the file, corrupted by a fixed seed: whole, thinned out, in another order, of
another clip, or half of one and half of another; every third clip has two references. Seconds are of the
processor, so that other work on the machine does not count; models are loaded in them, libraries before. Needs
the [coco] and [bert] extras, Java, and the packages pycocoevalcap and bert_score to compare with.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from linernotes.metrics.bert_score import LAYERS, bert_score
from linernotes.metrics.meteor_jar import meteor_jar
from linernotes.metrics.ptb_tokens import tokenize_ptb
from linernotes.metrics.score import Score
from linernotes.metrics.sentence_similarity import sentence_similarity
from linernotes.metrics.text_models import OFFLINE_MODEL, find_text_model

Candidates = dict[str, str]
References = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A metric's value, its seconds, and the reference package's, with the largest difference of a clip."""

    metric: str
    value: float
    cpu_s: float
    package_cpu_s: float | None
    largest_difference: float | None


def make_pairs(path: Path, count: int) -> tuple[Candidates, References]:
    """Corrupted captions and their references."""
    with path.open(encoding="utf-8", newline="") as file:
        captions = [row["caption"] for row in csv.DictReader(file)]
    rng = random.Random(0)
    rng.shuffle(captions)
    candidates, references = {}, {}
    for number in range(count):
        clip_id, words = str(number), captions[number].split()
        other = captions[number + 1].split()
        candidates[clip_id] = (
            captions[number],
            " ".join(word for word in words if rng.random() < 0.7) or words[0],
            " ".join(rng.sample(words, len(words))),
            " ".join(other),
            " ".join(words[: len(words) // 2] + other[len(other) // 2 :]),
        )[number % 5]
        references[clip_id] = [captions[number]] + [captions[-1 - number]] * (number % 3 == 0)
    return candidates, references


def processor_s() -> float:
    """Seconds of the processor that this process and its ended children took."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def compare(
    metric: str, ours: Callable[[], Score], theirs: Callable[[], Sequence[float]] | None = None
) -> Row:
    """One row; ours runs first."""
    start = processor_s()
    score = ours()
    seconds = processor_s() - start
    if theirs is None:
        return Row(metric, score.corpus, seconds, None, None)
    start = processor_s()
    values = theirs()
    package_seconds = processor_s() - start
    gap = float(np.abs(np.array(list(score.per_clip.values())) - np.array(values)).max())
    return Row(metric, score.corpus, seconds, package_seconds, gap)


def pycocoevalcap_meteor(candidates: Candidates, references: References) -> list[float]:
    """Per clip; the package's own process."""
    from pycocoevalcap.meteor.meteor import Meteor

    values: list[float] = Meteor().compute_score(
        references, {key: [text] for key, text in candidates.items()}
    )[1]
    return values


def package_bert_score(candidates: Candidates, references: References, model: str) -> list[float]:
    """F1 per clip."""
    from bert_score import score

    found = find_text_model(model)
    layer = LAYERS[found.label]
    values: list[float] = score(
        list(candidates.values()),
        list(references.values()),
        model_type=found.source,
        num_layers=layer,
        nthreads=0,
    )[2].tolist()
    return values


def measure(candidates: Candidates, references: References, model: str) -> list[Row]:
    """All rows."""
    tokens = {key: " ".join(tokenize_ptb(text)) for key, text in candidates.items()}
    reference_tokens = {
        key: [" ".join(tokenize_ptb(text)) for text in texts] for key, texts in references.items()
    }
    return [
        compare(
            "METEOR 1.5",
            lambda: meteor_jar(tokens, reference_tokens),
            lambda: pycocoevalcap_meteor(tokens, reference_tokens),
        ),
        compare(
            f"BERTScore F1 ({model})",
            lambda: bert_score(candidates, references, model=model),
            lambda: package_bert_score(candidates, references, model),
        ),
        compare(
            f"sentence similarity ({model})", lambda: sentence_similarity(candidates, references, model=model)
        ),
    ]


def main(argv: Sequence[str]) -> None:
    """Measure and print, as a table and with --json as a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--captions", type=Path, required=True, help="csv with a column `caption`")
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--model", default=OFFLINE_MODEL, help="text model whose layer is known")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args(argv)
    for package in ("sentence_transformers", "bert_score", "pycocoevalcap"):
        importlib.import_module(package)
    rows = measure(*make_pairs(arguments.captions, arguments.pairs), arguments.model)
    print(
        f"{arguments.pairs} pairs; seconds of the processor\n| metric | value | ours | package | difference |"
    )
    print("|---|---|---|---|---|")
    for row in rows:
        package = "-" if row.package_cpu_s is None else f"{row.package_cpu_s:.1f} s"
        gap = "-" if row.largest_difference is None else f"{row.largest_difference:.1e}"
        print(f"| {row.metric} | {row.value:.4f} | {row.cpu_s:.1f} s | {package} | {gap} |")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
