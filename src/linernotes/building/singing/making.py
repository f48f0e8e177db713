"""The whole pipeline over a manifest: stage after stage, every outcome kept at once, every exclusion counted.

Each stage reads the manifest of the one before it and writes its own (`1-filter.jsonl` ...) with those it excluded
(`1-filter.excluded.jsonl`), whole or not at all. What an item became is in `outcomes.sqlite` as soon as it is
known; so a run that was killed anywhere goes on with the same command, and a stage with another
component is done anew.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from linernotes.building.folder_lock import alone
from linernotes.building.pseudo_captions.names import ArtistIndex, names_of
from linernotes.building.singing.asking import Listener
from linernotes.building.singing.classes import Thresholds, fitted
from linernotes.building.singing.demixing import Demixer
from linernotes.building.singing.diarising import Diariser, GenderTurns
from linernotes.building.singing.polishing import Polish
from linernotes.building.singing.records import Excluded, Outcome, Records, key_of
from linernotes.building.singing.report import BuildReport, StageReport, read_report, report_to_markdown
from linernotes.building.singing.spleeter import Spleeter
from linernotes.building.singing.splitting import by_artist_and_track, split
from linernotes.building.singing.stages import (
    BORN_FROM,
    STAGES,
    Attributes,
    Demix,
    Diarise,
    Filter,
    Postprocess,
    Prompt,
    Segment,
    Stage,
    attributes_in,
)
from linernotes.building.singing.wording import CaptionWriter
from linernotes.building.statistics import statistics
from linernotes.clip import Clip
from linernotes.llm import LanguageModelError
from linernotes.llm.concurrent import FAILURES_IN_A_ROW
from linernotes.manifest import audio_file, read_manifest, whole_file, write_manifest

MANIFEST, OUTCOMES, LOCK = "manifest.jsonl", "outcomes.sqlite", ".singing.lock"
REPORT_JSON, REPORT_MARKDOWN = "singing-report.json", "singing-report.md"
OF_TRACKS = ("filter", "demix", "diarise", "segment")
"""Stages that are given tracks; those after them are given cuts."""
FAILED = "failed"
NOT_ANSWERED = "not answered"
"""By a language model, now: unlike what failed, such an item is tried again by the next run in any case."""


Runner = Callable[[Callable[[Clip], Outcome], Sequence[Clip]], Iterator[Outcome | str]]
"""Does a work to every item, in any number of processes; gives its outcome, or why it has none, in turn."""


def one_by_one(work: Callable[[Clip], Outcome], clips: Sequence[Clip]) -> Iterator[Outcome | str]:
    """In this process."""
    return map(work, clips)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be built: `clips` streams the tracks anew at every call, `root` is where their audio lies.

    `run` may work in several processes; stages with a large model or a language model stay in this one.
    """

    source: str
    clips: Callable[[], Iterator[Clip]]
    root: Path
    demixer: Demixer
    diariser: Diariser
    writer: CaptionWriter
    polish: Polish
    need: tuple[str, ...] = ()
    born_from: int = BORN_FROM
    pitch_method: str = "dio"
    guess_mood: bool = False
    listener: Listener | None = None
    fit_terciles: bool = False
    allow_partial: bool = False
    seed: int = 0
    stages: tuple[str, ...] = STAGES
    retry_failed: bool = False
    run: Runner = one_by_one


@dataclass(slots=True)
class _Tallies:
    stages: list[StageReport] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    """Stages whose output is another now."""
    thresholds: Thresholds = field(default_factory=Thresholds)


def build(
    plan: Plan,
    folder: Path,
    stage_begins: Callable[[str, int], Callable[[int], None]] = lambda name, items: lambda done: None,
) -> BuildReport:
    """Do the stages of `plan` that are asked for and write every output; see the module.

    `stage_begins` is told the name of a stage and its number of items, and gives what is told how many are done.

    Raises:
        ValueError: a stage's input is not there or empty, or another run is at work in the folder.
        LanguageModelError: a language model answers nothing any more, or will not; what is done is kept.
    """
    unknown = [name for name in plan.stages if name not in STAGES]
    if unknown:
        raise ValueError(f"no stage is called {unknown[0]!r}; there are {', '.join(STAGES)}")
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, LOCK):
        for leftover in folder.rglob(".*.part"):
            leftover.unlink(missing_ok=True)
        return _Run(plan, folder, stage_begins).all()


