"""A grid of recipes, trained with several seeds and measured on the same test clips.

Recipes that differ in decoding only share their training; frozen encoders hear each clip once for the whole grid.
Everything that is done is kept, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from torch import nn

from linernotes.export import write_atomically
from linernotes.models.families import load_model
from linernotes.training.examples import ExampleSets, load_examples
from linernotes.training.heard import audio_source, model_scorer
from linernotes.training.journal import read_log
from linernotes.training.loop import Advance, train
from linernotes.training.measuring import (
    STYLE_METRICS,
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
    """Captions to look for in retrieval; 0 leaves retrieval out."""
    tracks: int = 1000
    metrics: tuple[str, ...] = TABLE_METRICS
    sentence_model: str = ""
    """Folder or name of what `sbert` compares sentences with."""

    def __post_init__(self) -> None:
        known = tuple(dict.fromkeys((*TABLE_METRICS, *STYLE_METRICS)))
        for name in self.metrics:
            if name not in known:
                raise ValueError(f"the tables have no metric {name!r}; choose from {', '.join(known)}")

    def told(self) -> dict[str, Any]:
        """Its settings, without those that older results did not know where they are at their default."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in told.items() if name != "sentence_model" or value}


@dataclass(frozen=True, slots=True)
class Found:
    """What one recipe reached with one seed."""

    measured: Measured
    retrieval: Mapping[str, float]
    epochs: int
    validation_cider: tuple[float, ...]
    """By epoch, as in Fig. 4; empty where the recipe does not measure it."""
    encoder_parameters: int = 0
    """Of the audio encoder; 0 where nobody counted."""
    captions: Mapping[str, str] = field(default_factory=dict)
    """What was written, by clip id."""


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
    sentence_model: str = ""
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The test clips' own captions, by clip id."""


def run_grid(
    recipes: Sequence[Recipe],
    out: Path,
    *,
    seeds: int = 1,
    protocol: Protocol = Protocol(),
    features: Path | None = None,
    finished: bool = False,
    advance: Advance = lambda what, done, total: None,
) -> Grid:
    """Train and measure every recipe with seeds 0, 1, ...; what `out` holds already is not done again.

    With `finished`, nothing is done at all: rows and seeds that are not measured yet are left out.

    Raises:
        ValueError: a recipe's data has no test clips, or of `finished` runs there is none.
    """
    rows, shown = [], ExampleSets((), (), {})
    home = features or out / "features"
    for recipe in recipes:
        shown = load_examples(recipe.data)
        if not shown.test:
            raise ValueError(f"there are no test clips: data.test_split is {recipe.data.test_split!r}")
        seeded = [replace(recipe, training=replace(recipe.training, seed=seed)) for seed in range(seeds)]
        there = [_stored(one, shown, out, protocol) for one in seeded]
        found = tuple(
            kept or _found(one, shown, out, home, protocol, advance)
            for one, kept in zip(seeded, there, strict=True)
            if kept or not finished
        )
        rows += [Row(recipe, found)] if found else []
    if not rows:
        raise ValueError(f"{str(out)!r} holds no finished run of these recipes: leave --finished out")
    tracks = min(protocol.tracks, len(shown.test))
    constant = best_constant(shown.train, shown.test)
    queries = min(protocol.queries, tracks)
    return Grid(
        tuple(rows), constant, len(shown.test), tracks, queries, protocol.metrics, protocol.sentence_model,
        {one.clip_id: one.captions for one in shown.test},
    )  # fmt: skip


