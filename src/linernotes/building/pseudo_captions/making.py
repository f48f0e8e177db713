"""Captions for a whole manifest: streamed, resumable, every order in the manifest or among the dead letters.

What was answered is in the cache as soon as it is there (`llm.cache`); the files below are written anew by every
run, whole or not at all. So a run that was killed loses nothing and pays for nothing twice: the same command goes
through the cache to where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from linernotes.building.folder_lock import alone
from linernotes.building.pseudo_captions import DeadLetter, Fault, Made, Maker, Order, PseudoCaption
from linernotes.building.pseudo_captions.gates import GateOptions, Gates
from linernotes.building.pseudo_captions.names import ArtistIndex, names_of
from linernotes.building.pseudo_captions.report import Report, Tally, report_to_markdown
from linernotes.building.pseudo_captions.tags import spoken_tags
from linernotes.clip import Clip
from linernotes.llm import LanguageModelError
from linernotes.llm.concurrent import Asked, ask_all
from linernotes.manifest import clip_to_record, faults, read_manifest, whole_file, write_manifest

MANIFEST = "pseudo-captions.jsonl"
PARQUET = "pseudo-captions.parquet"
DEAD_LETTERS = "dead-letters.jsonl"
REPORT_JSON = "pseudo-captions-report.json"
REPORT_MARKDOWN = "pseudo-captions-report.md"
ANSWERS = "answers.sqlite"
LOCK = ".pseudo-captions.lock"
OUTPUTS = (MANIFEST, PARQUET, DEAD_LETTERS, REPORT_JSON, REPORT_MARKDOWN)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made: `clips` streams them anew at every call; `makers` has one maker a task, in order."""

    source: str
    backend: str
    clips: Callable[[], Iterator[Clip]]
    makers: Mapping[str, Maker]
    gates: GateOptions = field(default_factory=GateOptions)
    jobs: int = 1
    limit: int | None = None
    """At most so many clips, of those with tags."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is ahead, by a first look at the clips."""

    clips: int
    without_tags: int
    withheld: int
    orders: int
    artists: ArtistIndex


def survey(plan: Plan, seen: Callable[[int], None] = lambda clips: None) -> Survey:
    """Count clips and orders, and collect the artists of the manifest; `seen` is told how many, now and then.

    Raises:
        ValueError: a clip that no manifest can hold: better known now than when all is paid.
    """
    artists, clips = _look_through(plan, seen)
    without = withheld = tagged = 0
    for clip in plan.clips():  # a second time, since any clip may be tagged with an artist of any other
        spoken = spoken_tags(clip, artists)
        without += not spoken.tags
        if spoken.tags and (plan.limit is None or tagged < plan.limit):
            tagged += 1
            withheld += len(spoken.withheld)
    return Survey(clips, without, withheld, tagged * len(plan.makers), artists)


def _look_through(plan: Plan, seen: Callable[[int], None]) -> tuple[ArtistIndex, int]:
    artists, ids, clips = ArtistIndex(), set[int](), 0
    for clips, clip in enumerate(plan.clips(), 1):
        if clips % 1000 == 0:
            seen(clips)
        wrong = faults(clip_to_record(clip))
        if wrong or hash(clip.clip_id) in ids:
            raise ValueError(
                f"{plan.source}, {clip.clip_id}: {wrong[0] if wrong else 'this clip_id comes twice'}"
            )
        ids.add(hash(clip.clip_id))
        artists.add(names_of(clip))
    return artists, clips


