"""What pre-training on pseudo captions is worth: the runs behind Table 4 of LP-MusicCaps (Doh et al. 2023).

Some clips are labelled by people and the others by tags only. Supervised: learned from the labelled clips.
Zero-shot: learned from pseudo captions of the others, tested on people's captions. Transfer: that, then the
labelled clips. Everything that is done is kept, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from linernotes.building.pseudo_captions.makers import Backend, load_makers
from linernotes.building.pseudo_captions.making import MANIFEST, Plan, make_captions, survey
from linernotes.caption_files import CaptionPairs
from linernotes.clip import Clip
from linernotes.evaluation import evaluate
from linernotes.export import write_atomically
from linernotes.manifest import read_manifest, write_manifest
from linernotes.metrics.profiles import PROFILES
from linernotes.metrics.score_sheet import Resources
from linernotes.models.families import load_model
from linernotes.training.examples import ExampleSets, load_examples
from linernotes.training.heard import audio_source
from linernotes.training.loop import Advance, train
from linernotes.training.measuring import measure_captions
from linernotes.training.recipe import DataOptions, Recipe, recipe_to_mapping, training_identity
from linernotes.training.validation import write_captions

PROFILE = "lp2023"
METRICS = (
    "bleu1", "bleu2", "bleu3", "bleu4", "meteor", "rougeL", "bertscore", "vocabulary", "novel_v", "novel_c",
    "average_tokens",
)  # fmt: skip
OFFLINE: Mapping[str, tuple[str, ...]] = {
    "tag_concat": ("tag_concat",),
    "template": ("template",),
    "lp": ("writing", "paraphrase"),
}
"""Ways to make pseudo captions that need no model: method -> tasks of `linernotes pseudo-caption`."""
METHODS = ("tag_concat", "template", "k2c", "lp")


@dataclass(frozen=True, slots=True)
class Study:
    """What is compared. Both recipes must name their data; they name the same unless pre-training has its own."""

    supervised: Recipe
    pretraining: Recipe
    captions: Mapping[str, Path | None]
    """Method -> the manifest with its captions; None has the shipped writers make them."""
    labelled: int = 0
    """How many training clips have people's captions, the others serving pre-training; 0: all serve both."""
    test_clips: int = 0
    """How many test clips are captioned at most; 0: all."""
    bert_model: str | None = None

    def __post_init__(self) -> None:
        for method, manifest in self.captions.items():
            if method not in METHODS:
                raise ValueError(f"no method {method!r}; choose from {', '.join(METHODS)}")
            if manifest is None and method not in OFFLINE:
                raise ValueError(
                    f"{method} needs a model: make its captions with `linernotes pseudo-caption --task {method}` "
                    f"and give {method}=MANIFEST"
                )


@dataclass(frozen=True, slots=True)
class Scored:
    """One number with its interval and what shuffled captions get; None where there is no such thing."""

    value: float
    ci95: tuple[float, float] | None
    shuffled: float | None


@dataclass(frozen=True, slots=True)
class StudyRow:
    """What one way of training reached."""

    training: str
    """supervised, zero-shot or transfer."""
    captions: str
    """The method of the pseudo captions, "" where there are none."""
    scores: Mapping[str, Scored]
    families_f1: float | None
    steps: int
    clips: int
    """Trained on last."""


@dataclass(frozen=True, slots=True)
class StudyResult:
    """All rows."""

    rows: tuple[StudyRow, ...]
    test_clips: int
    labelled_clips: int
    tagged_clips: int
    not_computed: Mapping[str, str] = field(default_factory=dict)
    """Metric -> why this machine did not take it."""


