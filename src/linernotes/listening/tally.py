"""What the raters said: wins, ties and losses of every method, and how far the raters agree.

Intervals allow for answers of one rater, and about one clip, being alike, and are never narrower than those of as
many independent answers (`intervals`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from linernotes.listening import OUTCOMES, Outcome
from linernotes.listening.intervals import Interval, difference, two_way, wilson
from linernotes.listening.store import Verdict

Floats = NDArray[np.float64]

LEAST_SURE = 0.05
WORTH: Mapping[Outcome, int] = {"win": 1, "tie": 0, "loss": -1}


@dataclass(frozen=True, slots=True)
class Share:
    """A share (or difference of shares) with its 95 % interval, None where it can't be had."""

    value: float
    ci95: Interval | None


@dataclass(frozen=True, slots=True)
class Tally:
    """One method's answers on one aspect; `net` is wins less losses, above 0 where the method is preferred.

    `decided` are the clips with a win or a loss.
    """

    method: str
    aspect: str
    wins: int
    ties: int
    losses: int
    raters: int
    clips: int
    decided: int
    win: Share
    tie: Share
    loss: Share
    win_or_tie: Share
    net: Share

    @property
    def answers(self) -> int:
        """How many there are."""
        return self.wins + self.ties + self.losses

    @property
    def preferred(self) -> str:
        """ "method" or "human" where the interval of `net` is on one side of zero, otherwise "".

        Never from fewer clips than an exact test over signs could be sure with.
        """
        if self.net.ci95 is None or 2.0 ** (1 - self.decided) > LEAST_SURE:
            return ""
        return "method" if self.net.ci95.low > 0 else "human" if self.net.ci95.high < 0 else ""


@dataclass(frozen=True, slots=True)
class RaterTally:
    """One rater's answers on one aspect, over all methods; `a` counts how often text A was chosen."""

    rater: int
    name: str
    aspect: str
    wins: int
    ties: int
    losses: int
    a: int
    median_listened_s: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How raters of the same pair agree on one aspect, over `pairs` pairs that two or more of them heard.

    `equal` and `opposite` are shares of all couples of answers (opposite: one a win, the other a loss); `alpha` is
    Krippendorff's, with win, tie and loss one apart: 1 is perfect, 0 what chance gives, None where undefined.
    """

    aspect: str
    pairs: int
    equal: float | None
    opposite: float | None
    alpha: float | None


def tally_methods(verdicts: Sequence[Verdict], methods: Sequence[str], aspect: str) -> list[Tally]:
    """Every method's tally on one aspect; methods without an answer are left out."""
    given = {
        method: [each for each in verdicts if each.aspect == aspect and each.method == method]
        for method in methods
    }
    return [_tally(ours) for ours in given.values() if ours]


def _tally(verdicts: Sequence[Verdict]) -> Tally:
    outcomes = [verdict.outcome for verdict in verdicts]
    wins, ties, losses = (outcomes.count(outcome) for outcome in OUTCOMES)
    net = _two_way([WORTH[outcome] for outcome in outcomes], verdicts)
    return Tally(
        verdicts[0].method,
        verdicts[0].aspect,
        wins=wins,
        ties=ties,
        losses=losses,
        raters=len({verdict.rater for verdict in verdicts}),
        clips=len({verdict.clip_id for verdict in verdicts}),
        decided=len({verdict.clip_id for verdict in verdicts if verdict.outcome != "tie"}),
        win=_share([outcome == "win" for outcome in outcomes], verdicts),
        tie=_share([outcome == "tie" for outcome in outcomes], verdicts),
        loss=_share([outcome == "loss" for outcome in outcomes], verdicts),
        win_or_tie=_share([outcome != "loss" for outcome in outcomes], verdicts),
        net=Share(
            (wins - losses) / len(outcomes),
            net and difference(wins, losses, len(outcomes)).around(net).within(-1.0, 1.0),
        ),
    )


def _share(counts: Sequence[bool], verdicts: Sequence[Verdict]) -> Share:
    """The share of the verdicts that count."""
    clustered = _two_way(counts, verdicts)
    return Share(
        sum(counts) / len(counts),
        clustered and wilson(sum(counts), len(counts)).around(clustered).within(0.0, 1.0),
    )


def _two_way(values: Sequence[float], verdicts: Sequence[Verdict]) -> Interval | None:
    raters = [verdict.rater for verdict in verdicts]
    return two_way(values, raters, [verdict.clip_id for verdict in verdicts])


def tally_raters(verdicts: Sequence[Verdict]) -> list[RaterTally]:
    """Every rater's tally on every aspect, in the order in which the raters came."""
    groups: defaultdict[tuple[int, str], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.rater, verdict.aspect].append(verdict)
    return [
        RaterTally(
            rater,
            mine[0].rater_name,
            aspect,
            wins=sum(verdict.outcome == "win" for verdict in mine),
            ties=sum(verdict.outcome == "tie" for verdict in mine),
            losses=sum(verdict.outcome == "loss" for verdict in mine),
            a=sum(verdict.choice == "a" for verdict in mine),
            median_listened_s=float(np.median([verdict.listened_s for verdict in mine])),
        )
        for (rater, aspect), mine in sorted(groups.items())
    ]


def side_preference(verdicts: Sequence[Verdict]) -> Share | None:
    """How often text A was chosen, of the answers that chose a text; 0.5 where the side doesn't matter."""
    chosen = [verdict for verdict in verdicts if verdict.choice != "tie"]
    return _share([verdict.choice == "a" for verdict in chosen], chosen) if chosen else None


def agreement(verdicts: Sequence[Verdict], aspect: str) -> Agreement:
    """Over the pairs that at least two raters answered about."""
    units: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.aspect == aspect:
            units[verdict.clip_id, verdict.method].append(WORTH[verdict.outcome])
    shared = [values for values in units.values() if len(values) > 1]
    couples = [abs(one - other) for values in shared for one, other in combinations(values, 2)]
    if not couples:
        return Agreement(aspect, 0, None, None, None)
    equal, opposite = (couples.count(distance) / len(couples) for distance in (0, 2))
    return Agreement(aspect, len(shared), equal, opposite, krippendorff_alpha(shared))


def krippendorff_alpha(units: Sequence[Sequence[float]]) -> float | None:
    """Krippendorff's alpha of interval data: for each unit the values that its raters gave (2011, section E).

    Units with one value say nothing about agreement and are passed over. None where all values are the same: then
    chance explains everything.
    """
    shared = [np.asarray(values, np.float64) for values in units if len(values) > 1]
    if not shared:
        return None
    every = np.concatenate(shared)
    observed = sum(_squares(values) / (len(values) - 1) for values in shared) / len(every)
    expected = _squares(every) / (len(every) * (len(every) - 1))
    return None if expected == 0 else float(1 - observed / expected)


def _squares(values: Floats) -> float:
    """The sum of squared differences over all ordered couples of values."""
    return float(2 * (len(values) * (values**2).sum() - values.sum() ** 2))
