"""What the judges found, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from linernotes.judging import Judged
from linernotes.judging.tally import Agreement, JudgesAgreement, Tally, judges_agreement, tally

PROFILE = "judge"
FAILURES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One judge: who it was (`provenance`), what it answered, and its answers on shuffled captions, if any."""

    name: str
    provenance: Mapping[str, str | int | float | None]
    judged: Judged
    shuffled: Judged | None = None


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """One or two judges on the same pairs."""

    judges: tuple[Verdicts, ...]

    @property
    def between(self) -> Mapping[str, JudgesAgreement] | None:
        """How far two judges agree."""
        if len(self.judges) != 2:
            return None
        return judges_agreement(self.judges[0].judged, self.judges[1].judged)


def report_to_dict(report: JudgeReport) -> dict[str, Any]:
    """Plain data; every answer and every failure is in it."""
    between = report.between
    return {
        "profile": PROFILE,
        "n": len(report.judges[0].judged.clip_ids),
        "judges": {verdicts.name: _judge_to_dict(verdicts) for verdicts in report.judges},
        "agreement_between_judges": between and {name: asdict(found) for name, found in between.items()},
    }


def _judge_to_dict(verdicts: Verdicts) -> dict[str, Any]:
    judged = verdicts.judged
    shuffled = verdicts.shuffled and tally(verdicts.shuffled)
    return {
        "provenance": dict(verdicts.provenance),
        "repeats": judged.repeats,
        "questions": {
            name: {
                "accuracy": found.accuracy,
                "ci95": found.ci95 and list(found.ci95),
                "shuffled": shuffled[name].accuracy if shuffled else None,
                "asked": found.asked,
                "yes": found.yes,
                "no": found.no,
                "n/a": found.not_applicable,
                "failed": found.failed,
                "repeats_agreement": found.repeats and asdict(found.repeats),
            }
            for name, found in tally(judged).items()
        },
        "failures": [asdict(failure) for failure in judged.failures],
        "failures_on_shuffled": [
            asdict(failure) for failure in (verdicts.shuffled.failures if verdicts.shuffled else ())
        ],
        "answers": [asdict(judgement) for judgement in judged.judgements],
    }


def report_to_markdown(report: JudgeReport) -> str:
    """One table a judge, how they agree, and what failed."""
    parts = ["# Do the captions say the same of the music?", ""]
    for verdicts in report.judges:
        parts += _judge_section(verdicts)
    if report.between:
        parts += _between_section(report, report.between)
    return "\n".join(parts).rstrip() + "\n"


def _judge_section(verdicts: Verdicts) -> list[str]:
    judged = verdicts.judged
    shuffled = tally(verdicts.shuffled) if verdicts.shuffled else None
    facts = "; ".join(f"{name}: {value}" for name, value in verdicts.provenance.items() if value is not None)
    return [
        f"## Judge: {_cell(verdicts.name)}",
        "",
        f"n = {len(judged.clip_ids)} pairs, each asked {_times(judged.repeats)}; accuracy = yes / (yes + no), in "
        f"per cent, with bootstrap 95 % interval over pairs. {_cell(facts)}.",
        "",
        "| question | accuracy | shuffled floor | asked | yes | no | n/a | failed | all repeats equal | kappa |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_row(found, shuffled[name] if shuffled else None) for name, found in tally(judged).items()),
        "",
        *_failures("requests", judged),
        *(_failures("requests on shuffled captions", verdicts.shuffled) if verdicts.shuffled else ()),
    ]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _row(found: Tally, shuffled: Tally | None) -> str:
    value = "-"
    if found.accuracy is not None and found.ci95 is not None:
        low, high = found.ci95
        value = f"{100 * found.accuracy:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    cells = [
        found.question.replace("_", " "),
        value,
        _per_cent(shuffled.accuracy if shuffled else None),
        *map(str, (found.asked, found.yes, found.no, found.not_applicable, found.failed)),
        *_agreement_cells(found.repeats),
    ]
    return f"| {' | '.join(cells)} |"


def _agreement_cells(found: Agreement | None) -> list[str]:
    if found is None:
        return ["-", "-"]
    return [_per_cent(found.equal), "-" if found.kappa is None else f"{found.kappa:.2f}"]


def _failures(what: str, judged: Judged) -> Sequence[str]:
    if not judged.failures:
        return ()
    shown = judged.failures[:FAILURES_SHOWN]
    lines = [f"{len(judged.failures)} of {judged.asked} {what} failed and count nowhere above:", ""]
    lines += [f"- {_cell(each.clip_id)}, repeat {each.repeat + 1}: {_cell(each.reason)}" for each in shown]
    if len(judged.failures) > len(shown):
        lines.append(f"- ... and {len(judged.failures) - len(shown)} more, all of them in the JSON report")
    return (*lines, "")


def _between_section(report: JudgeReport, between: Mapping[str, JudgesAgreement]) -> list[str]:
    first, second = (verdicts.name for verdicts in report.judges)
    lines = [
        f"## Agreement of {_cell(first)} with {_cell(second)}",
        "",
        "Majority answers; kappa is Scott's pi over yes, no and n/a.",
        "",
        "| question | pairs | equal | kappa | both said yes or no | equal of these |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in between.items():
        cells = [
            name.replace("_", " "),
            str(found.three_way.clips),
            *_agreement_cells(found.three_way),
            str(found.both_decided),
            _per_cent(found.equal_where_decided),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _per_cent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