class _Run:
    def __init__(self, plan: Plan, folder: Path, begins: Callable[[str, int], Callable[[int], None]]) -> None:
        self._plan, self._folder, self._begins = plan, folder, begins
        self._records = Records(folder / OUTCOMES)
        self._tallies = _Tallies()

    def all(self) -> BuildReport:
        try:
            for name in STAGES[:-1]:
                if name in self._plan.stages:
                    self._do(name)
        finally:
            self._records.close()
        final: dict[str, Any] = self._split() if "split" in self._plan.stages else {}
        report = BuildReport(
            source=self._plan.source,
            stages=tuple(self._tallies.stages),
            thresholds=asdict(self._tallies.thresholds),
            **final,
        ).after(read_report(self._folder / REPORT_JSON), self._plan.stages, self._tallies.changed)
        _write(self._folder / REPORT_JSON, json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")
        _write(self._folder / REPORT_MARKDOWN, report_to_markdown(report))
        return report

    def _do(self, name: str) -> None:
        items = self._input_of(name)
        stage = self._stage(name, items)
        done = self._begins(name, len(items))
        made: list[Clip] = []
        excluded: list[Excluded] = []
        fresh = unanswered = 0
        keys = [key_of(name, stage.identity, clip, self._mark(name, clip)) for clip in items]
        known = [self._known(name, key) for key in keys]
        missing = [clip for clip, outcome in zip(items, known, strict=True) if outcome is None]
        outcomes = self._outcomes(stage, missing)
        for number, (key, kept) in enumerate(zip(keys, known, strict=True), 1):
            outcome = kept
            if outcome is None:
                outcome = next(outcomes)
                fresh += 1
                unanswered = unanswered + 1 if _is_unanswered(outcome) else 0
                if unanswered >= FAILURES_IN_A_ROW:
                    raise LanguageModelError(
                        f"{unanswered} items in a row were not answered ({outcome.excluded[0].detail}); "
                        "the same command goes on from here"
                    )
                if not unanswered:
                    self._records.put(key, replace(outcome, file_bytes=self._sizes(name, outcome)))
            made += outcome.clips
            excluded += outcome.excluded
            done(number)
        next(outcomes, None)  # ends the processes, if any did the work
        before = _content_of(self._path(name))
        write_manifest(self._path(name), made)
        if _content_of(self._path(name)) != before:
            self._tallies.changed.append(name)
        lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in excluded]
        _write(self._path(name).with_suffix(".excluded.jsonl"), "".join(lines))
        reasons = Counter(one.reason for one in excluded)
        self._tallies.stages.append(
            StageReport(name, stage.identity, len(items), fresh, len(made), dict(reasons.most_common()))
        )

    def _known(self, name: str, key: str) -> Outcome | None:
        """What became of an item in an earlier run, if that still holds."""
        outcome = self._records.get(key)
        if outcome is None or self._is_to_retry(outcome) or not self._is_there(name, outcome):
            return None
        return outcome

    def _outcomes(self, stage: Stage, items: Sequence[Clip]) -> Iterator[Outcome]:
        run = self._plan.run if _is_light(stage) else one_by_one
        for clip, outcome in zip(items, run(partial(_attempt, stage), items), strict=True):
            if isinstance(outcome, str):
                outcome = Outcome(excluded=(Excluded(clip.clip_id, stage.name, FAILED, outcome),))
            yield outcome

    def _is_to_retry(self, outcome: Outcome) -> bool:
        return self._plan.retry_failed and any(one.reason == FAILED for one in outcome.excluded)

    def _input_of(self, name: str) -> list[Clip]:
        place = STAGES.index(name)
        if place == 0:
            return self._tracks()
        path = self._path(STAGES[place - 1])
        if not path.is_file():
            raise ValueError(f"{name} needs {path}: run the stage {STAGES[place - 1]} first")
        return list(read_manifest(path))

    def _tracks(self) -> list[Clip]:
        """The tracks of the source; where the set lies in its source's folder, its own files are none."""
        tracks = [clip for clip in self._plan.clips() if not self._is_ours(clip)]
        if not tracks:
            raise ValueError(f"{self._plan.source} holds no track: there is nothing to build")
        return tracks

    def _is_ours(self, clip: Clip) -> bool:
        try:
            return (
                audio_file(clip.audio_path, self._plan.root).resolve().is_relative_to(self._folder.resolve())
            )
        except ValueError:
            return False

    def _path(self, name: str) -> Path:
        return self._folder / f"{STAGES.index(name) + 1}-{name}.jsonl"

    def _stage(self, name: str, items: Sequence[Clip]) -> Stage:
        plan, folder = self._plan, self._folder
        if name == "filter":
            return Filter(plan.root, plan.need, plan.born_from)
        if name == "demix":
            return Demix(plan.root, folder, plan.demixer)
        if name == "diarise":
            return Diarise(plan.root, folder, plan.diariser)
        if name == "segment":
            return Segment(plan.root, folder)
        if name == "attributes":
            return Attributes(folder, plan.pitch_method, plan.guess_mood, plan.listener)
        if name == "prompt":
            self._tallies.thresholds = _fitted(items) if plan.fit_terciles else Thresholds()
            return Prompt(plan.writer, self._tallies.thresholds, plan.allow_partial)
        artists = ArtistIndex()
        for clip in items:
            artists.add(names_of(clip))
        return Postprocess(plan.polish, artists)

    def _mark(self, name: str, clip: Clip) -> str:
        """Size and time of the track's file, for stages that are given tracks; cuts are ours."""
        if name not in OF_TRACKS:
            return ""
        try:
            found = audio_file(clip.audio_path, self._plan.root).stat()
            return f"{found.st_size} {found.st_mtime_ns}"
        except (OSError, ValueError):
            return "missing"

    def _is_there(self, name: str, outcome: Outcome) -> bool:
        """Whether the files that an outcome speaks of lie in the folder, and are those that it made.

        Another demixer or diariser writes its files over them, under the same names.
        """
        try:
            sizes = self._sizes(name, outcome)
        except OSError:
            return False
        return not outcome.file_bytes or sizes == outcome.file_bytes

    def _sizes(self, name: str, outcome: Outcome) -> dict[str, int]:
        """The sizes of the files of ours that a stage's outcome speaks of, in bytes."""
        paths = [path for clip in outcome.clips for path in _files_of(name, clip)]
        return {path: (self._folder / path).stat().st_size for path in paths}

    def _split(self) -> dict[str, Any]:
        path = self._path("postprocess")
        if not path.is_file():
            raise ValueError(f"split needs {path}: run the stage postprocess first")
        clips, plan = split(list(read_manifest(path)), self._plan.seed)
        write_manifest(self._folder / MANIFEST, clips)
        counted = statistics(map(by_artist_and_track, clips))
        values = Counter(
            f"{name}:{clip.extra['attributes'][name]['value']}"
            for clip in clips
            for name in clip.extra["attributes"]
            if name not in ("name", "tags", "age", "gender")
        )
        return {
            "splits": {name: asdict(one) for name, one in counted.splits.items()},
            "whole": asdict(counted.whole),
            "largest_deviation": round(plan.largest_deviation, 4),
            "deviates": plan.deviates,
            "artists": counted.artists,
            "artists_in_several_splits": counted.artists_in_several_splits,
            "clips_without_artist": counted.clips_without_artist,
            "values": dict(sorted(values.items())),
        }


def _files_of(name: str, clip: Clip) -> list[str]:
    """The files of ours that a clip speaks of when it leaves a stage; a track may bring a stem of its own."""
    if name == "filter":
        return []
    if name in ("demix", "diarise"):
        return [str(clip.extra["track_vocals"])] if "track_vocals" in clip.extra else []
    return [clip.audio_path, str(clip.extra["vocals_path"])]


def _attempt(stage: Stage, clip: Clip) -> Outcome:
    """The stage's outcome; what can't be worked on costs itself only.

    Raises:
        LanguageModelError: no other item would fare better (wrong key, no credit).
    """
    try:
        return stage(clip)
    except (ValueError, OSError) as error:
        if isinstance(error, LanguageModelError) and error.hopeless:
            raise
        passes = isinstance(error, LanguageModelError) and error.passes
        reason = NOT_ANSWERED if passes else FAILED
        detail = " ".join(str(error).split()) or type(error).__name__
        return Outcome(excluded=(Excluded(clip.clip_id, stage.name, reason, detail),))


def _is_light(stage: Stage) -> bool:
    """Whether a stage can be sent to other processes: it has no model of its own that would travel with it."""
    if isinstance(stage, Demix):
        return isinstance(stage.demixer, Spleeter)
    if isinstance(stage, Diarise):
        return isinstance(stage.diariser, GenderTurns)
    return isinstance(stage, Segment) or (isinstance(stage, Attributes) and stage.listener is None)


def _is_unanswered(outcome: Outcome) -> bool:
    return any(one.reason == NOT_ANSWERED for one in outcome.excluded)


def _fitted(items: Sequence[Clip]) -> Thresholds:
    """Thresholds at the terciles of the measured numbers."""
    volumes: list[float] = []
    pitches: dict[str, list[float]] = {}
    for clip in items:
        attributes = attributes_in(clip)
        volume, pitch = attributes["volume"].number, attributes["pitch"].number
        if volume is not None:
            volumes.append(volume)
        if pitch is not None:
            pitches.setdefault(attributes["singer_gender"].value, []).append(pitch)
    return fitted(volumes, pitches)


def _content_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode("utf-8", "replace"))
