"""`linernotes train`: a recipe and a manifest in, a trained captioner out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from linernotes.training.loop import Advance

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C stopped, as shells have it."""
FEATURES = "Folder of the caches of frozen encoders; runs that share it hear each clip once."
ROOT = "Folder that the manifest's audio paths start from, where it is not the manifest's own."


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("train")(train)


def train(
    recipe: Path = typer.Argument(..., help="A recipe, such as recipes/muscaps/attention.toml."),
    data: Path | None = typer.Option(None, help="The manifest to learn from, in place of the recipe's."),
    layers: list[Path] = typer.Option([], "--with", help="A file of settings laid over the recipe."),
    overrides: list[str] = typer.Option([], "--set", help="Change a setting: --set training.epochs=5."),
    out: Path | None = typer.Option(None, help="Folder of the run; runs/NAME of the recipe if not given."),
    resume: bool = typer.Option(False, "--resume", help="Go on with a run that was stopped or killed."),
    features: Path | None = typer.Option(None, help=FEATURES),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Only print shapes, parameters, memory and steps, from one real batch."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Train a caption model by a recipe.

    Needs the extras: `pip install 'linernotes[torch,train]'`. The run's folder gets `best/` and `last/` (weights,
    configuration, vocabulary, metrics), `log.jsonl`, `loss.png` and TensorBoard files.

    Examples:

    * `linernotes train recipes/muscaps/attention.toml --data rendered/manifest.jsonl --out runs/attention`
    * `linernotes train recipes/muscaps/late.toml --with recipes/muscaps/rendered.toml --data set.jsonl --dry-run`
    * `linernotes train recipes/muscaps/early.toml --set training.seed=2 --set training.epochs=5 --resume`
    """
    from linernotes.registry import need_extra

    need_extra("torch", "train")
    need_extra("accelerate", "train")
    from dataclasses import asdict

    from linernotes.training.dry_run import dry_run_report
    from linernotes.training.examples import load_examples
    from linernotes.training.loop import train as run_training
    from linernotes.training.recipe import load_recipe

    named = [f"data.manifest={json.dumps(str(data))}"] if data else []
    settings = load_recipe(recipe, [*named, *overrides], laid_over=layers)
    examples = load_examples(settings.data)
    if dry_run:
        report = dry_run_report(settings, examples)
        typer.echo(json.dumps(asdict(report), indent=2) if as_json else report.as_text())
        return
    with training_bar() as advance:
        folder = out or Path("runs") / recipe.stem
        try:
            result = run_training(
                settings, examples, folder, resume=resume, features=features, advance=advance
            )
        except KeyboardInterrupt:
            typer.echo(f"stopped: --resume goes on from what is saved in {folder}", err=True)
            raise typer.Exit(INTERRUPTED) from None
    if not _is_main_process():
        return
    told: dict[str, Any] = asdict(result)
    if as_json:
        typer.echo(json.dumps(told, indent=2, default=str))
        return
    values = ", ".join(f"{name} {value:.4f}" for name, value in result.metrics.items())
    typer.echo(f"{result.epochs} epochs, {result.steps} steps; best: {values}\n{result.best}")


def _is_main_process() -> bool:
    """Whether this is the process that speaks, where a launcher has started several."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def training_bar() -> Iterator[Advance]:
    """One bar after another on stderr: hearing the clips, then training; silent where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    is_shown = console.is_terminal and _is_main_process()
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as progress:
        task = progress.add_task("starting", total=None)

        def advance(what: str, done: float, total: float) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield advance
