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
    first: list[Path] = typer.Option(
        [],
        help="Recipes trained before the rows: NAME.toml stands in for runs/NAME/best in their training.start.",
    ),
    queries: int | None = typer.Option(
        None,
        min=0,
        help="Captions to look for in retrieval. If not given 100, and 0 for singing style captions.",
    ),
    tracks: int = typer.Option(1000, min=2, help="Test clips to look among."),
    metrics: str = typer.Option(
        "",
        help="Only these, with commas: bleu1,bleu4,rougeL,cider needs no Java. All of the paper's if not given.",
    ),
    sentence_model: str = typer.Option(
        "",
        help="Folder or name of what Sentence-BERT's similarity is computed with, not the packaged MiniLM.",
    ),
    features: Path | None = typer.Option(None, help=FEATURES),
    finished: bool = typer.Option(
        False, "--finished", help="Do nothing; print what --out holds, be it fewer rows or seeds."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Train and measure a grid of recipes: the tables of the MusCaps or, for s2cap recipes, of the S2Cap paper.

    Needs the extras: `pip install 'linernotes[torch,train,metrics]'`. Recipes that differ in beams share their
    training; a stopped grid goes on where it was.

    Examples:

    * `linernotes ablation recipes/muscaps/{late,attention}.toml --data set.jsonl --metrics bleu4,cider`
    * `R=recipes/muscaps; linernotes ablation $R/early-scratch.toml $R/early.toml $R/early-beam.toml $R/late.toml
      $R/late-beam.toml $R/attention.toml $R/attention-beam.toml --with $R/rendered.toml --data set.jsonl`
      (the seven rows of Table II)
    * `R=recipes/s2cap; linernotes ablation $R/ast-t5.toml $R/demixing.toml $R/no-demixing.toml $R/s2cap.toml
      --first $R/crescendo.toml --with $R/smoke.toml --with $R/smoke-t5.toml --data singing.jsonl`
      (CRESCENDO and demixing supervision on and off)
    """
    from linernotes.registry import need_extra

    need_extra("torch", "train")
    from linernotes.metrics.text_models import OFFLINE_MODEL
    from linernotes.training.ablation import Protocol, run_grid, train_first
    from linernotes.training.ablation_tables import tables
    from linernotes.training.measuring import STYLE_METRICS, TABLE_METRICS
    from linernotes.training.recipe import load_recipe
    from linernotes.training.style_tables import is_style_grid, style_tables

    named = [f"data.manifest={json.dumps(str(data))}"] if data else []
    loaded = [load_recipe(path, [*named, *overrides], laid_over=layers) for path in recipes]
    before = {path.stem: load_recipe(path, [*named, *overrides], laid_over=layers) for path in first}
    of_style = is_style_grid([one.family for one in loaded])
    asked = tuple(keys_of(metrics)) or (STYLE_METRICS if of_style else TABLE_METRICS)
    model = sentence_model or (OFFLINE_MODEL if "sbert" in asked else "")
    queries = (0 if of_style else 100) if queries is None else queries
    protocol = Protocol(queries, tracks, asked, model)
    with training_bar() as advance:
        loaded = train_first(before, loaded, out, features=features, finished=finished, advance=advance)
        grid = run_grid(
            loaded, out, seeds=seeds, protocol=protocol, features=features, finished=finished, advance=advance
        )
    done = {row.recipe.label: len(row.found) for row in grid.rows}
    for one in loaded:
        if (there := done.get(one.label, 0)) < seeds:
            typer.echo(f"{one.label}: {there} of {seeds} seeds are measured", err=True)
    printed = style_tables(grid) if of_style else tables(grid)
    typer.echo(json.dumps(asdict(grid), indent=2, default=str) if as_json else printed, nl=as_json)
