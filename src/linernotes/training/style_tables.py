"""The tables of the S2Cap paper, from a grid: baselines, encoders, and both additions on and off. In per cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from linernotes.models.s2cap.config import S2CapConfig
from linernotes.training.ablation import Found, Grid, Row, interval
from linernotes.training.ablation_tables import HEADS

ENCODERS = {
    "ast": ("w/ audioset", "AST"),
    "mert": ("w/ music", "MERT"),
    "wav2vec2": ("w/ speech", "Wav2vec 2.0"),
    "hubert": ("w/ speech", "HuBERT"),
}
"""By name: what it was pre-trained on, as the paper groups them, and what the tables call it."""
MILLION = 1e6


def style_tables(grid: Grid) -> str:
    """The baseline table, the encoder table and the table of additions; those without rows are left out."""
    parts = [list(table(grid)) for table in (_baselines, _encoders, _additions)]
    notes = list(_notes(grid))
    return "\n\n".join("\n".join(part) for part in (*(part for part in parts if part), notes)) + "\n"


def is_style_grid(families: Sequence[str]) -> bool:
    """Whether recipes of these families make the tables of S2Cap rather than those of MusCaps."""
    return "s2cap" in families


def aligned(row: Row) -> bool:
    """Whether it goes on from weights that CRESCENDO aligned; a recipe names them in `training.start`."""
    return _model(row) is not None and row.recipe.training.start is not None


def demixed(row: Row) -> bool:
    """Whether demixing supervision was on."""
    model = _model(row)
    return model is not None and model.demixing_weight > 0


def _model(row: Row) -> S2CapConfig | None:
    return row.recipe.model if isinstance(row.recipe.model, S2CapConfig) else None


def _group(row: Row) -> str:
    model = _model(row)
    if model is None or model.writer.kind == "gpt2-prefix":
        return "others"
    return {"gpt2": "w/ GPT2", "bart": "w/ BART", "t5": "w/ T5"}[model.writer.kind]


def _baselines(grid: Grid) -> Iterator[str]:
    metrics = _computed(grid)
    yield f"Methods, {grid.test_clips} test clips."
    yield ""
    yield _line(["method", "CRESCENDO", "demixing", *(HEADS[name] for name in metrics)])
    yield _rule(3 + len(metrics))
    for group in ("w/ GPT2", "w/ BART", "others", "w/ T5"):
        rows = [row for row in grid.rows if _group(row) == group]
        if rows:
            yield _line([f"*{group}*", *[""] * (2 + len(metrics))])
        for row in rows:
            yield _line([row.recipe.label, _mark(aligned(row)), _mark(demixed(row)), *_scores(row, metrics)])
    floors = {"cider": max(found.measured.shuffled_cider for row in grid.rows for found in row.found)}
    constant = {"cider": grid.constant.cider}
    for label, known in (("captions shuffled, the best row", floors), ("best constant caption", constant)):
        yield _line(
            [label, "", "", *(f"{100 * known[name]:.2f}" if name in known else "" for name in metrics)]
        )


def _encoders(grid: Grid) -> Iterator[str]:
    """T5 with both additions, by encoder."""
    rows = [row for row in grid.rows if _group(row) == "w/ T5" and aligned(row) and demixed(row)]
    if not rows:
        return
    metrics = _computed(grid)
    yield "Audio encoders of the proposed system (T5, CRESCENDO, demixing supervision)."
    yield ""
    yield _line(["encoder", "pre-trained", "parameters", *(HEADS[name] for name in metrics)])
    yield _rule(3 + len(metrics))
    for row in rows:
        config: Any = row.recipe.model
        trained_on, name = ENCODERS.get(config.encoder.name, ("", config.encoder.name))
        count = row.found[0].encoder_parameters / MILLION
        if config.encoder.weights == "none":
            trained_on = "no"
        yield _line([name, trained_on, f"{count:.1f}M" if count else "-", *_scores(row, metrics)])


def _additions(grid: Grid) -> Iterator[str]:
    """AST and T5 with each addition on and off; no row stands for what was not in the grid."""
    rows = [row for row in grid.rows if _group(row) == "w/ T5" and row.recipe.model.encoder.name == "ast"]
    if len({(aligned(row), demixed(row)) for row in rows}) < 2:
        return
    metrics = _computed(grid)
    yield "What CRESCENDO and demixing supervision add (AST and T5)."
    yield ""
    yield _line(["CRESCENDO", "demixing", *(HEADS[name] for name in metrics), "epochs"])
    yield _rule(3 + len(metrics))
    for row in sorted(rows, key=lambda row: (aligned(row), demixed(row))):
        epochs = _cell(row, lambda found: found.epochs)
        yield _line([_mark(aligned(row)), _mark(demixed(row)), *_scores(row, metrics), epochs])


def _notes(grid: Grid) -> Iterator[str]:
    seeds = len(grid.rows[0].found)
    absent = [HEADS[name] for name in grid.metrics if name not in _computed(grid)]
    yield (
        "Profile `coco`, in per cent, mean of "
        + (f"{seeds} seeds ± 95 % interval." if seeds > 1 else "1 seed; one seed has no interval.")
        + (f" Sentence-BERT: cosine by {grid.sentence_model}." if "sbert" in _computed(grid) else "")
        + (f" Not computed on this machine: {', '.join(absent)}." if absent else "")
        + f" The constant caption: {grid.constant.caption}"
    )


def _computed(grid: Grid) -> list[str]:
    """Metrics that every row has."""
    every = [found for row in grid.rows for found in row.found]
    return [name for name in grid.metrics if all(name in found.measured.scores for found in every)]


def _scores(row: Row, metrics: Sequence[str]) -> list[str]:
    def value(name: str) -> Callable[[Found], float]:
        return lambda found: 100 * found.measured.scores[name]

    return [_cell(row, value(name)) for name in metrics]


def _cell(row: Row, value: Callable[[Found], float]) -> str:
    told = interval([value(found) for found in row.found])
    return f"{told.mean:.2f}" + ("" if told.half_width is None else f" ± {told.half_width:.2f}")


def _mark(has: bool) -> str:
    return "✓" if has else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns
