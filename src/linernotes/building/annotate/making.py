"""A whole data set annotated: what is missing is heard, then manifest, labels and report are written anew.

What an extractor said of a clip is kept in `annotations.sqlite` as soon as it is known, under the extractor with
its version and the clip's file (with size and time of change) and span. A run that was killed loses nothing, and
the same command does nothing twice. The other files appear whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

from linernotes.building.annotate import NAMED, Bounds, claims
from linernotes.building.annotate.against_truth import TruthTally
from linernotes.building.annotate.class_labels import Closed, absent_facts, class_labels, reach_of
from linernotes.building.annotate.extractors import Asked
from linernotes.building.annotate.hearing import Group, Span, hear, keep_error
from linernotes.building.annotate.kept import Kept
from linernotes.building.annotate.labels_file import LabelsFormat, labels_of, write_labels
from linernotes.building.annotate.report import Failure, Report, Tally, report_to_markdown
from linernotes.building.annotate.truth import truth_of
from linernotes.building.folder_lock import alone
from linernotes.clip import Clip, Fact
from linernotes.features.estimate import without_contradictions
from linernotes.manifest import audio_file, read_manifest, whole_file, write_manifest

MANIFEST, PARQUET, LABELS = "annotated.jsonl", "annotated.parquet", "labels"
REPORT_JSON, REPORT_MARKDOWN = "annotate-report.json", "annotate-report.md"
ANSWERS, LOCK = "annotations.sqlite", ".annotate.lock"
OUTPUTS = (MANIFEST, PARQUET, f"{LABELS}.npz", f"{LABELS}.parquet", REPORT_JSON, REPORT_MARKDOWN, ANSWERS)
CLIPS_AT_ONCE = 60
"""Clips of one file that are heard together: it is decoded once for them."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A file that is done with; `error` where the work on it ended without answers."""

    group: Group
    error: str | None


Work = Callable[[Group], int]
Run = Callable[[Work, Sequence[Group]], Iterator[Heard]]
"""Applies the work to all files, in any processes, and yields them as they are done."""


def one_by_one(work: Work, groups: Sequence[Group]) -> Iterator[Heard]:
    """Do the work here."""
    for group in groups:
        work(group)
        yield Heard(group, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be annotated, and by whom; what comes first has the say about facts of a name.

    `clips` streams them anew at every call; their audio lies below `root`. First come the manifest's own facts
    (if `truth`), then `predictions` by clip id, then `extractors`.
    """

    source: str
    clips: Callable[[], Iterator[Clip]]
    root: Path
    extractors: tuple[Asked, ...]
    predictions: tuple[Mapping[str, tuple[Fact, ...]], ...] = ()
    truth: bool = False
    against_truth: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    labels: LabelsFormat = LabelsFormat.npz
    limit: int | None = None
    retry_failed: bool = False
    with_absent: bool = False

    def limited(self) -> Iterator[Clip]:
        """The clips, no more than `limit`."""
        return islice(self.clips(), self.limit)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a first look finds: files to hear, and what the manifest's own facts can say."""

    clips: int
    groups: tuple[Group, ...]
    closed: Closed
    unmatched: int

    @property
    def clips_to_hear(self) -> int:
        """Clips of which at least one extractor has not spoken."""
        return sum(len(group.spans) for group in self.groups)

    @property
    def steps(self) -> int:
        """Clips to hear, and all clips to write."""
        return self.clips_to_hear + self.clips


def survey(plan: Plan, folder: Path, seen: Callable[[int], None] = lambda clips: None) -> Ahead:
    """Go through the manifest once; `seen` is told how many clips have been looked at.

    Raises:
        ManifestError: it has faults.
        ValueError: the folder's answers can't be read.
    """
    kept = Kept(folder / ANSWERS)
    knows = kept.path.exists()  # of a manifest that is refused, no empty file and no folder are left behind
    if plan.retry_failed and knows:
        kept.forget_failures([each.identity for each in plan.extractors])
    clips = 0
    groups: list[Group] = []
    vocabulary: dict[str, set[str]] = {}
    unmatched = {clip_id for predictions in plan.predictions for clip_id in predictions}
    unreachable: list[tuple[Span, str]] = []
    for clip in plan.limited():
        clips += 1
        seen(clips)
        unmatched.discard(clip.clip_id)
        if plan.truth or plan.against_truth:
            for fact in truth_of(clip):
                if fact.name in NAMED:
                    vocabulary.setdefault(fact.name, set()).add(str(fact.value))
        span = _span(plan, clip, kept if knows else None)
        if span.wanted:
            try:
                _gather(groups, audio_file(clip.audio_path, plan.root), span)
            except ValueError as error:
                unreachable.append((span, str(error)))
    folder.mkdir(parents=True, exist_ok=True)
    for span, reason in unreachable:
        keep_error(span, reason, kept)
    kept.close()
    return Ahead(clips, tuple(groups), reach_of(vocabulary), len(unmatched))


def _gather(groups: list[Group], path: Path, span: Span) -> None:
    last = groups[-1] if groups else None
    if last is not None and last.path == path and len(last.spans) < CLIPS_AT_ONCE:
        groups[-1] = Group(path, (*last.spans, span))
    else:
        groups.append(Group(path, (span,)))


def _span(plan: Plan, clip: Clip, kept: Kept | None) -> Span:
    key = clip_key(clip, plan.root)
    wanted = tuple(each for each in plan.extractors if kept is None or not kept.has(each.identity, key))
    return Span(clip.clip_id, key, clip.start_s, clip.end_s, wanted)


def clip_key(clip: Clip, root: Path) -> str:
    """What a clip's answers are kept under: another file at its place, or another span, is another clip."""
    try:
        found = audio_file(clip.audio_path, root).stat()
        mark: list[object] = [found.st_size, found.st_mtime_ns]
    except (OSError, ValueError):
        mark = []
    text = json.dumps([clip.audio_path, clip.start_s, clip.end_s, *mark])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def annotate(
    plan: Plan,
    ahead: Ahead,
    folder: Path,
    run: Run = one_by_one,
    done: Callable[[int], None] = lambda steps: None,
) -> Report:
    """Hear what is missing and write every output into `folder`; `done` is told how many of `Ahead.steps`.

    Raises:
        ValueError: another run is at work in the folder.
        OSError: something can't be written.
    """
    with alone(folder, LOCK):
        _clean(folder)
        began = time.monotonic()
        _hear_all(ahead, folder, run, done)
        return _Writing(plan, ahead, folder, done).write(time.monotonic() - began)


def _clean(folder: Path) -> None:
    """Leftovers of killed runs."""
    for name in (MANIFEST, PARQUET, f"{LABELS}.*", REPORT_JSON, REPORT_MARKDOWN):
        for leftover in folder.glob(f".{name}.*.part"):
            leftover.unlink(missing_ok=True)


def _hear_all(ahead: Ahead, folder: Path, run: Run, heard: Callable[[int], None]) -> None:
    store = folder / ANSWERS
    kept = Kept(store)
    done = 0
    for each in run(_Hearing(store), ahead.groups):
        for span in each.group.spans if each.error else ():
            keep_error(span, each.error or "", kept)
        done += len(each.group.spans)
        heard(done)
    kept.close()


@dataclass(frozen=True, slots=True)
class _Hearing:
    """The work of a process, which must be picklable."""

    store: Path

    def __call__(self, group: Group) -> int:
        return hear(group, store=self.store)


@dataclass(frozen=True, slots=True)
class _Told:
    """Everything that was said of a clip: facts with doubts, names of exact ones, reasons for silence."""

    facts: tuple[Fact, ...]
    exact: frozenset[str]
    errors: tuple[str, ...]
    is_lost: bool


class _Writing:
    def __init__(self, plan: Plan, ahead: Ahead, folder: Path, done: Callable[[int], None]) -> None:
        self._plan, self._ahead, self._folder, self._done = plan, ahead, folder, done
        self._kept = Kept(folder / ANSWERS)
        self._tally = Tally(plan.bounds)
        self._truth = TruthTally(plan.bounds) if plan.against_truth else None
        self._left_out = 0
        self._ids: list[str] = []
        self._rows: list[Mapping[str, object]] = []

    def write(self, hearing_s: float) -> Report:
        write_manifest(self._folder / MANIFEST, self._clips())
        self._kept.close()
        self._write_parquet()
        labels = labels_of(self._ids, self._rows, self._plan.bounds)  # type: ignore[arg-type]
        for each in LabelsFormat:
            path = self._folder / f"{LABELS}.{each.value}"
            if each is self._plan.labels:
                write_labels(labels, path)
            else:
                path.unlink(missing_ok=True)
        report = self._report(hearing_s)
        _write(self._folder / REPORT_JSON, json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")
        _write(self._folder / REPORT_MARKDOWN, report_to_markdown(report))
        return report

    def _clips(self) -> Iterator[Clip]:
        """The clips of the manifest with what was said of them, as they come."""
        plan = self._plan
        for number, clip in enumerate(plan.limited(), 1):
            self._done(self._ahead.clips_to_hear + number)
            told = self._told(clip)
            for reason in dict.fromkeys(told.errors):
                self._tally.failures.append(Failure(clip.clip_id, clip.audio_path, reason, told.is_lost))
            if told.is_lost:
                continue
            closed = self._ahead.closed if told.exact else None
            labels = class_labels(told.facts, plan.bounds, closed, told.exact)
            facts = claims(told.facts, plan.bounds)
            self._tally.add(facts, labels)
            self._ids.append(clip.clip_id)
            self._rows.append(labels.chances)
            if self._truth is not None:
                truth = truth_of(clip)
                names = frozenset(fact.name for fact in truth)
                exact = class_labels(truth, plan.bounds, self._ahead.closed, names)
                self._truth.add(exact.chances, labels.chances, truth, facts)
            if not plan.truth:
                self._left_out += len(clip.facts)
            ends_s = max((fact.end_s for fact in facts), default=0.0)
            absent = absent_facts(labels, plan.bounds, ends_s) if plan.with_absent else ()
            yield replace(clip, facts=(*facts, *absent))

    def _told(self, clip: Clip) -> _Told:
        """What every source said; of each fact name, only what the first that spoke of it said."""
        plan = self._plan
        truth = truth_of(clip) if plan.truth else ()
        sources: list[Sequence[Fact]] = [truth, *(each.get(clip.clip_id, ()) for each in plan.predictions)]
        errors: list[str] = []
        key = clip_key(clip, plan.root)
        for extractor in plan.extractors:
            heard = self._kept.get(extractor.identity, key)
            if heard is None:
                errors.append("its file changed during the run: run again")
            elif heard.error:
                errors.append(heard.error)
            else:
                sources.append(heard.facts)
            if heard is not None and heard.seconds:
                self._tally.seconds += heard.seconds
                self._tally.heard += 1
            if heard is not None and heard.warnings:
                self._tally.warnings[clip.clip_id] = heard.warnings
        is_lost = bool(plan.extractors) and len(errors) == len(plan.extractors)
        exact = frozenset(fact.name for fact in truth)
        return _Told(_merged(sources), exact, tuple(errors), is_lost)

    def _write_parquet(self) -> None:
        """The manifest as Parquet too, where pyarrow is there; an older one would not fit the one beside it."""
        path = self._folder / PARQUET
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            path.unlink(missing_ok=True)
            return
        write_manifest(path, read_manifest(self._folder / MANIFEST))

    def _report(self, hearing_s: float) -> Report:
        tally = self._tally
        return Report(
            source=self._plan.source,
            extractors=tuple(each.identity for each in self._plan.extractors),
            bounds=self._plan.bounds,
            clips=self._ahead.clips,
            annotated=tally.annotated,
            heard_now=self._ahead.clips_to_hear,
            hearing_s=round(hearing_s, 3),
            seconds_per_clip=round(tally.seconds / max(1, tally.heard), 4),
            classes=tally.classes(),
            coverage=tally.coverage(),
            facts=tally.confidences(),
            unmapped=dict(tally.unmapped.most_common()),
            failures=tuple(tally.failures),
            warnings=tally.warnings,
            facts_left_out=self._left_out,
            unmatched_predictions=self._ahead.unmatched,
            truth=self._truth.report() if self._truth else None,
        )


def _merged(sources: Sequence[Sequence[Fact]]) -> tuple[Fact, ...]:
    """Facts of each name from the first source that has any; nobody sings in what is instrumental."""
    merged: list[Fact] = []
    told: set[str] = set()
    for facts in sources:
        merged += [fact for fact in facts if fact.name not in told]
        told |= {fact.name for fact in facts}
    voice = next((fact.value for fact in merged if fact.name == "voice"), "sung")
    return tuple(
        fact for fact in without_contradictions(merged) if fact.name != "singer_gender" or voice == "sung"
    )


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode("utf-8", "replace"))
