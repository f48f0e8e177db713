"""How right labels are where the truth is known: counted class by class, and for tempo, metre and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from linernotes.building.annotate import Bounds
from linernotes.building.annotate.class_labels import Floats, known, present
from linernotes.clip import Fact
from linernotes.datasets.feature_classes import CLASSES

TEMPO_TOLERANCE = 0.04
"""Share of a tempo by which an estimate may be off (Gouyon et al., 2006)."""
OCTAVES = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
BEAT_TOLERANCE_S = 0.07


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts over the pairs of clip and class whose truth is known, `present` or `absent` by it.

    `hits` of the `claimed` are truly present, `denied_right` of the `denied` truly absent. `clips` have a truth
    (for a head: for its best known class).
    """

    clips: int = 0
    present: int = 0
    absent: int = 0
    claimed: int = 0
    hits: int = 0
    denied: int = 0
    denied_right: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the claims that are true; None without claims."""
        return self.hits / self.claimed if self.claimed else None

    @property
    def recall(self) -> float | None:
        """Share of what is present that is claimed."""
        return self.hits / self.present if self.present else None

    @property
    def absent_precision(self) -> float | None:
        """Share of what is held for absent that is absent."""
        return self.denied_right / self.denied if self.denied else None

    @property
    def decided(self) -> float | None:
        """Share of the known truths about which the labels say anything."""
        there = self.present + self.absent
        return (self.claimed + self.denied) / there if there else None


@dataclass(frozen=True, slots=True)
class Score:
    """`right` of `told` answers are right, where `known` clips have a truth."""

    known: int = 0
    told: int = 0
    right: int = 0


@dataclass(frozen=True, slots=True)
class TruthReport:
    """All of it: by head, by class of a head, and for what is no class."""

    clips: int
    heads: Mapping[str, Agreement]
    classes: Mapping[str, Mapping[str, Agreement]]
    others: Mapping[str, Score]


@dataclass(slots=True)
class TruthTally:
    """Counts as the clips come; memory does not grow with them."""

    bounds: Bounds
    clips: int = 0
    _cells: dict[str, np.ndarray[tuple[int, int], np.dtype[np.int64]]] = field(default_factory=dict)
    _others: dict[str, Score] = field(default_factory=dict)

    def add(
        self,
        truth: Mapping[str, Floats],
        told: Mapping[str, Floats],
        true_facts: Sequence[Fact],
        facts: Sequence[Fact],
    ) -> None:
        """One clip's classes, (classes,) by head, and facts."""
        self.clips += 1
        for head, classes in CLASSES.items():
            there, is_known = present(truth[head], self.bounds), known(truth[head], self.bounds)
            claimed = present(told[head], self.bounds) & is_known
            denied = known(told[head], self.bounds) & ~present(told[head], self.bounds) & is_known
            counts = self._cells.setdefault(head, np.zeros((7, len(classes)), np.int64))
            rows = (is_known, there, is_known & ~there, claimed, claimed & there, denied, denied & ~there)
            counts += np.array(rows, np.int64)
        self._add_others(true_facts, facts)

    def _add_others(self, truth: Sequence[Fact], facts: Sequence[Fact]) -> None:
        tempo, told = _whole("tempo", truth), _whole("tempo", facts)
        if tempo is not None:
            for name, factors in (("tempo within 4 %", (1.0,)), ("tempo, octaves allowed", OCTAVES)):
                right = told is not None and any(
                    abs(float(told.value) - float(tempo.value) * factor)
                    <= TEMPO_TOLERANCE * float(tempo.value) * factor
                    for factor in factors
                )
                self._score(name, told is not None, right)
        metre, told = _whole("metre", truth), _whole("metre", facts)
        if metre is not None:
            self._score("metre", told is not None, told is not None and told.value == metre.value)
        downbeats = [fact.start_s for fact in facts if fact.name == "downbeat"]
        for section in truth:
            if section.name == "section" and section.start_s > BEAT_TOLERANCE_S:
                near = any(abs(section.start_s - time_s) <= BEAT_TOLERANCE_S for time_s in downbeats)
                self._score("downbeat where a section begins", bool(downbeats), near)

    def _score(self, name: str, told: bool, right: bool) -> None:
        before = self._others.get(name, Score())
        self._others[name] = Score(before.known + 1, before.told + told, before.right + (told and right))

    def report(self) -> TruthReport:
        """What was counted."""
        heads, classes = {}, {}
        for head, counts in self._cells.items():
            known_clips = int(counts[0].max(initial=0))
            heads[head] = Agreement(known_clips, *(int(count) for count in counts[1:].sum(axis=1)))
            classes[head] = {
                name: Agreement(*(int(count) for count in counts[:, column]))
                for column, name in enumerate(CLASSES[head])
                if counts[1, column] or counts[3, column]
            }
        return TruthReport(self.clips, heads, classes, dict(self._others))


def _whole(name: str, facts: Sequence[Fact]) -> Fact | None:
    """The fact of the clip as a whole, which comes before those of its stretches."""
    return next((fact for fact in facts if fact.name == name), None)


def truth_lines(report: TruthReport) -> list[str]:
    """Markdown: `head_lines`, then every class that is there or was claimed."""
    lines = [*head_lines(report), "", *_headings("class")]
    lines += [
        _row(f"{head}: {name}", agreement)
        for head, found in report.classes.items()
        for name, agreement in found.items()
    ]
    return lines


def head_lines(report: TruthReport) -> list[str]:
    """Markdown: the heads, then tempo, metre and bars."""
    lines = [
        f"Against the exact truth of {report.clips:,} clips:",
        "",
        *_headings("head"),
    ]
    lines += [_row(head, agreement) for head, agreement in report.heads.items()]
    lines += ["", "| of | told of | right of those told | right of all |", "|---|---|---|---|"]
    for name, score in report.others.items():
        told, right = _share(score.right, score.told), _share(score.right, score.known)
        lines.append(f"| {name} | {score.told:,} of {score.known:,} | {told} | {right} |")
    return lines


def _headings(first: str) -> list[str]:
    columns = ("clips", "present", "claimed", "precision", "recall", "absent, right", "decided")
    return [f"| {first} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]


def _row(name: str, counts: Agreement) -> str:
    cells = (counts.precision, counts.recall, counts.absent_precision, counts.decided)
    shown = " | ".join("-" if value is None else f"{value:.3f}" for value in cells)
    return f"| {name} | {counts.clips:,} | {counts.present:,} | {counts.claimed:,} | {shown} |"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"
