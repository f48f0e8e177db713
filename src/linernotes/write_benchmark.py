"""LP-MusicCaps' Table 2 for writers: MusicCaps' eval aspects in, captions out, scored under a profile of choice.

In-domain n-gram scores mostly reward the annotators' manner, so every row stands with its shuffled floor, with
the share of claims that the aspects do not carry, and with the slice of annotators never seen in training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from linernotes.caption_files import read_predictions
from linernotes.datasets.musiccaps import MusicCaps, MusicCapsItem
from linernotes.metrics.profiles import Metric, load_profile
from linernotes.metrics.score import Captions, Score, derange
from linernotes.metrics.score_sheet import Resources, ScoreSheet
from linernotes.registry import load_writer
from linernotes.words.claims import check_caption, coverage
from linernotes.writers import Writer
from linernotes.writers.given import given_aspects
from linernotes.writers.template import tag_concat, template

PROFILE = "lp2023"
"""The profile of the published table."""

METRICS: Mapping[str, Sequence[str]] = {
    "lp2023": ("bleu1", "bleu4", "meteor", "rougeL"),
    "coco": ("bleu1", "bleu4", "meteor", "rougeL", "cider"),
    "sonicverse2025": ("bleu", "bleu4", "meteor", "rougeL"),
}
"""Profile -> the columns of its table."""

PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "K2C augmentation (T5)": {"bleu1": 6.07, "bleu4": 0.85, "meteor": 14.23, "rougeL": 17.92},
    'GPT-3.5 "writing"': {"bleu1": 36.84, "bleu4": 6.74, "meteor": 31.44, "rougeL": 25.36},
}
"""LP-MusicCaps (Doh et al., 2023), Table 2, in per cent: quoted, not measured here."""

Method = Callable[[MusicCapsItem], str]


@dataclass(frozen=True, slots=True)
class Value:
    """A score in 0..1 with its bootstrap 95 % interval and the same captions' score on other clips."""

    value: float
    low: float
    high: float
    shuffled: float
    unseen_annotators: float


@dataclass(frozen=True, slots=True)
class Row:
    """One writer's results over `n` items; shares are 0..1."""

    method: str
    n: int
    scores: Mapping[str, Value]
    unsupported: float
    coverage: float
    invented_uses: float
    words: float


def methods(data: MusicCaps, writers: Sequence[str] = ("composer", "small")) -> dict[str, Method]:
    """Every row of the table, by name: aspects of an item -> caption."""
    nearest = _NearestCaption(data.train)
    table: dict[str, Method] = {
        "tag concat": lambda item: tag_concat(given_aspects(item.aspects)).text,
        "template": lambda item: template(given_aspects(item.aspects)).text,
        "nearest train caption": nearest,
    }
    for name in writers:
        table[name] = _written(load_writer(name))
    return table


def _written(writer: Writer) -> Method:
    return lambda item: writer(given_aspects(item.aspects), "short", 0).text


def written_before(name: str, path: Path, data: MusicCaps) -> Method:
    """A row of captions that stand in a file (`linernotes write --input`, or any other system's).

    Raises:
        ValueError: an eval item has no caption there.
    """
    captions = read_predictions(path)
    missing = [item.clip_id for item in data.evaluation if item.clip_id not in captions]
    if missing:
        raise ValueError(
            f"{name}: {path} has no caption for {len(missing)} of the {len(data.evaluation)} eval items, "
            f"such as {missing[0]!r}"
        )
    return lambda item: captions[item.clip_id]


class _NearestCaption:
    """The caption of the train item whose aspect words are most alike (cosine of word counts, idf-weighted)."""

    def __init__(self, train: Sequence[MusicCapsItem]) -> None:
        bags = [_words(item) for item in train]
        vocabulary = sorted({word for bag in bags for word in bag})
        self._row = {word: number for number, word in enumerate(vocabulary)}
        counts = np.zeros((len(train), len(vocabulary)), np.float32)
        for number, bag in enumerate(bags):
            for word in bag:
                counts[number, self._row[word]] += 1
        self._idf = np.log(len(train) / (counts > 0).sum(axis=0)).astype(np.float32)
        weighted = counts * self._idf
        self._train = weighted / np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-9)
        self._captions = [item.caption for item in train]

    def __call__(self, item: MusicCapsItem) -> str:
        query = np.zeros(len(self._row), np.float32)
        for word in _words(item):
            if word in self._row:
                query[self._row[word]] += 1
        return self._captions[int(np.argmax(self._train @ (query * self._idf)))]


def _words(item: MusicCapsItem) -> list[str]:
    return " ".join(item.aspects).lower().split()


def score_method(
    name: str,
    method: Method,
    data: MusicCaps,
    heard: Callable[[], None] = lambda: None,
    *,
    profile: str = PROFILE,
) -> Row:
    """Run one method over the eval half and score it under `profile`; `heard` is told after each item."""
    items = data.evaluation
    candidates: dict[str, str] = {}
    for item in items:
        candidates[item.clip_id] = method(item)
        heard()
    references = {item.clip_id: (item.caption,) for item in items}
    trained = {item.annotator for item in data.train}
    unseen = [item.clip_id for item in items if item.annotator not in trained]
    sheet = ScoreSheet(candidates, references, Resources())
    shuffled = ScoreSheet(derange(candidates), references, Resources())
    scores = {metric.key: _value(metric, sheet, shuffled, unseen) for metric in columns(profile)}
    return _with_claims(Row(name, len(items), scores, 0.0, 0.0, 0.0, 0.0), items, candidates)


def columns(profile: str) -> list[Metric]:
    """The metrics of the table under `profile`."""
    return [load_profile(profile).metric(key) for key in METRICS[profile]]


def need_metrics(profile: str) -> None:
    """Find out on two words what a metric lacks on this machine, not after minutes.

    Raises:
        MissingMetricError: a model, program or package is missing; the message names it.
    """
    sheet = ScoreSheet({"a": "one", "b": "two"}, {"a": ("one",), "b": ("two",)}, Resources())
    for metric in columns(profile):
        metric.of(sheet)


def _value(metric: Metric, sheet: ScoreSheet, shuffled: ScoreSheet, unseen: Sequence[str]) -> Value:
    score, floor = metric.of(sheet), metric.of(shuffled)
    assert isinstance(score, Score)
    assert isinstance(floor, Score)
    low, high = score.interval()
    return Value(score.corpus, low, high, floor.corpus, score.over(unseen) if unseen else float("nan"))


def _with_claims(row: Row, items: Sequence[MusicCapsItem], candidates: Captions) -> Row:
    """Share of claim words that the aspects do not carry, of aspect words said, of captions with invented uses."""
    claims = unsupported = uses = 0
    covered: list[float] = []
    for item in items:
        report = check_caption(candidates[item.clip_id], given_aspects(item.aspects))
        claims += report.claims
        unsupported += len(report.unsupported)
        uses += bool(report.invented_uses)
        covered.append(coverage(candidates[item.clip_id], item.aspects))
    lengths = [len(text.split()) for text in candidates.values()]
    return replace(
        row,
        unsupported=unsupported / max(claims, 1),
        coverage=float(np.mean(covered)),
        invented_uses=uses / len(items),
        words=float(np.mean(lengths)),
    )
