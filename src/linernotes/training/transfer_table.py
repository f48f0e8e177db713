"""Table 4 of LP-MusicCaps (Doh et al. 2023) from a study: Markdown, scores in per cent as the paper has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linernotes.training.transfer_study import METRICS, PROFILE, Scored, StudyResult, StudyRow

HEADS = {
    "bleu1": "B1", "bleu2": "B2", "bleu3": "B3", "bleu4": "B4", "meteor": "METEOR", "rougeL": "ROUGE-L",
    "bertscore": "BERTScore", "vocabulary": "vocabulary", "novel_v": "new words", "novel_c": "new captions",
    "average_tokens": "tokens",
}  # fmt: skip
COUNTS = ("vocabulary", "average_tokens")
"""Columns that are no shares."""
CAPTIONS = {"tag_concat": "tag concat", "template": "template", "k2c": "K2C", "lp": "LP", "": "-"}


def transfer_table(result: StudyResult) -> str:
    """The table, with what it was taken from above and what it lacks below."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: StudyResult) -> Iterator[str]:
    measured = [name for name in METRICS if all(name in row.scores for row in result.rows)]
    heads = [HEADS[name] for name in measured]
    yield (
        f"{result.test_clips} test clips. Profile `{PROFILE}`, in per cent but for vocabulary and tokens; behind "
        "the value its 95 % interval over test clips, of one training run each. A value no better than that of "
        "shuffled captions says nothing about the clips."
    )
    yield ""
    yield _line(["training", "pseudo captions", "clips", "updates", *heads, "families F1"])
    yield "|" + "---|" * (5 + len(heads))
    for row in result.rows:
        learned = [row.training, CAPTIONS[row.captions], str(row.clips), str(row.steps)]
        yield _line([*learned, *_cells(row, measured), _f1(row)])
    floors = [_floor(result.rows, name) for name in measured]
    yield _line(["shuffled, the best row", "", "", "", *floors, ""])
    if result.not_computed:
        yield ""
        for name, reason in result.not_computed.items():
            yield f"{HEADS[name]} not computed: {' '.join(reason.split())}"


def _cells(row: StudyRow, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield _cell(name, row.scores[name])


def _cell(name: str, score: Scored) -> str:
    if name in COUNTS:
        return f"{score.value:.0f}" if name == "vocabulary" else f"{score.value:.1f}"
    value = f"{100 * score.value:.1f}"
    if score.ci95 is None:
        return value
    return f"{value} ({100 * score.ci95[0]:.1f} to {100 * score.ci95[1]:.1f})"


def _floor(rows: Sequence[StudyRow], name: str) -> str:
    floors = [row.scores[name].shuffled for row in rows]
    known = [floor for floor in floors if floor is not None]
    return f"{100 * max(known):.1f}" if known else ""


def _f1(row: StudyRow) -> str:
    return "-" if row.families_f1 is None else f"{100 * row.families_f1:.1f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
