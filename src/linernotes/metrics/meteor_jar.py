"""METEOR 1.5 (Denkowski and Lavie, 2014) through its own jar: matches, paraphrases and alignment are Java's.

The jar gives the counts of each segment; the formula stands here, so that any subset or resample of the clips
is scored from their sums, as the jar itself scores a corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linernotes.metrics.java import GET_PACKAGE, find_file, run_java
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import Captions, References, Score, Statistics, paired

ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
"""The jar's parameters for English (task `rank`): recall's weight, fragmentation (2), content words' weight."""

STAGE_WEIGHTS = (1.0, 0.6, 0.8, 0.6)
"""Of exact, stem, synonym and paraphrase matches."""

COUNTS = 23
"""Numbers that the jar prints for a segment."""

_SEPARATOR = "|||"


class _Lengths(NamedTuple):
    """Where a text's counts stand among the 23: words, function words, matches of content and function words."""

    words: int
    function_words: int
    content_matches: tuple[int, ...]
    function_matches: tuple[int, ...]
    matched_words: int


_CANDIDATE = _Lengths(0, 2, (4, 8, 12, 16), (6, 10, 14, 18), 21)
_REFERENCE = _Lengths(1, 3, (5, 9, 13, 17), (7, 11, 15, 19), 22)
_CHUNKS = 20


def meteor_jar(candidates: Captions, references: References, *, timeout_s: float = 1800.0) -> Score:
    """METEOR 1.5 in 0..1, of each clip against its best reference; over clips, of their summed counts."""
    return meteor_jar_of([candidates], references, timeout_s=timeout_s)[0]


def meteor_jar_of(
    systems: Sequence[Captions], references: References, *, timeout_s: float = 1800.0
) -> list[Score]:
    """METEOR 1.5 of several systems' captions of the same clips, by one process: its start costs seconds.

    Texts go to the jar as they are (it only normalizes punctuation): profile `coco` hands over PTB tokens.

    Raises:
        MissingMetricError: Java or the jar with its paraphrases is absent, or the jar failed.
    """
    advice = f"{GET_PACKAGE}, which carries it"
    jar = find_file("meteor-1.5.jar", "meteor", advice)
    find_file("data/paraphrase-en.gz", "meteor", advice)
    pairs = [paired(candidates, references) for candidates in systems]
    lines = "".join(_line(text, refs) for of_one in pairs for _, text, refs in of_one)
    options = ["-Xmx2G", "-Dfile.encoding=UTF-8", "-jar", str(jar), "-", "-", "-stdio", "-l", "en", "-norm"]
    printed = run_java(options, what="METEOR 1.5", timeout_s=timeout_s, text=lines)
    ends = np.cumsum([len(of_one) for of_one in pairs])
    counts = np.split(_read(printed, int(ends[-1])), ends[:-1])
    return [
        Score(tuple(clip_id for clip_id, _, _ in of_one), part, _combine)
        for of_one, part in zip(pairs, counts, strict=True)
    ]


def _line(candidate: str, references: Sequence[str]) -> str:
    """One request of the jar's protocol: references first, the candidate last."""
    texts = [*references, candidate]
    cleaned = [" ".join(text.replace(_SEPARATOR, "").split()) for text in texts]
    return f" {_SEPARATOR} ".join(["SCORE", *cleaned]) + "\n"


def _read(printed: str, segments: int) -> Statistics:
    """(segments, 23) counts from what the jar printed."""
    rows = [line.split() for line in printed.splitlines() if line.strip()]
    if len(rows) != segments or any(len(row) != COUNTS for row in rows):
        raise MissingMetricError(
            f"METEOR 1.5's jar gave {len(rows)} answers for {segments} captions, or not {COUNTS} numbers each: "
            "is it version 1.5?"
        )
    counts = np.array(rows, np.float64)
    whole = (counts[:, _CHUNKS] == 1) & _all_matched(counts, _CANDIDATE) & _all_matched(counts, _REFERENCE)
    counts[whole, _CHUNKS] = 0  # a segment that matches as a whole is not fragmented, nor adds to a corpus
    return counts


def _combine(sums: Statistics) -> Statistics:
    """Equations 1 to 4 of the paper: weighted precision and recall, their mean, the fragmentation penalty."""
    precision, recall = _share_matched(sums, _CANDIDATE), _share_matched(sums, _REFERENCE)
    chunks = sums[..., _CHUNKS]
    words = (sums[..., _CANDIDATE.matched_words] + sums[..., _REFERENCE.matched_words]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = 1 / (ALPHA / recall + (1 - ALPHA) / precision)
        penalty = GAMMA * (chunks / words) ** BETA
    value: Statistics = np.where((precision > 0) & (recall > 0), mean * (1 - penalty), 0.0)
    return value


def _share_matched(sums: Statistics, at: _Lengths) -> Statistics:
    weights = np.array(STAGE_WEIGHTS)
    content = sums[..., at.content_matches] @ weights
    function = sums[..., at.function_matches] @ weights
    content_words = sums[..., at.words] - sums[..., at.function_words]
    total = DELTA * content_words + (1 - DELTA) * sums[..., at.function_words]
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Statistics = np.where(total > 0, (DELTA * content + (1 - DELTA) * function) / total, 0.0)
    return share


def _all_matched(counts: Statistics, at: _Lengths) -> NDArray[np.bool_]:
    matched = counts[:, at.content_matches + at.function_matches].sum(axis=1)
    whole: NDArray[np.bool_] = matched == counts[:, at.words]
    return whole
