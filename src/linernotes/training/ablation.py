"""A grid of recipes, trained with several seeds and measured on the same test clips.

Recipes that differ in decoding only share their training; frozen encoders hear each clip once for the whole grid.
Everything that is done is kept, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from linernotes.export import write_atomically
from linernotes.models.families import load_model
from linernotes.training.examples import ExampleSets, load_examples
from linernotes.training.heard import audio_source, model_scorer
from linernotes.training.journal import read_log
from linernotes.training.loop import Advance, train
from linernotes.training.measuring import (
    TABLE_METRICS,
    Constant,
    Measured,
    best_constant,
    measure_captions,
)
from linernotes.training.ranking import rank_tracks
from linernotes.training.recipe import Recipe, chosen_settings, training_identity
from linernotes.training.validation import write_captions

CONFIDENCE = 0.95
RECALLS = ("recall_at_1", "recall_at_5", "recall_at_10", "median_rank")
CHANCES = ("chance_at_1", "chance_at_5", "chance_at_10")


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is measured on the test clips."""

    queries: int = 100
    tracks: int = 1000
    metrics: tuple[str, ...] = TABLE_METRICS

    def __post_init__(self) -> None:
        for name in self.metrics:
            if name not in TABLE_METRICS:
                raise ValueError(
                    f"the tables have no metric {name!r}; choose from {', '.join(TABLE_METRICS)}"
                )


@dataclass(frozen=True, slots=True)
class Found:
    """What one recipe reached with one seed."""

    measured: Measured
    retrieval: Mapping[str, float]
    epochs: int
    validation_cider: tuple[float, ...]
    """By epoch, as in Fig. 4; empty where the recipe does not measure it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One recipe with all its seeds."""

    recipe: Recipe
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds and half the width of its 95 % interval (Student's t); None with one seed."""

    mean: float
    half_width: float | None


@dataclass(frozen=True, slots=True)
class Grid:
    """All rows, and the best that saying one thing of every clip could reach."""

    rows: tuple[Row, ...]
    constant: Constant
    test_clips: int
    tracks: int
    queries: int
    metrics: tuple[str, ...]
    """That were asked for; this machine may lack some."""


def run_grid(
    recipes: Sequence[Recipe],
    out: Path,
    *,
    seeds: int = 1,
    protocol: Protocol = Protocol(),
    features: Path | None = None,
    advance: Advance = lambda what, done, total: None,
) -> Grid:
    """Train and measure every recipe with seeds 0, 1, ...; what `out` holds already is not done again.

    Raises:
        ValueError: a recipe's data has no test clips.
    """
    rows, shown = [], ExampleSets((), (), {})
    home = features or out / "features"
    for recipe in recipes:
        shown = load_examples(recipe.data)
        if not shown.test:
            raise ValueError(f"there are no test clips: data.test_split is {recipe.data.test_split!r}")
        seeded = [replace(recipe, training=replace(recipe.training, seed=seed)) for seed in range(seeds)]
        found = tuple(_found(one, shown, out, home, protocol, advance) for one in seeded)
        rows.append(Row(recipe, found))
    tracks = min(protocol.tracks, len(shown.test))
    constant = best_constant(shown.train, shown.test)
    queries = min(protocol.queries, tracks)
    return Grid(tuple(rows), constant, len(shown.test), tracks, queries, protocol.metrics)


def interval(values: Sequence[float]) -> Interval:
    """Mean and interval over seeds."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, None)
    error = float(stats.sem(values))
    return Interval(mean, float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1)) * error)


def _found(
    recipe: Recipe, examples: ExampleSets, out: Path, features: Path, protocol: Protocol, advance: Advance
) -> Found:
    """Train unless a recipe of the same training was, then write, measure and rank, unless that was done."""
    run = out / f"seed{recipe.training.seed}-{training_identity(recipe)[:8]}"
    result = train(recipe, examples, run, resume=True, features=features, advance=advance)
    settings = [chosen_settings(recipe), examples.fingerprint, len(examples.test), asdict(protocol)]
    key = json.dumps(settings, sort_keys=True, default=str)
    kept = run / f"test-{recipe.decoding.beams}-beams.json"
    if kept.exists() and (stored := json.loads(kept.read_text("utf-8")))["key"] == key:
        return _found_from(stored["found"])
    model, test = load_model(result.best), examples.test
    source = audio_source(model, test, features, _named(advance, "listening to the test clips", len(test)))
    told = _named(advance, f"captioning, {recipe.label}", len(test))
    captions = write_captions(model, test, source, recipe.decoding, advance=told)
    some = test[: protocol.tracks]
    told = _named(advance, "ranking", len(some))
    scorer = model_scorer(model, source)
    ranked = rank_tracks(scorer, some, queries=min(protocol.queries, len(some)), advance=told)
    curve = tuple(line["cider"] for line in read_log(run) if line["kind"] == "epoch" and "cider" in line)
    recalls = {name: getattr(ranked, name) for name in (*RECALLS, *CHANCES)}
    found = Found(measure_captions(captions, test, protocol.metrics), recalls, result.epochs, curve)
    told_all = {"key": key, "found": asdict(found), "captions": captions}
    write_atomically(kept, json.dumps(told_all, indent=1) + "\n")
    return found


def _found_from(stored: Mapping[str, Any]) -> Found:
    measured = Measured(**stored["measured"])
    return Found(measured, stored["retrieval"], stored["epochs"], tuple(stored["validation_cider"]))


def _named(advance: Advance, what: str, total: int) -> Callable[[float], None]:
    return lambda done: advance(what, done, total)
