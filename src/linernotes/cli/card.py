"""The readable card: caption, time line and facts of one recording in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from linernotes.clip import Fact, Notes
from linernotes.export import clock, fact_text, headline_facts
from linernotes.notes_json import printable


def print_card(console: Console, notes: Notes) -> None:
    """Print the notes of one recording, as wide as the terminal up to 100 columns."""
    told = notes.description
    parts: list[RenderableType] = [Text((told or notes).caption.text, style="bold")]
    parts += [Text(f"Note: {warning}", style="yellow") for warning in notes.warnings]
    if len(notes.sections) > 1:
        parts += [Text(), _time_line(notes)]
    if facts := headline_facts(notes):
        parts += [Text(), facts_table(facts)]
    title = Text(Path(printable(notes.audio.path)).name + f"  ({clock(notes.audio.duration_s)})")
    console.print(Panel(Group(*parts), title=title, title_align="left", width=min(100, console.width)))


def facts_table(facts: list[Fact]) -> Table:
    """Facts with how sure they are, as a table; spans shorter than the recording are shown."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for column in ("fact", "value", "confidence", "source"):
        table.add_column(column)
    for fact in facts:
        bar = "█" * round(fact.confidence * 10) + "░" * (10 - round(fact.confidence * 10))
        table.add_row(
            fact.name.replace("_", " "), Text(fact_text(fact)), f"{bar} {fact.confidence:.2f}", fact.source
        )
    return table


def _time_line(notes: Notes) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("time", no_wrap=True)
    table.add_column("part")
    table.add_column("what is heard")
    for part in notes.sections:
        table.add_row(f"{clock(part.start_s)}-{clock(part.end_s)}", part.label, Text(part.caption.text))
    return table