def run_study(
    study: Study,
    out: Path,
    *,
    features: Path | None = None,
    advance: Advance = lambda what, done, total: None,
) -> StudyResult:
    """Train and measure every row; what `out` holds already is not done again.

    Raises:
        ValueError: the data has no test clips, or too few with captions or tags.
        FileNotFoundError: a manifest of captions is not there; better known before hours of training than after.
    """
    for method, given in study.captions.items():
        if given is not None and not given.is_file():
            raise FileNotFoundError(f"no manifest of {method} captions at {str(given)!r}: check the path")
    runs = _Runs(study, out, features or out / "features", advance)
    rows = [runs.row("supervised", "", runs.supervised)]
    for method, given in study.captions.items():
        pretraining = runs.pretraining(method, given)
        rows.append(runs.row("zero-shot", method, pretraining))
        start = replace(runs.supervised.training, start=str(runs.trained(pretraining)))
        rows.append(runs.row("transfer", method, replace(runs.supervised, training=start)))
    counts = (len(runs.test), len(runs.labelled), len(runs.tagged))
    return StudyResult(tuple(rows), *counts, runs.not_computed)


def divide(clips: Sequence[Clip], train_split: str, labelled: int, seed: int) -> frozenset[str]:
    """Ids of the training clips that keep people's captions; clips of one artist stay together."""
    training = [clip for clip in clips if clip.split == train_split and clip.captions]
    if not labelled:
        return frozenset(clip.clip_id for clip in training)
    groups: dict[str, list[str]] = {}
    for clip in training:
        groups.setdefault(clip.artist_id or clip.clip_id, []).append(clip.clip_id)
    order = sorted(groups)
    random.Random(seed).shuffle(order)
    chosen: list[str] = []
    for name in order:
        if len(chosen) >= labelled:
            break
        chosen += groups[name]
    return frozenset(chosen)


