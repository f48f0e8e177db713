"""What a run has made, counted: Table 3 of LP-MusicCaps, and what is not in the manifest, with reasons."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linernotes.building.pseudo_captions import DeadLetter, PseudoCaption
from linernotes.building.pseudo_captions.gates import GATES
from linernotes.clip import Clip


@dataclass(frozen=True, slots=True)
class Table3:
    """One row of the paper's table; `hours` are of clips whose end is known, the others are counted apart.

    Tokens are the words between white space, as the paper's release counts them; the deviation is of all captions.
    """

    items: int
    hours: float
    fewest_captions: int
    most_captions: int
    captions: int
    tokens_mean: float
    tokens_sd: float
    clips_without_end: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A run: `orders` is clips with tags times tasks, and each order is in exactly one of the next four.

    `in_manifest`, `rejected` (by a gate that keeps captions out), `failed` and `not_asked` (the run was stopped
    before). `faults` counts captions by gate, in the manifest or not; `failures` orders by error.
    """

    source: str
    tasks: tuple[str, ...]
    backend: str
    clips: int
    clips_without_tags: int
    tags_withheld: int
    orders: int
    in_manifest: int
    rejected: int
    failed: int
    not_asked: int
    faults: Mapping[str, int]
    dropped_gates: tuple[str, ...]
    failures: Mapping[str, int]
    tables: Mapping[str, Table3]
    from_cache: int = 0
    repaired: int = 0
    stopped: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else should be known of the run: instructions, requests sent, tokens, cost."""

    @property
    def is_complete(self) -> bool:
        """Whether every order was carried out, whatever came of it."""
        return not self.not_asked


@dataclass(slots=True)
class _Lengths:
    clips: int = 0
    seconds: float = 0.0
    without_end: int = 0
    by_captions: Counter[int] = field(default_factory=Counter)
    captions: int = 0
    tokens: int = 0
    squares: int = 0

    def add(self, clip: Clip, texts: list[str]) -> None:
        self.clips += 1
        self.by_captions[len(texts)] += 1
        if clip.end_s is None:
            self.without_end += 1
        else:
            self.seconds += clip.end_s - clip.start_s
        for text in texts:
            tokens = len(text.split())
            self.captions += 1
            self.tokens += tokens
            self.squares += tokens * tokens

    def table(self) -> Table3:
        mean = self.tokens / self.captions if self.captions else 0.0
        variance = self.squares / self.captions - mean * mean if self.captions else 0.0
        return Table3(
            items=self.clips,
            hours=self.seconds / 3600,
            fewest_captions=min(self.by_captions, default=0),
            most_captions=max(self.by_captions, default=0),
            captions=self.captions,
            tokens_mean=mean,
            tokens_sd=math.sqrt(max(variance, 0.0)),
            clips_without_end=self.without_end,
        )


@dataclass(slots=True)
class Tally:
    """Counts as the captions come; memory does not grow with them."""

    made: int = 0
    rejected: int = 0
    failed: int = 0
    from_cache: int = 0
    repaired: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    _whole: _Lengths = field(default_factory=_Lengths)
    _by_task: dict[str, _Lengths] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Orders that were carried out."""
        return self.made + self.failed

    def count(self, caption: PseudoCaption) -> None:
        """A caption that was made, whatever becomes of it."""
        self.made += 1
        self.from_cache += caption.made.from_cache
        self.repaired += caption.made.provenance.repaired
        self.faults.update(fault.gate for fault in caption.faults)

    def count_dead(self, letter: DeadLetter) -> None:
        """A dead letter."""
        if letter.kind == "rejected":
            self.rejected += 1
        else:
            self.failed += 1
            self.failures[letter.reason.partition(":")[0]] += 1

    def count_clip(self, clip: Clip, captions: list[PseudoCaption]) -> None:
        """A clip that goes into the manifest, with its captions."""
        self._whole.add(clip, [caption.made.text for caption in captions])
        for caption in captions:
            task = self._by_task.setdefault(caption.order.task, _Lengths())
            task.add(clip, [caption.made.text])

    def tables(self) -> dict[str, Table3]:
        """The whole, and each task where there are several."""
        several = self._by_task if len(self._by_task) > 1 else {}
        return {"all": self._whole.table(), **{task: each.table() for task, each in several.items()}}


def report_to_markdown(report: Report) -> str:
    """The report for people: Table 3 first."""
    lines = [f"# Pseudo captions of {report.source}", "", *table3_lines(report), ""]
    lines += [f"- {name}: {value}" for name, value in summary_of(report).items()]
    if report.failures:
        lines += ["", "| failed by | captions |", "|---|---|"]
        lines += [f"| {name} | {count:,} |" for name, count in report.failures.items()]
    lines += ["", "| gate | captions | what it finds |", "|---|---|---|"]
    for gate, about in GATES.items():
        kept_out = " (kept out)" if gate in report.dropped_gates else ""
        lines.append(f"| {gate}{kept_out} | {report.faults.get(gate, 0):,} | {about} |")
    return "\n".join(lines) + "\n"


def table3_lines(report: Report) -> list[str]:
    """Table 3 as Markdown: items, hours, captions per audio (C/A), average tokens with their deviation."""
    lines = ["| Dataset | # item | Duration (h) | C/A | Avg. Token |", "|---|---|---|---|---|"]
    for name, row in report.tables.items():
        label = report.source if name == "all" else f"{report.source}, {name}"
        per_audio = str(row.most_captions)
        if row.fewest_captions != row.most_captions:
            per_audio = f"{row.fewest_captions}-{row.most_captions}"
        tokens = f"{row.tokens_mean:.1f}±{row.tokens_sd:.1f}"
        hours = f"{row.hours:.1f}" if row.hours >= 1 else f"{row.hours:.3f}"
        lines.append(f"| {label} | {row.items:,} | {hours} | {per_audio} | {tokens} |")
    return lines


def summary_of(report: Report) -> dict[str, str]:
    """The counts in words."""
    found = {
        "tasks": ", ".join(report.tasks),
        "backend": report.backend,
        "clips": f"{report.clips:,}, {report.clips_without_tags:,} of them without tags (skipped)",
        "captions": f"{report.in_manifest:,} in the manifest, {report.rejected:,} kept out by gates, "
        f"{report.failed:,} failed, {report.not_asked:,} not asked for",
        "tags withheld": f"{report.tags_withheld:,}, which name an artist, title or album",
    }
    missing = report.tables["all"].clips_without_end
    if missing:
        found["hours"] = f"without {missing:,} clips whose end is not known"
    if report.from_cache or report.repaired:
        found["answers"] = (
            f"{report.from_cache:,} kept from before, {report.repaired:,} at the second attempt"
        )
    if report.stopped:
        found["stopped"] = f"{report.stopped}; the same command goes on from here"
    return found | {name.replace("_", " "): str(value) for name, value in report.details.items()}
