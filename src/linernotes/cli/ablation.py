"""`linernotes ablation`: the tables of a paper, from a grid of recipes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from linernotes.cli.evaluate import keys_of
from linernotes.cli.train import FEATURES, training_bar


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("ablation")(ablation)


def ablation(
    recipes: list[Path] = typer.Argument(..., help="Recipes, one row each, in this order."),
    data: Path | None = typer.Option(None, help="The manifest, in place of the recipes'."),
    layers: list[Path] = typer.Option([], "--with", help="A file of settings laid over every recipe."),
    overrides: list[str] = typer.Option([], "--set", help="Change a setting of every recipe."),
    out: Path = typer.Option(
        Path("runs/ablation"), help="Folder of all runs; what it holds is not done again."
    ),
    seeds: int = typer.Option(1, min=1, help="Runs of each recipe; the paper has 3."),
    queries: int = typer.Option(100, min=1, help="Captions to look for in retrieval."),
    tracks: int = typer.Option(1000, min=2, help="Test clips to look among."),
    metrics: str = typer.Option(
        "",
        help="Only these, with commas: bleu1,bleu4,rougeL,cider needs no Java. All of Table II if not given.",
    ),
    features: Path | None = typer.Option(None, help=FEATURES),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Train and measure a grid of recipes: the tables of the MusCaps paper.

    Needs the extras: `pip install 'linernotes[torch,train,metrics]'`. Recipes that differ in beams share their
    training; a stopped grid goes on where it was.

    Examples:

    * `linernotes ablation recipes/muscaps/{late,attention}.toml --data set.jsonl --metrics bleu4,cider`
    * `R=recipes/muscaps; linernotes ablation $R/early-scratch.toml $R/early.toml $R/early-beam.toml $R/late.toml
      $R/late-beam.toml $R/attention.toml $R/attention-beam.toml --with recipes/rendered.toml --data set.jsonl`
      (the seven rows of Table II)
    """
    from linernotes.registry import need_extra

    need_extra("torch", "torch")
    from linernotes.training.ablation import Protocol, run_grid
    from linernotes.training.ablation_tables import tables
    from linernotes.training.measuring import TABLE_METRICS
    from linernotes.training.recipe import load_recipe

    protocol = Protocol(queries, tracks, tuple(keys_of(metrics)) or TABLE_METRICS)
    named = [f"data.manifest={json.dumps(str(data))}"] if data else []
    loaded = [load_recipe(path, [*named, *overrides], laid_over=layers) for path in recipes]
    with training_bar() as advance:
        grid = run_grid(loaded, out, seeds=seeds, protocol=protocol, features=features, advance=advance)
    typer.echo(json.dumps(asdict(grid), indent=2, default=str) if as_json else tables(grid), nl=as_json)
