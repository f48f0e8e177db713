"""Answers counted: accuracy with its interval, and how far answers agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linernotes.judging import QUESTIONS, VERDICTS, Judged, Verdict
from linernotes.metrics.score import Score, Statistics

Verdicts = Mapping[str, list[Verdict]]
"""The answers to one question, by clip id."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often several answers on the same clip were the same, over `clips` clips with all their answers.

    `equal` is the share of clips on which all answers were equal; it means something even when nearly every
    answer is the same, where `kappa` (agreement beyond chance) falls or is undefined, hence both.
    """

    clips: int
    equal: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Tally:
    """One question's counts over all clips and repeats; `accuracy` is None where nothing was yes or no."""

    question: str
    accuracy: float | None
    ci95: tuple[float, float] | None
    asked: int
    yes: int
    no: int
    not_applicable: int
    repeats: Agreement | None

    @property
    def failed(self) -> int:
        """Asked, but never answered."""
        return self.asked - self.yes - self.no - self.not_applicable


def tally(judged: Judged) -> dict[str, Tally]:
    """Every question's counts; the bootstrap draws clips, so that repeats of a clip stay together."""
    return {question: _tally(question, judged) for question in QUESTIONS}


def _tally(question: str, judged: Judged) -> Tally:
    given = verdicts_of(judged, question)
    counts = {clip_id: Counter(given.get(clip_id, ())) for clip_id in judged.clip_ids}
    statistics = np.array([[counts[clip]["yes"], counts[clip]["no"]] for clip in judged.clip_ids], np.float64)
    score = Score(judged.clip_ids, statistics, _share_of_yes)
    total = sum(counts.values(), Counter[Verdict]())
    decided = total["yes"] + total["no"] > 0
    return Tally(
        question=question,
        accuracy=score.corpus if decided else None,
        ci95=score.interval() if decided else None,
        asked=judged.asked,
        yes=total["yes"],
        no=total["no"],
        not_applicable=total["n/a"],
        repeats=agreement(given, judged.repeats) if judged.repeats > 1 else None,
    )


def verdicts_of(judged: Judged, question: str) -> Verdicts:
    """The answers to one question."""
    given: defaultdict[str, list[Verdict]] = defaultdict(list)
    for judgement in judged.judgements:
        given[judgement.clip_id].append(judgement.verdicts[question])
    return given


def _share_of_yes(sums: Statistics) -> Statistics:
    yes, decided = sums[..., 0], sums.sum(axis=-1)
    share: Statistics = np.divide(yes, decided, out=np.full_like(yes, np.nan), where=decided > 0)
    return share


def agreement(given: Verdicts, raters: int) -> Agreement:
    """Over the clips that have all `raters` answers."""
    whole = [answers for answers in given.values() if len(answers) == raters]
    if not whole:
        return Agreement(0, None, None)
    counts = np.array([[answers.count(verdict) for verdict in VERDICTS] for answers in whole])
    return Agreement(len(whole), float((counts.max(axis=1) == raters).mean()), fleiss_kappa(counts))


def fleiss_kappa(counts: NDArray[np.int64]) -> float | None:
    """Agreement beyond chance of (items, categories) counts with equally many raters an item; Fleiss (1971).

    With two raters it is Scott's pi. None where every answer is of one category: chance explains everything.
    """
    table = np.asarray(counts, np.float64)
    raters = table.sum(axis=1)[0]
    observed = ((table**2).sum(axis=1) - raters) / (raters * (raters - 1))
    expected = float(((table.sum(axis=0) / table.sum()) ** 2).sum())
    return None if expected >= 1 else (float(observed.mean()) - expected) / (1 - expected)


@dataclass(frozen=True, slots=True)
class JudgesAgreement:
    """Two judges on the same clips: over all three answers, and over the clips that both decided (yes or no)."""

    question: str
    three_way: Agreement
    both_decided: int
    equal_where_decided: float | None


def judges_agreement(one: Judged, other: Judged) -> dict[str, JudgesAgreement]:
    """Compare the two judges' majority answers; a clip without a majority is left out (and so lowers `clips`)."""
    return {question: _judges_agreement(question, one, other) for question in QUESTIONS}


def _judges_agreement(question: str, one: Judged, other: Judged) -> JudgesAgreement:
    sides = [_majorities(judged, question) for judged in (one, other)]
    both = {clip: [side[clip] for side in sides] for clip in sides[0] if clip in sides[1]}
    decided = [answers for answers in both.values() if "n/a" not in answers]
    equal = sum(first == second for first, second in decided)
    return JudgesAgreement(
        question, agreement(both, 2), len(decided), equal / len(decided) if decided else None
    )


def _majorities(judged: Judged, question: str) -> dict[str, Verdict]:
    """The answer that more than half of a clip's answers gave, where there is one."""
    found: dict[str, Verdict] = {}
    for clip_id, answers in verdicts_of(judged, question).items():
        verdict, count = Counter(answers).most_common(1)[0]
        if 2 * count > len(answers):
            found[clip_id] = verdict
    return found
