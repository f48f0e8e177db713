"""The results of a listening test, as data, as Markdown and as a table of single answers."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from linernotes import __version__
from linernotes.listening import ASPECTS, LISTEN_FIRST_S, Settings
from linernotes.listening.store import TestStore, Verdict
from linernotes.listening.tally import (
    Agreement,
    RaterTally,
    Share,
    Tally,
    agreement,
    side_preference,
    tally_methods,
    tally_raters,
)

INTERVALS = (
    "95 % intervals: two-way clustered over raters and clips (Cameron, Gelbach and Miller, 2011; Student's t), "
    "never narrower than Wilson's and Newcombe's for as many independent answers; none with fewer than two "
    "raters or clips."
)

_MARKDOWN_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#|~!&"})


@dataclass(frozen=True, slots=True)
class ListeningReport:
    """All that a test has shown so far; `finished` raters answered everything, `asked` is what that is."""

    settings: Settings
    asked: int
    raters: int
    finished: int
    answers: int
    pairs: int
    first: str
    last: str
    median_listened_s: float | None
    brief: int
    """Answers given after less listening than the page asks for; clips may be shorter than that."""
    tallies: tuple[Tally, ...]
    agreements: tuple[Agreement, ...]
    side: Share | None
    by_rater: tuple[RaterTally, ...]


def report(store: TestStore) -> ListeningReport:
    """What is in the store now; answers may still be coming in."""
    verdicts = store.verdicts()
    settings = store.settings
    answered = [sum(verdict.rater == rater for verdict in verdicts) for rater in _raters(verdicts)]
    times = sorted(verdict.at for verdict in verdicts)
    return ListeningReport(
        settings=settings,
        asked=store.asked,
        raters=len(answered),
        finished=sum(count >= store.asked * len(ASPECTS) for count in answered),
        answers=len(verdicts),
        pairs=len({(verdict.clip_id, verdict.method) for verdict in verdicts}),
        first=times[0] if times else "",
        last=times[-1] if times else "",
        median_listened_s=statistics.median([each.listened_s for each in verdicts]) if verdicts else None,
        brief=sum(verdict.listened_s < LISTEN_FIRST_S for verdict in verdicts),
        tallies=tuple(
            tally for aspect in ASPECTS for tally in tally_methods(verdicts, settings.methods, aspect.key)
        ),
        agreements=tuple(agreement(verdicts, aspect.key) for aspect in ASPECTS),
        side=side_preference(verdicts),
        by_rater=tuple(tally_raters(verdicts)),
    )


def _raters(verdicts: Sequence[Verdict]) -> list[int]:
    return sorted({verdict.rater for verdict in verdicts})


def report_to_dict(found: ListeningReport, *, names: bool = False) -> dict[str, Any]:
    """Plain data; raters are numbers unless `names` is set."""
    data = asdict(found)
    data["intervals"] = INTERVALS
    data["linernotes"] = __version__
    data["aspects"] = {aspect.key: aspect.label for aspect in ASPECTS}
    for tally, plain in zip(found.tallies, data["tallies"], strict=True):
        plain |= {"answers": tally.answers, "preferred": tally.preferred}
    if not names:
        for row in data["by_rater"]:
            del row["name"]
    return data


def report_to_markdown(found: ListeningReport, *, names: bool = False) -> str:
    """The report for people; whatever was given as a name is escaped."""
    span = f", {found.first[:10]} to {found.last[:10]}" if found.first else ""
    lines = [
        f"# {_escaped(found.settings.title)}",
        "",
        f"{found.raters} raters ({found.finished} finished all {found.asked} questions), {found.answers} answers "
        f"about {found.pairs} pairs{span}. One text of every pair is a person's caption. Win: the method's text "
        f"was chosen; loss: the person's. In per cent of answers. {INTERVALS}",
    ]
    if not found.answers:
        return "\n".join([*lines, "", "Nobody has answered yet.", ""])
    for aspect in ASPECTS:
        lines += [
            "",
            f"## {aspect.label[0].upper()}{aspect.label[1:]}",
            "",
            f"Asked: “{aspect.question}”",
            "",
        ]
        lines += _method_table([tally for tally in found.tallies if tally.aspect == aspect.key])
    lines += ["", "## Agreement between raters", "", *_agreement_table(found.agreements)]
    lines += ["", "## Raters", "", *_checks(found), "", *_rater_table(found.by_rater, names)]
    return "\n".join(lines) + "\n"


def _method_table(tallies: Sequence[Tally]) -> list[str]:
    lines = [
        "| method | n | win | tie | loss | win + tie | win − loss | preferred |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tally in tallies:
        shares = (tally.win, tally.tie, tally.loss, tally.win_or_tie, tally.net)
        preferred = {"method": "the method", "human": "the person", "": "open"}[tally.preferred]
        cells = [_escaped(tally.method), str(tally.answers), *map(_per_cent, shares), preferred]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _agreement_table(agreements: Sequence[Agreement]) -> list[str]:
    labels = {aspect.key: aspect.label for aspect in ASPECTS}
    lines = [
        "Over the pairs that two or more raters heard: how often two of them answered the same, how often the "
        "opposite (win against loss), and Krippendorff's alpha (win, tie, loss one apart; 1 perfect, 0 chance).",
        "",
        "| question | pairs | same | opposite | alpha |",
        "|---|---|---|---|---|",
    ]
    for each in agreements:
        shares = ["–" if share is None else f"{100 * share:.1f}" for share in (each.equal, each.opposite)]
        alpha = "–" if each.alpha is None else f"{each.alpha:.2f}"
        lines.append(f"| {labels[each.aspect]} | {each.pairs} | {' | '.join(shares)} | {alpha} |")
    return lines


def _checks(found: ListeningReport) -> list[str]:
    lines = []
    if found.side is not None:
        lines.append(f"- Text A was chosen in {_per_cent(found.side)} % of the answers that chose a text.")
    lines.append(
        f"- Median listening before an answer: {found.median_listened_s:.1f} s; answers after less than "
        f"{LISTEN_FIRST_S:g} s: {found.brief}."
    )
    if found.settings.identical:
        lines.append(
            f"- Pairs never asked about because both texts were the same: {found.settings.identical}."
        )
    return lines


def _rater_table(rows: Sequence[RaterTally], names: bool) -> list[str]:
    labels = {aspect.key: aspect.label for aspect in ASPECTS}
    order = [aspect.key for aspect in ASPECTS]
    lines = [
        "| rater | question | win | tie | loss | chose A | median s heard |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: (row.rater, order.index(row.aspect))):
        who = _escaped(row.name) if names else str(row.rater)
        counts = f"{row.wins} | {row.ties} | {row.losses} | {row.a}"
        lines.append(f"| {who} | {labels[row.aspect]} | {counts} | {row.median_listened_s:.1f} |")
    return lines


def _per_cent(share: Share) -> str:
    interval = "" if share.ci95 is None else f" [{100 * share.ci95.low:.1f}, {100 * share.ci95.high:.1f}]"
    return f"{100 * share.value:.1f}{interval}"


def _escaped(text: str) -> str:
    return text.translate(_MARKDOWN_SIGNS)


def answers_to_csv(verdicts: Sequence[Verdict], *, names: bool = False) -> str:
    """Every answer that counts, a line each, for statistics of one's own."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        [
            "rater",
            "place",
            "clip_id",
            "method",
            "aspect",
            "human_side",
            "choice",
            "outcome",
            "listened_s",
            "at",
        ]
    )
    for each in verdicts:
        rater = each.rater_name if names else each.rater
        row = [rater, each.place, each.clip_id, each.method, each.aspect, each.human_side, each.choice]
        writer.writerow([*row, each.outcome, f"{each.listened_s:.1f}", each.at])
    return file.getvalue()