def make_captions(
    plan: Plan,
    ahead: Survey,
    folder: Path,
    heard: Callable[[int], None] = lambda done: None,
    details: Callable[[], Mapping[str, Any]] = dict,
) -> Report:
    """Make every caption and write manifest, dead letters and report into `folder`; `heard` is told how many.

    Where nothing more will be answered (budget spent, wrong key, server gone) the files hold what there is, and
    the report says why it stopped.

    Raises:
        ValueError: another run is at work in the folder.
        OSError: something can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, LOCK):
        for name in OUTPUTS:
            for leftover in folder.glob(f".{name}.*.part"):
                leftover.unlink(missing_ok=True)
        run = _Run(plan, ahead.artists, heard)
        with whole_file(folder / DEAD_LETTERS) as run.dead_letters:
            write_manifest(folder / MANIFEST, run.clips())
        _write_parquet(folder)
        report = run.report(ahead, details())
        _write(folder / REPORT_JSON, json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")
        _write(folder / REPORT_MARKDOWN, report_to_markdown(report))
    return report


class _Run:
    def __init__(self, plan: Plan, artists: ArtistIndex, heard: Callable[[int], None]) -> None:
        self._plan = plan
        self._artists = artists
        self._gates = Gates(plan.gates, artists)
        self._heard = heard
        self._tally = Tally()
        self._stopped = ""
        self.dead_letters: BinaryIO

    def clips(self) -> Iterator[Clip]:
        """The clips of the manifest with their new captions, as they come; dead letters are written meanwhile."""
        clip: Clip | None = None
        captions: list[PseudoCaption] = []
        for asked in self._answers():
            if clip is not None and asked.item.clip is not clip:
                yield from self._finished(clip, captions)
                captions = []
            clip = asked.item.clip
            caption = self._settled(asked)
            if caption is not None:
                captions.append(caption)
            self._heard(self._tally.done)
        if clip is not None:
            yield from self._finished(clip, captions)

    def _answers(self) -> Iterator[Asked[Order, Made]]:
        plan = self._plan
        orders = orders_of(plan, self._artists)
        try:
            yield from ask_all(lambda order: plan.makers[order.task](order), orders, jobs=plan.jobs)
        except LanguageModelError as error:
            self._stopped = " ".join(str(error).split())

    def _settled(self, asked: Asked[Order, Made]) -> PseudoCaption | None:
        """The caption, if it goes into the manifest; else a dead letter is written."""
        order, made = asked.item, asked.value
        if made is None:
            reason = f"{type(asked.error).__name__}: {' '.join(str(asked.error).split())}"
            self._bury(DeadLetter(order.clip.clip_id, order.task, "failed", reason, order.tags))
            return None
        caption = PseudoCaption(order, made, self._gates.faults(order, made.text, made.new_attributes))
        self._tally.count(caption)
        if not self._gates.rejects(caption.faults):
            return caption
        reason = ", ".join(fault.gate for fault in caption.faults if fault.gate in self._plan.gates.drop)
        self._bury(
            DeadLetter(
                order.clip.clip_id, order.task, "rejected", reason, order.tags,
                made.text, made.provenance, caption.faults,
            )
        )  # fmt: skip
        return None

    def _bury(self, letter: DeadLetter) -> None:
        self._tally.count_dead(letter)
        said = {name: value for name, value in asdict(letter).items() if value}
        self.dead_letters.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def _finished(self, clip: Clip, captions: list[PseudoCaption]) -> Iterator[Clip]:
        if captions:
            self._tally.count_clip(clip, captions)
            yield with_captions(clip, captions)

    def report(self, ahead: Survey, details: Mapping[str, Any]) -> Report:
        tally = self._tally
        return Report(
            source=self._plan.source,
            tasks=tuple(self._plan.makers),
            backend=self._plan.backend,
            clips=ahead.clips,
            clips_without_tags=ahead.without_tags,
            tags_withheld=ahead.withheld,
            orders=ahead.orders,
            in_manifest=tally.made - tally.rejected,
            rejected=tally.rejected,
            failed=tally.failed,
            not_asked=ahead.orders - tally.done,
            faults=dict(tally.faults),
            dropped_gates=tuple(sorted(self._plan.gates.drop)),
            failures=dict(tally.failures.most_common()),
            tables=tally.tables(),
            from_cache=tally.from_cache,
            repaired=tally.repaired,
            stopped=self._stopped,
            details=details,
        )


def orders_of(plan: Plan, artists: ArtistIndex) -> Iterator[Order]:
    """Every caption to make, clip by clip; clips without tags give none."""
    tagged = 0
    for clip in plan.clips():
        tags = spoken_tags(clip, artists).tags
        if tags and (plan.limit is None or tagged < plan.limit):
            tagged += 1
            for task in plan.makers:
                yield Order(clip, task, tags)


def with_captions(clip: Clip, captions: Sequence[PseudoCaption]) -> Clip:
    """`clip` with these captions in place of its own; `extra.pseudo_captions` says where each comes from."""
    sources = [source_of(caption.order, caption.made, caption.faults) for caption in captions]
    extra = {**clip.extra, "pseudo_captions": sources}
    return replace(clip, captions=tuple(caption.made.text for caption in captions), extra=extra)


def source_of(order: Order, made: Made, found: Sequence[Fault]) -> dict[str, Any]:
    """Task and provenance, new attributes apart from the caption, and what the gates hold against it."""
    source: dict[str, Any] = {"task": order.task, **asdict(made.provenance)}
    if made.new_attributes:
        source["new_attributes"] = list(made.new_attributes)
    if found:
        source["faults"] = {fault.gate: fault.reason for fault in found}
    return source


def _write_parquet(folder: Path) -> None:
    """The manifest as Parquet too, where pyarrow is there; an older one would not fit the manifest beside it."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        (folder / PARQUET).unlink(missing_ok=True)
        return
    write_manifest(folder / PARQUET, read_manifest(folder / MANIFEST))


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode("utf-8", "replace"))
