"""The tables of the S2Cap paper, from a grid: baselines, encoders, and both additions on and off. In per cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from linernotes.models.s2cap.config import S2CapConfig
from linernotes.training.ablation import Found, Grid, Row, interval
from linernotes.training.ablation_tables import HEADS
from linernotes.training.style_scores import (
    constant_style,
    gains,
    shuffled_style,
    speaks_of_singing,
    style_of,
)

ENCODERS = {
    "ast": ("w/ audioset", "AST"),
    "mert": ("w/ music", "MERT"),
    "wav2vec2": ("w/ speech", "Wav2vec 2.0"),
    "hubert": ("w/ speech", "HuBERT"),
}
"""By name: what it was pre-trained on, as the paper groups them, and what the tables call it."""
MILLION = 1e6
STYLE = "style"
"""The column of singing style F1."""


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
    heads = _heads(grid, metrics)
    yield _line(["method", "CRESCENDO", "demixing", *heads])
    yield _rule(3 + len(heads))
    for group in ("w/ GPT2", "w/ BART", "others", "w/ T5"):
        rows = [row for row in grid.rows if _group(row) == group]
        if rows:
            yield _line([f"*{group}*", *[""] * (2 + len(heads))])
        for row in rows:
            scores = _scores(grid, row, metrics)
            yield _line([row.recipe.label, _mark(aligned(row)), _mark(demixed(row)), *scores])
    floors = {"cider": max(found.measured.shuffled_cider for row in grid.rows for found in row.found)}
    constant = {"cider": grid.constant.cider}
    if speaks_of_singing(grid):
        metrics = [*metrics, STYLE]
        floors, constant = floors | {STYLE: shuffled_style(grid)}, constant | {STYLE: constant_style(grid)}
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
    heads = _heads(grid, metrics)
    yield _line(["encoder", "pre-trained", "parameters", *heads])
    yield _rule(3 + len(heads))
    for row in rows:
        config: Any = row.recipe.model
        trained_on, name = ENCODERS.get(config.encoder.name, ("", config.encoder.name))
        count = row.found[0].encoder_parameters / MILLION
        if config.encoder.weights == "none":
            trained_on = "no"
        yield _line([name, trained_on, f"{count:.1f}M" if count else "-", *_scores(grid, row, metrics)])


def _additions(grid: Grid) -> Iterator[str]:
    """AST and T5 with each addition on and off; no row stands for what was not in the grid."""
    rows = [row for row in grid.rows if _group(row) == "w/ T5" and row.recipe.model.encoder.name == "ast"]
    if len({(aligned(row), demixed(row)) for row in rows}) < 2:
        return
    metrics = _computed(grid)
    yield "What CRESCENDO and demixing supervision add (AST and T5)."
    yield ""
    heads = [*_heads(grid, metrics), "epochs"]
    yield _line(["CRESCENDO", "demixing", *heads])
    yield _rule(2 + len(heads))
    rows = sorted(rows, key=lambda row: (aligned(row), demixed(row)))
    for row in rows:
        epochs = _cell(row, lambda found: found.epochs)
        yield _line([_mark(aligned(row)), _mark(demixed(row)), *_scores(grid, row, metrics), epochs])
    if speaks_of_singing(grid):
        yield from _gains(grid, rows)


def _gains(grid: Grid, rows: Sequence[Row]) -> Iterator[str]:
    """Each row against the first, which has the fewest additions."""
    yield ""
    yield f"Over {rows[0].recipe.label}, with the first seed, 95 % interval of the paired bootstrap over clips:"
    yield ""
    for row in rows[1:]:
        told = (
            f"{one.metric} {100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
            for one in gains(row, rows[0], grid)
        )
        yield f"- {row.recipe.label}: {', '.join(told)}"


def _notes(grid: Grid) -> Iterator[str]:
    seeds = len(grid.rows[0].found)
    absent = [HEADS[name] for name in grid.metrics if name not in _computed(grid)]
    yield (
        "Profile `coco`, in per cent, mean of "
        + (f"{seeds} seeds ± 95 % interval." if seeds > 1 else "1 seed; one seed has no interval.")
        + (_about_style(seeds) if speaks_of_singing(grid) else "")
        + (f" Sentence-BERT: cosine by {grid.sentence_model}." if "sbert" in _computed(grid) else "")
        + (f" Not computed on this machine: {', '.join(absent)}." if absent else "")
        + f" The constant caption: {grid.constant.caption}"
    )


def _about_style(seeds: int) -> str:
    """With one seed its interval is over clips."""
    return " Style F1: what captions say of the singing" + ("." if seeds > 1 else "; in brackets over clips.")


def _computed(grid: Grid) -> list[str]:
    """Metrics that every row has."""
    every = [found for row in grid.rows for found in row.found]
    return [name for name in grid.metrics if all(name in found.measured.scores for found in every)]


def _heads(grid: Grid, metrics: Sequence[str]) -> list[str]:
    return [*(HEADS[name] for name in metrics), *(["style F1"] if speaks_of_singing(grid) else [])]


def _scores(grid: Grid, row: Row, metrics: Sequence[str]) -> list[str]:
    def value(name: str) -> Callable[[Found], float]:
        return lambda found: 100 * found.measured.scores[name]

    style = [_style(grid, row)] if speaks_of_singing(grid) else []
    return [*(_cell(row, value(name)) for name in metrics), *style]


def _style(grid: Grid, row: Row) -> str:
    """Over seeds where there are several, else with the interval over clips."""
    if len(row.found) > 1:
        return _cell(row, lambda found: 100 * style_of(found, grid).corpus)
    score = style_of(row.found[0], grid)
    low, high = score.interval()
    return f"{100 * score.corpus:.2f} ({100 * low:.1f} to {100 * high:.1f})"


def _cell(row: Row, value: Callable[[Found], float]) -> str:
    told = interval([value(found) for found in row.found])
    return f"{told.mean:.2f}" + ("" if told.half_width is None else f" ± {told.half_width:.2f}")


def _mark(has: bool) -> str:
    return "✓" if has else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns
