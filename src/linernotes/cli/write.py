"""`linernotes write`: captions from lists of words that a person gives."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from linernotes.cli.caption import SEED, WriterName
from linernotes.cli.progress import progress_bar
from linernotes.cli.pseudo_caption import (
    BACKEND_HELP,
    INSTRUCTIONS,
    KEY,
    MAX_TOKENS,
    MODEL,
    PLAIN,
    TASK_HELP,
    TEMPERATURE,
    TIMEOUT,
    ask_options,
)
from linernotes.clip import Caption
from linernotes.export import write_atomically
from linernotes.registry import load_writer
from linernotes.writers.given import given_aspects

if TYPE_CHECKING:
    from linernotes.building.pseudo_captions.makers import Backend
    from linernotes.writers import Writer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("write")(write)


@dataclass(frozen=True, slots=True)
class AspectLine:
    """One item of an aspects file, or why its line is none."""

    number: int
    id: Any
    aspects: tuple[str, ...]
    error: str | None = None


def write(
    aspects: str = typer.Option("", help='Words with commas: "sad, female vocal, piano".'),
    input_path: Path | None = typer.Option(
        None, "--input", help='JSON Lines of {"id": ..., "aspects": [...]}.'
    ),
    out: Path | None = typer.Option(None, help='JSON Lines of {"id": ..., "caption": ...}.'),
    writer: WriterName = typer.Option(WriterName.composer, help="Who writes."),
    seed: int = SEED,
    as_json: bool = typer.Option(False, "--json", help="With --aspects: print the caption with its claims."),
    task: str = typer.Option("", help=f"One caption as `linernotes pseudo-caption` makes it: {TASK_HELP}."),
    backend: str = typer.Option("", help=f"With --task, who writes: {BACKEND_HELP}"),
    model: str = MODEL,
    instructions: Path | None = INSTRUCTIONS,
    plain: bool = PLAIN,
    temperature: str = TEMPERATURE,
    max_tokens: int = MAX_TOKENS,
    key_variable: str = KEY,
    timeout: float = TIMEOUT,
) -> None:
    """Write captions from aspects, as a person would put them.

    Examples:

    * `linernotes write --aspects "sad, female vocal, piano"`
    * `linernotes write --writer small --input aspects.jsonl --out captions.jsonl`
    * `linernotes write --aspects "sad, piano" --task summary --backend http://localhost:11434/v1 --model qwen3`
    """
    if bool(aspects) == bool(input_path):
        raise typer.BadParameter("give either --aspects or --input")
    if task:
        if not aspects:
            raise typer.BadParameter("--task goes with --aspects; for many items: linernotes pseudo-caption")
        try:
            asking = ask_options(temperature, max_tokens, plain)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        from linernotes.building.pseudo_captions.makers import Backend
        from linernotes.llm.load import Manners

        manners = Manners(timeout_s=timeout)
        where = backend or writer.value
        chosen = Backend(where, model, key_variable, instructions, asking, manners, seed)
        _write_by_task(task, aspects, chosen, as_json)
        return
    if backend or model or plain or instructions:
        raise typer.BadParameter("--backend, --model, --plain and --instructions go with --task")
    if input_path is None:
        _write_one(load_writer(writer.value), aspects, seed, as_json)
        return
    failed = _write_file(load_writer(writer.value), input_path, out, seed)
    if failed:
        raise typer.Exit(1)


def _caption(writer: Writer, aspects: tuple[str, ...], seed: int) -> Caption:
    return writer(given_aspects(aspects), "short", seed)


def _write_one(writer: Writer, aspects: str, seed: int, as_json: bool) -> None:
    facts = given_aspects(aspects)
    if not facts:
        raise typer.BadParameter("--aspects holds no words")
    caption = writer(facts, "short", seed)
    if not as_json:
        typer.echo(caption.text)
        return
    claims = [{"start": c.start, "end": c.end, "fact_ids": list(c.fact_ids)} for c in caption.claims]
    given = {fact.id: fact.value for fact in facts}
    typer.echo(json.dumps({"caption": caption.text, "claims": claims, "facts": given}, ensure_ascii=False))


def _write_by_task(task: str, aspects: str, backend: Backend, as_json: bool) -> None:
    """One pseudo caption; with --json also its provenance and what the gates hold against it."""
    from linernotes.building.pseudo_captions import Order
    from linernotes.building.pseudo_captions.gates import GateOptions, Gates
    from linernotes.building.pseudo_captions.makers import check_task, load_makers
    from linernotes.building.pseudo_captions.making import source_of
    from linernotes.building.pseudo_captions.tags import spoken_tags
    from linernotes.clip import Clip

    try:
        check_task(task, backend)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    given = Clip("given", "", tags=tuple(str(fact.value) for fact in given_aspects(aspects)))
    order = Order(given, task, spoken_tags(given).tags)
    if not order.tags:
        raise typer.BadParameter("--aspects holds no words")
    made = load_makers([task], backend)[task](order)
    if not as_json:
        typer.echo(made.text)
        return
    faults = Gates(GateOptions()).faults(order, made.text, made.new_attributes)
    told = {"caption": made.text, "aspects": list(order.tags), **source_of(order, made, faults)}
    typer.echo(json.dumps(told, ensure_ascii=False))


def _write_file(writer: Writer, input_path: Path, out: Path | None, seed: int) -> int:
    """Caption every line; returns how many lines could not be used."""
    lines = list(read_aspect_lines(input_path))
    written: list[str] = []
    failed = 0
    with progress_bar("writing", len(lines)) as advance:
        for done, line in enumerate(lines, 1):
            if line.error is not None:
                failed += 1
                print(f"linernotes: error: line {line.number}: {line.error}", file=sys.stderr)
            else:
                caption = _caption(writer, line.aspects, seed)
                written.append(json.dumps({"id": line.id, "caption": caption.text}, ensure_ascii=False))
            advance(done)
    text = "".join(line + "\n" for line in written)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(out, text)
        print(f"{len(written)} written, {failed} failed", file=sys.stderr)
    return failed


def read_aspect_lines(path: Path) -> Iterator[AspectLine]:
    """Every non-empty line of an aspects file, checked; duplicate ids are errors."""
    seen: set[str] = set()
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                line = _read_line(number, text)
                key = json.dumps(line.id)
                if line.error is None and key in seen:
                    line = AspectLine(number, line.id, (), f"id {line.id!r} was used before")
                seen.add(key)
                yield line


def _read_line(number: int, text: str) -> AspectLine:
    try:
        data = json.loads(text)
    except ValueError as error:
        return AspectLine(number, None, (), f"not JSON: {error}")
    if not isinstance(data, dict) or "id" not in data or not isinstance(data.get("aspects"), list):
        return AspectLine(number, None, (), 'needs {"id": ..., "aspects": ["...", ...]}')
    aspects = tuple(str(item).strip() for item in data["aspects"] if str(item).strip())
    if not all(isinstance(item, str) for item in data["aspects"]):
        return AspectLine(number, data["id"], (), "every aspect must be a string")
    if not aspects:
        return AspectLine(number, data["id"], (), "has no aspects")
    return AspectLine(number, data["id"], aspects)
