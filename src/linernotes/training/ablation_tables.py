"""Tables I to III of the MusCaps paper, from a grid: Markdown, scores in per cent as the paper prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from linernotes.models.muscaps import MusCapsConfig
from linernotes.training.ablation import CHANCES, RECALLS, Found, Grid, Row, interval
from linernotes.training.measuring import TABLE_METRICS

HEADS = {
    "bleu1": "BLEU1", "bleu2": "BLEU2", "bleu3": "BLEU3", "bleu4": "BLEU4", "meteor": "METEOR", "rougeL": "ROUGEL",
    "cider": "CIDEr-D", "spice": "SPICE", "spider": "SPIDEr", "sbert": "Sentence-BERT",
}  # fmt: skip


def tables(grid: Grid) -> str:
    """Captioning (Tables I and II), retrieval (Table III), and what greedy and beam search repeat."""
    parts = [_captioning(grid), *([_retrieval(grid)] if grid.queries else []), _manner(grid)]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _captioning(grid: Grid) -> Iterator[str]:
    measured = [name for name in TABLE_METRICS if all(name in found.measured.scores for found in _all(grid))]
    absent = [HEADS[name] for name in TABLE_METRICS if name in grid.metrics and name not in measured]
    yield (
        f"Captioning, {grid.test_clips} test clips, profile `coco`, in per cent, mean over seeds ± 95 % interval; "
        "one seed has none." + (f" Not computed on this machine: {', '.join(absent)}." if absent else "")
    )
    yield ""
    yield _line(
        [
            "recipe",
            "fusion",
            "PT",
            "BS",
            "ATT",
            *(HEADS[name] for name in measured),
            "families F1",
            "epochs",
            "seeds",
        ]
    )
    yield _rule(8 + len(measured))
    for row in grid.rows:
        scores = [_cell(row, lambda found, name=name: 100 * found.measured.scores[name]) for name in measured]  # type: ignore[misc]
        f1 = _cell(row, lambda found: 100 * (found.measured.families_f1 or 0.0))
        has_tags = row.found[0].measured.families_f1 is not None
        yield _line(
            [
                row.recipe.label,
                *_design(row),
                *scores,
                f1 if has_tags else "-",
                _cell(row, lambda found: found.epochs),
                str(len(row.found)),
            ]
        )
    shuffled = max(found.measured.shuffled_cider for found in _all(grid))
    floor, constant = (
        [f"{100 * cider:.1f}" if name == "cider" else "" for name in measured]
        for cider in (shuffled, grid.constant.cider)
    )
    families = "-" if grid.constant.families_f1 is None else f"{100 * grid.constant.families_f1:.1f}"
    yield _line(["captions shuffled, the best row", "", "", "", "", *floor, "", "", ""])
    yield _line(["best constant", "", "", "", "", *constant, families, "", ""])
    yield ""
    said = ", ".join(grid.constant.families) or "-"
    yield f"The constant caption: {grid.constant.caption} The constant families: {said}."


def _retrieval(grid: Grid) -> Iterator[str]:
    first = grid.rows[0].found[0].retrieval  # the queries are the same for all
    chance = [100 * first[name] for name in CHANCES]
    yield f"Retrieval by likelihood, {grid.queries} queries over {grid.tracks} tracks, ties at their mean rank."
    yield ""
    yield _line(["recipe", "R@1", "R@5", "R@10", "median rank"])
    yield _rule(5)
    for row in grid.rows:
        if row.recipe.decoding.beams > 1:
            continue  # decoding does not change likelihoods
        scales = {name: 1 if name == "median_rank" else 100 for name in RECALLS}
        cells = [
            _cell(row, lambda found, name=name, scale=scale: scale * found.retrieval[name])  # type: ignore[misc]
            for name, scale in scales.items()
        ]
        yield _line([row.recipe.label, *cells])
    yield _line(["chance", *(f"{share:.1f}" for share in chance), f"{(grid.tracks + 1) / 2:.1f}"])


def _manner(grid: Grid) -> Iterator[str]:
    yield "How captions are written: totals over the test clips."
    yield ""
    yield _line(["recipe", "beams", "<unk>", "repeated n-grams", "different captions"])
    yield _rule(5)
    for row in grid.rows:
        counts: tuple[Callable[[Found], float], ...] = (
            lambda found: found.measured.unknown_words,
            lambda found: found.measured.repetitions,
            lambda found: found.measured.distinct_captions,
        )
        yield _line(
            [row.recipe.label, str(row.recipe.decoding.beams), *(_cell(row, count) for count in counts)]
        )


def _design(row: Row) -> list[str]:
    """Fusion, pre-training, beam search, attention, as Table II marks them."""
    model = row.recipe.model
    beams = "✓" if row.recipe.decoding.beams > 1 else ""
    if not isinstance(model, MusCapsConfig):
        return ["-", "", beams, ""]
    pretrained = "" if model.encoder.weights == "none" else "✓"
    return ["-" if model.attention else model.fusion, pretrained, beams, "✓" if model.attention else ""]


def _all(grid: Grid) -> list[Found]:
    return [found for row in grid.rows for found in row.found]


def _cell(row: Row, value: Callable[[Found], float]) -> str:
    told = interval([value(found) for found in row.found])
    return f"{told.mean:.1f}" + ("" if told.half_width is None else f" ± {told.half_width:.1f}")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns
