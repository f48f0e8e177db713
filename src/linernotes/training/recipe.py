"""Recipes: TOML files that say which model learns from which data, and how.

A recipe may `extends = "other.toml"` (relative to itself): its tables are laid over the other's, key by key.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from linernotes.config import ConfigError, config_from_mapping, config_to_mapping
from linernotes.decoding import DecodingOptions

SCHEDULES = ("constant", "linear", "cosine", "plateau")
PRECISIONS = {"float32": "no", "bfloat16": "bf16"}
OPTIMIZERS = ("adam", "adamw")
SAMPLINGS = (None, "balanced")


@dataclass(frozen=True, slots=True)
class DataOptions:
    """Which clips of which manifest are learned from, and which are held out."""

    manifest: str = ""
    root: str = ""
    """Folder that audio paths are relative to; "" is the manifest's."""
    train_split: str = "train"
    validation_split: str = "validation"
    test_split: str = "test"
    """Never seen in training: what `ablation` and `retrieve` measure on."""
    min_clip_s: float = 0.0
    max_clip_s: float = float("inf")
    min_words: int = 1
    max_words: int = 1_000_000
    """Captions with fewer or more words and marks are left out, and clips that have no other."""
    without_captions: bool | None = None
    """True keeps clips that have no caption, for models that then learn features alone."""
    drop_duplicate_captions: bool = False
    """Leave out a caption that an earlier clip has."""
    limit: int = 0
    """Train on this many clips at most; 0 takes all."""
    validation_limit: int = 0
    crop_s: float = 0.0
    """Train on a random stretch of this many seconds of each clip; 0 takes the whole clip."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How the weights are moved."""

    seed: int = 0
    start: str | None = None
    """Folder of a trained model whose weights and tokens are gone on with; None starts from the recipe's model."""
    sampling: str | None = None
    """"balanced": draw a tag, each as likely as any other, then a clip that has it; None shows each clip once."""
    epochs: int = 20
    steps: int | None = None
    """Updates in all, in place of `epochs`; the last epoch may then be shorter."""
    batch_size: int = 16
    """Clips a step, over all processes and accumulation."""
    accumulate: int = 1
    """Parts that a batch is worked through in, where memory is short."""
    optimizer: str = "adam"
    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    schedule: str = "linear"
    """constant; linear or cosine, down to the floor; plateau: halved when validation stands still."""
    warmup_steps: int = 0
    floor: float = 0.0
    """What is left of the learning rate in the end, as a share."""
    plateau_patience: int = 3
    clip_norm: float = 12.0
    """Largest norm of the gradient; 0 leaves it as it is."""
    precision: str = "float32"
    average_decay: float = 0.0
    """Validate and save a moving average of the weights with this decay; 0 keeps the weights themselves."""
    patience: int = 10
    """Stop after this many epochs without a better validation; 0 never does."""
    monitor: str = "loss"
    """What decides which epoch is best: loss, or one of `metrics`."""
    metrics: tuple[str, ...] = ()
    """Metrics of captions written greedily for validation clips after every epoch."""
    metric_clips: int = 200
    """How many validation clips are captioned for them."""
    save_every_steps: int = 200
    """Save the state that --resume goes on from this often, besides at every epoch's end."""

    def __post_init__(self) -> None:
        for name, allowed in (
            ("schedule", SCHEDULES),
            ("precision", tuple(PRECISIONS)),
            ("optimizer", OPTIMIZERS),
            ("sampling", SAMPLINGS),
            ("monitor", ("loss", *self.metrics)),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"training.{name} is one of {', '.join(filter(None, allowed))}, got {getattr(self, name)!r}"
                )
        for name in ("epochs", "batch_size", "accumulate"):
            if getattr(self, name) < 1:
                raise ValueError(f"training.{name} must be at least 1, got {getattr(self, name)}")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"training.steps must be at least 1, got {self.steps}")
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"training.batch_size ({self.batch_size}) must be a multiple of accumulate ({self.accumulate})"
            )


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a training run depends on."""

    family: str
    model: Any
    """Of the family's `config_class`."""
    label: str = ""
    """What tables call it."""
    data: DataOptions = field(default_factory=DataOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    decoding: DecodingOptions = field(default_factory=DecodingOptions)


def load_recipe(
    path: str | Path, overrides: Sequence[str] = (), *, laid_over: Sequence[str | Path] = ()
) -> Recipe:
    """Read a recipe; the tables of the files `laid_over` replace its own key by key, and then the overrides.

    An override is "table.key=value", the value as TOML writes it (quotes may be left out).

    Raises:
        ConfigError: the file or an override can't be read; the message names the key.
    """
    path = Path(path)
    table = _table(path, ())
    for layer in laid_over:
        table = _laid_over(table, _table(Path(layer), ()))
    for override in overrides:
        _override(table, override)
    try:
        return recipe_from_mapping(table)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def recipe_from_mapping(table: Mapping[str, Any]) -> Recipe:
    """The recipe that `recipe_to_mapping` described."""
    from linernotes.models.families import load_family  # needs PyTorch, which reading of data does not

    if "family" not in table:
        raise ConfigError("missing key: family (which model to train, such as 'muscaps')")
    try:
        family = load_family(str(table["family"]))
        model = config_from_mapping(table.get("model", {}), family.config_class, "model.")
        rest = {key: value for key, value in table.items() if key != "model"}
        return config_from_mapping({**rest, "model": model}, Recipe)
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(str(error)) from error


def recipe_to_mapping(recipe: Recipe) -> dict[str, Any]:
    """The plain mapping of a recipe, for JSON and for comparing two of them."""
    return config_to_mapping(recipe)


def training_identity(recipe: Recipe) -> str:
    """Sixteen hexadecimal digits, equal for recipes that train alike and differ in label or beams only.

    Settings at their default are left out, so that runs outlive a version that brings new settings.
    """
    told = chosen_settings(replace(recipe, label="", decoding=replace(recipe.decoding, beams=1)))
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def chosen_settings(options: Any) -> dict[str, Any]:
    """The settings of a dataclass that are not at their default, nested as they are."""
    chosen = {}
    for one in fields(options):
        value = getattr(options, one.name)
        if is_dataclass(value):
            value = chosen_settings(value)
        elif value == (one.default if one.default_factory is MISSING else one.default_factory()):
            continue
        if value != {}:
            chosen[one.name] = value
    return chosen


def _table(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The tables of a recipe with what it extends beneath."""
    if path.resolve() in seen:
        raise ConfigError(f"{path} extends itself through {' -> '.join(str(step) for step in seen)}")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"no recipe at {path}: check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    parent = table.pop("extends", None)
    if parent is None:
        return table
    return _laid_over(_table(path.parent / str(parent), (*seen, path.resolve())), table)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both_tables = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _laid_over(merged[key], value) if both_tables else value
    return merged


def _override(table: dict[str, Any], override: str) -> None:
    dotted, equals, text = override.partition("=")
    keys = [key.strip() for key in dotted.split(".")]
    if not equals or not all(keys):
        raise ConfigError(f"--set {override!r}: write it as table.key=value, such as training.epochs=5")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for key in keys[:-1]:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override!r}: {key} is no table")
    table[keys[-1]] = value
