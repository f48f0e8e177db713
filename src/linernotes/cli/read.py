"""`linernotes read`: what texts say about music."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from linernotes.cli.progress import progress_bar
from linernotes.notes_json import printable

if TYPE_CHECKING:
    from linernotes.words.text_facts import TextFact

_LINES = (".jsonl", ".ndjson")
_FILE_NAME = re.compile(
    r"\S*\w\.(?:txt|md|jsonl?|ndjson|csv|tsv|parquet|mp3|wav|flac|ogg|m4a)", re.IGNORECASE
)
"""A text that is all of this was meant as a file."""


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """One line of a file of captions: where it stands, its id ("" without one) and its text."""

    place: str
    clip_id: str
    text: str


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("read")(read)


def read(
    text: str = typer.Argument(
        help='A caption or any other text; a text file; a .jsonl of {"caption": ...}; "-" for standard input.'
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON; for a .jsonl, a line each."),
) -> None:
    """Read the music facts out of a text: key, tempo, metre, instruments, genres, moods, voice, chords.

    Examples:

    * `linernotes read "A slow waltz in F sharp minor, without drums"`
    * `linernotes read review.txt`, `linernotes read - < review.txt`
    * `linernotes read captions.jsonl --json > facts.jsonl`
    """
    path = _named_file(text)
    if path is not None and path.suffix.lower() in _LINES:
        _read_lines(path, as_json)
        return
    if text == "-":
        text = _decoded(sys.stdin.buffer.read(), "standard input")
    elif path is not None:
        text = _decoded(path.read_bytes(), str(path))
    _read_one(text, as_json)


def _named_file(text: str) -> Path | None:
    """The file that a text names, if it names one.

    Raises:
        ValueError: it looks like the name of a file, and there is none.
    """
    try:
        path = Path(text)
        if path.exists() and not path.is_dir():
            return path
    except (OSError, ValueError):  # too long for a name, or with a null character
        return None
    if _FILE_NAME.fullmatch(text):
        raise ValueError(f"there is no file {text!r} to read")
    return None


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} is no text in UTF-8; captions and other texts are read, not audio"
        ) from error


def _read_one(text: str, as_json: bool) -> None:
    from linernotes.words.text_facts import read_facts

    found = read_facts(text).facts
    if as_json:
        rows = [_row(fact, text) for fact in found]
        typer.echo(printable(json.dumps(rows, indent=2, ensure_ascii=False)))
        return
    table = Table("fact", "value", "said as", "confidence", box=None, pad_edge=False)
    for fact in found:
        quoted = escape(printable(" ".join(fact.quote(text).split())))
        table.add_row(_name(fact), _value(fact), f"“{quoted}”", f"{fact.confidence:.2f}")
    Console().print(table if found else nothing_read(text))


def _read_lines(path: Path, as_json: bool) -> None:
    """A line of output for each caption: its id, or else its number, and what it says."""
    from linernotes.words.text_facts import read_facts

    captions = list(caption_lines(path))
    printed: list[str] = []
    with progress_bar("reading", len(captions)) as advance:
        for number, caption in enumerate(captions, 1):
            found = read_facts(caption.text).facts
            name = caption.clip_id or str(number)
            if as_json:
                rows = [_row(fact, caption.text) for fact in found]
                data = {"id": name, "caption": caption.text, "facts": rows}
                printed.append(json.dumps(data, ensure_ascii=False))
            else:
                said = "; ".join(f"{_name(fact)}: {_value(fact)}" for fact in found)
                printed.append(f"{name}\t{said or 'nothing about music'}")
            advance(number)
    typer.echo(printable("\n".join(printed)))


def caption_lines(path: Path) -> Iterator[CaptionLine]:
    """The captions of JSON Lines of {"id", "caption"}, or of notes, whose id is the path of their recording.

    Raises:
        ValueError: a line is something else, or there is none; the line is named.
    """
    lines = _decoded(path.read_bytes(), str(path)).split("\n")
    if not any(line.strip() for line in lines):
        raise ValueError(f"{path} holds no captions")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _caption_line(line, f"{path} line {number}")


def _caption_line(line: str, place: str) -> CaptionLine:
    try:
        data = json.loads(line)
        text = data["caption"]
        clip_id = data.get("id", data["audio"]["path"] if "audio" in data else "")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f'{place} is no {{"id": ..., "caption": ...}}: {error}') from error
    if not isinstance(text, str):
        raise ValueError(f"{place}: the caption is no string")
    return CaptionLine(place, str(clip_id), text)


def _row(fact: TextFact, text: str) -> dict[str, Any]:
    said = {"polarity": fact.polarity, "text": text[fact.start : fact.end], "quote": fact.quote(text)}
    return {**asdict(fact), **said}


def _name(fact: TextFact) -> str:
    return fact.attribute.replace("_", " ")


def _value(fact: TextFact) -> str:
    return f"not {fact.value}" if fact.is_denied else fact.value


def nothing_read(text: str) -> str:
    """What to tell a person whose text states no fact."""
    message = "this text says nothing about music that linernotes can read"
    is_foreign = any(map(str.isalpha, text)) and not re.search("[A-Za-z]", text)
    return f"{message}; linernotes reads English" if is_foreign else message
