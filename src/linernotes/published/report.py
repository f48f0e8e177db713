"""The lint of published scores as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.published import UNSTATED, Apart, Board, Lint, PublishedScore


def published_markdown(lint: Lint) -> str:
    """Every board as a table, then which boards stand apart and why, then what is odd."""
    parts = [_board(number, board) for number, board in enumerate(lint.boards, 1)]
    if lint.apart:
        parts.append("\n".join(["## Not side by side", "", *_apart(lint.apart)]))
    if lint.warnings:
        parts.append("\n".join(["## Beware", "", *(f"- {warning}" for warning in lint.warnings)]))
    return "\n\n".join(parts) + "\n"


def _board(number: int, board: Board) -> str:
    kind = board.kind
    what = [
        f"profile {kind.profile}",
        f"{kind.data_set} {kind.split}".strip(),
        f"n = {kind.n or UNSTATED}",
        f"captions from {kind.input}",
        *([kind.paper] if kind.paper else []),
    ]
    lines = [f"## Board {number}: {', '.join(what)}", "", "These may stand side by side.", ""]
    lines += [
        f"| system | setting | {' | '.join(board.metrics)} | source |",
        "|" + "---|" * (len(board.metrics) + 3),
    ]
    systems: dict[tuple[str, str, str], dict[str, PublishedScore]] = {}
    for row in board.rows:
        systems.setdefault((row.system, row.setting, row.source), {})[row.metric] = row
    for (system, setting, source), scores in systems.items():
        cells = [f"{scores[metric].value:g}" if metric in scores else "" for metric in board.metrics]
        lines.append(f"| {' | '.join([system, setting, *cells, source])} |")
    notes = dict.fromkeys(row.note for row in board.rows if row.note)
    return "\n".join([*lines, *(f"\n{note}." for note in notes)])


def _apart(apart: Sequence[Apart]) -> list[str]:
    """One line for all boards that stand apart from one board for the same reasons."""
    together: dict[tuple[int, tuple[str, ...]], list[int]] = {}
    for pair in apart:
        together.setdefault((pair.first, pair.reasons), []).append(pair.second)
    return [
        f"- board {first} and {', '.join(map(str, seconds))}: {'; '.join(reasons)}"
        for (first, reasons), seconds in together.items()
    ]