class _Runs:
    """The runs of a study in one folder."""

    def __init__(self, study: Study, out: Path, features: Path, advance: Advance) -> None:
        self.study, self.out, self.features, self.advance = study, out, features, advance
        data = study.supervised.data
        root = Path(data.root) if data.root else Path(data.manifest).parent
        clips = list(read_manifest(data.manifest))
        chosen = divide(clips, data.train_split, study.labelled, study.supervised.training.seed)
        self.labelled = [clip for clip in clips if clip.split != data.train_split or clip.clip_id in chosen]
        manifest = self._written("labelled", self.labelled)
        self.labelled = [clip for clip in self.labelled if clip.split == data.train_split]
        self.supervised = replace(study.supervised, data=_at(data, manifest, root))
        examples = load_examples(self.supervised.data)
        self.test = examples.test[: study.test_clips or None]
        if not self.test:
            raise ValueError(f"there are no test clips: data.test_split is {data.test_split!r}")
        self.human = [caption for example in examples.train for caption in example.captions]
        self.tagged = self._clips_with_tags(clips, chosen)
        self.not_computed: dict[str, str] = {}

    def pretraining(self, method: str, given: Path | None) -> Recipe:
        """The recipe that learns from the captions of a method."""
        data = self.study.pretraining.data
        if given is not None:
            root = Path(data.root) if data.root else given.parent
            return replace(self.study.pretraining, data=_at(data, given, root))
        root = Path(data.root) if data.root else Path(data.manifest).parent
        return replace(self.study.pretraining, data=_at(data, self._made(method), root))

    def trained(self, recipe: Recipe) -> Path:
        """The best model of a recipe, trained unless it is there."""
        return self._train(recipe, load_examples(recipe.data))[0]

    def row(self, training: str, method: str, recipe: Recipe) -> StudyRow:
        """Train, caption the test clips and score; all of it once."""
        examples = load_examples(recipe.data)
        best, steps = self._train(recipe, examples)
        told = [recipe_to_mapping(recipe), examples.fingerprint, [one.clip_id for one in self.test], METRICS]
        key = json.dumps([*told, self.study.bert_model], sort_keys=True, default=str)
        kept = best.parent / "transfer-study.json"
        if kept.exists() and (stored := json.loads(kept.read_text("utf-8")))["key"] == key:
            self.not_computed.update(stored["not_computed"])
            scores = {name: _scored(one) for name, one in stored["scores"].items()}
            return StudyRow(training, method, scores, stored["families_f1"], steps, len(examples.train))
        captions = self._captions(best, recipe, f"{training} {method}".strip())
        scores, missing = self._scores(captions)
        self.not_computed.update(missing)
        families = measure_captions(captions, self.test, ()).families_f1
        found = {
            "key": key, "scores": {name: asdict(one) for name, one in scores.items()}, "families_f1": families,
            "not_computed": missing, "captions": captions,
        }  # fmt: skip
        write_atomically(kept, json.dumps(found, indent=1) + "\n")
        return StudyRow(training, method, scores, families, steps, len(examples.train))

    def _train(self, recipe: Recipe, examples: ExampleSets) -> tuple[Path, int]:
        run = self.out / "runs" / f"{recipe.label.split(',')[0]}-{training_identity(recipe)[:8]}"
        result = train(recipe, examples, run, resume=True, features=self.features, advance=self.advance)
        return result.best, result.steps

    def _captions(self, best: Path, recipe: Recipe, what: str) -> dict[str, str]:
        model, total = load_model(best), len(self.test)
        source = audio_source(
            model, self.test, self.features, lambda done: self.advance("hearing the test clips", done, total)
        )
        return write_captions(
            model, self.test, source, recipe.decoding,
            advance=lambda done: self.advance(f"captioning, {what}", done, total),
        )  # fmt: skip

    def _scores(self, captions: Mapping[str, str]) -> tuple[dict[str, Scored], dict[str, str]]:
        references = {one.clip_id: one.captions for one in self.test}
        resources = Resources(train_captions=self.human, bert_model=self.study.bert_model)
        report = evaluate(
            CaptionPairs(captions, references), PROFILES[PROFILE], metrics=METRICS, resources=resources
        )
        scores = {one.metric.key: Scored(one.value, one.ci95, one.shuffled) for one in report.results}
        return scores, {one.metric.key: one.reason for one in report.not_computed}

    def _clips_with_tags(self, clips: Sequence[Clip], labelled: frozenset[str]) -> list[Clip]:
        """What pre-training may hear: clips of its own manifest, or those that nobody labelled."""
        data = self.study.pretraining.data
        if data.manifest != self.study.supervised.data.manifest:
            clips, labelled = list(read_manifest(data.manifest)), frozenset()
        if not self.study.labelled:
            labelled = frozenset()
        wanted = (data.train_split, data.validation_split)
        found = [
            clip for clip in clips if clip.tags and clip.split in wanted and clip.clip_id not in labelled
        ]
        if not any(clip.split == data.train_split for clip in found):
            raise ValueError(
                f"no clips are left to pre-train on in the split {data.train_split!r}: lower the number of "
                "labelled clips, or check that the manifest has tags"
            )
        return found

    def _made(self, method: str) -> Path:
        """The manifest with the captions that the shipped writers made, once for these clips."""
        folder = self.out / "captions" / method
        told = json.dumps([[one.clip_id, one.split, one.tags] for one in self.tagged])
        key = hashlib.sha256(f"{OFFLINE[method]} {told}".encode()).hexdigest()
        mark = folder / "made-for.txt"
        if mark.exists() and mark.read_text("utf-8") == key:
            return folder / MANIFEST
        makers = load_makers(OFFLINE[method], Backend())
        plan = Plan("the study's clips", "composer", lambda: iter(self.tagged), makers)
        ahead = survey(plan)
        make_captions(
            plan, ahead, folder, lambda done: self.advance(f"making captions, {method}", done, ahead.orders)
        )
        write_atomically(mark, key)
        return folder / MANIFEST

    def _written(self, name: str, clips: Iterable[Clip]) -> Path:
        path = self.out / "data" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_manifest(path, clips)
        return path


def _scored(stored: Mapping[str, Any]) -> Scored:
    interval = stored["ci95"]
    return Scored(
        stored["value"], None if interval is None else (interval[0], interval[1]), stored["shuffled"]
    )


def _at(data: DataOptions, manifest: Path, root: Path) -> DataOptions:
    return replace(data, manifest=str(manifest), root=str(root))


def study_to_json(result: StudyResult) -> dict[str, Any]:
    """For --json."""
    return asdict(result)