def train_first(
    before: Mapping[str, Recipe],
    recipes: Sequence[Recipe],
    out: Path,
    *,
    features: Path | None = None,
    finished: bool = False,
    advance: Advance = lambda what, done, total: None,
) -> list[Recipe]:
    """Train the recipes `before`, by name, that others start from; returns those others, starting from them.

    A recipe whose `training.start` is a folder NAME/best starts from what the recipe NAME left. With `finished`
    nothing is trained.

    Raises:
        ValueError: no recipe starts from one of them.
    """
    best: dict[str, str] = {}
    for name, recipe in before.items():
        if not any(_starts_from(one, name) for one in recipes):
            raise ValueError(f"--first {name}: no recipe has training.start = 'runs/{name}/best'")
        run = out / "first" / name
        if finished:
            best[name] = str(run / "best")
            continue
        examples = load_examples(recipe.data)
        home = features or out / "features"
        done = train(recipe, examples, run, resume=True, features=home, advance=advance)
        best[name] = str(done.best)
    found = []
    for recipe in recipes:
        start = next((best[name] for name in best if _starts_from(recipe, name)), recipe.training.start)
        found.append(replace(recipe, training=replace(recipe.training, start=start)))
    return found


def _starts_from(recipe: Recipe, name: str) -> bool:
    start = recipe.training.start
    return start is not None and Path(start).parts[-2:] == (name, "best")


def interval(values: Sequence[float]) -> Interval:
    """Mean and interval over seeds."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, None)
    error = float(stats.sem(values))
    return Interval(mean, float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1)) * error)


def _stored(recipe: Recipe, examples: ExampleSets, out: Path, protocol: Protocol) -> Found | None:
    """What was found when the same was asked before."""
    kept = _kept(recipe, out)
    if kept.exists() and (stored := json.loads(kept.read_text("utf-8")))["key"] == _key(
        recipe, examples, protocol
    ):
        return _found_from(stored["found"], stored["captions"])
    return None


def _run(recipe: Recipe, out: Path) -> Path:
    return out / f"seed{recipe.training.seed}-{training_identity(recipe)[:8]}"


def _kept(recipe: Recipe, out: Path) -> Path:
    return _run(recipe, out) / f"test-{recipe.decoding.beams}-beams.json"


def _key(recipe: Recipe, examples: ExampleSets, protocol: Protocol) -> str:
    settings = [chosen_settings(recipe), examples.fingerprint, len(examples.test), protocol.told()]
    return json.dumps(settings, sort_keys=True, default=str)


def _found(
    recipe: Recipe, examples: ExampleSets, out: Path, features: Path, protocol: Protocol, advance: Advance
) -> Found:
    """Train unless a recipe of the same training was, then write, measure and rank."""
    run = _run(recipe, out)
    result = train(recipe, examples, run, resume=True, features=features, advance=advance)
    model, test = load_model(result.best), examples.test
    source = audio_source(model, test, features, _named(advance, "listening to the test clips", len(test)))
    told = _named(advance, f"captioning, {recipe.label}", len(test))
    captions = write_captions(model, test, source, recipe.decoding, advance=told)
    recalls: dict[str, float] = {}
    if protocol.queries:
        some = test[: protocol.tracks]
        told = _named(advance, "ranking", len(some))
        scorer = model_scorer(model, source)
        ranked = rank_tracks(scorer, some, queries=min(protocol.queries, len(some)), advance=told)
        recalls = {name: getattr(ranked, name) for name in (*RECALLS, *CHANCES)}
    curve = tuple(line["cider"] for line in read_log(run) if line["kind"] == "epoch" and "cider" in line)
    measured = measure_captions(
        captions, test, protocol.metrics, sentence_model=protocol.sentence_model or None
    )
    ears = getattr(model, "audio_encoder", None)
    counted = sum(weight.numel() for weight in ears.parameters()) if isinstance(ears, nn.Module) else 0
    found = Found(measured, recalls, result.epochs, curve, counted, captions)
    plain = asdict(found)
    told_all = {"key": _key(recipe, examples, protocol), "captions": plain.pop("captions"), "found": plain}
    write_atomically(_kept(recipe, out), json.dumps(told_all, indent=1) + "\n")
    return found


def _found_from(stored: Mapping[str, Any], captions: Mapping[str, str]) -> Found:
    measured = Measured(**stored["measured"])
    curve, counted = tuple(stored["validation_cider"]), stored.get("encoder_parameters", 0)
    return Found(measured, stored["retrieval"], stored["epochs"], curve, counted, captions)


def _named(advance: Advance, what: str, total: int) -> Callable[[float], None]:
    return lambda done: advance(what, done, total)
