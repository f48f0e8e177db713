"""`linernotes ablation` and `linernotes retrieve`: what trained models are worth on held-out clips."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from linernotes.cli.evaluate import keys_of
from linernotes.cli.progress import progress_bar
from linernotes.cli.train import FEATURES, training_bar


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("ablation")(ablation)
    app.command("retrieve")(retrieve)


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
    from dataclasses import asdict

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


def retrieve(
    model: Path = typer.Argument(..., help="Folder of a trained model, such as runs/NAME/best."),
    data: Path = typer.Option(..., help="The manifest with the tracks."),
    query: str = typer.Option("", help="Rank the tracks for these words; without, measure with captions."),
    split: str = typer.Option("test", help="The split to look among."),
    tracks: int = typer.Option(1000, min=2, help="How many tracks at most."),
    queries: int = typer.Option(100, min=1, help="How many captions to look for."),
    top: int = typer.Option(10, min=1, help="With --query: how many tracks to print."),
    seed: int = typer.Option(0, help="Which captions are drawn as queries."),
    prior: bool = typer.Option(False, help="Subtract what each track gives captions on average."),
    features: Path | None = typer.Option(None, help=FEATURES),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Rank recordings by how likely a model finds a caption for each.

    Examples:

    * `linernotes retrieve runs/late/best --data rendered/manifest.jsonl`
    * `linernotes retrieve runs/late/best --data rendered/manifest.jsonl --query "A calm piano piece."`
    """
    from linernotes.registry import need_extra

    need_extra("torch", "torch")
    from dataclasses import asdict

    import numpy as np

    from linernotes.models.families import load_model
    from linernotes.training.examples import load_split
    from linernotes.training.heard import audio_source
    from linernotes.training.ranking import against_prior, log_likelihoods, rank_tracks

    loaded, some = load_model(model), load_split(data, split)[:tracks]
    with progress_bar("listening", len(some)) as advance:
        source = audio_source(loaded, some, features or model / "features", advance)
    if query:
        asked = [query, *(example.captions[0] for example in some)] if prior else [query]
        with progress_bar("ranking", len(some)) as advance:
            scores = log_likelihoods(loaded, some, source, asked, advance)
        likely = (against_prior(scores) if prior else scores)[0]
        best = [
            (some[int(at)].clip_id, float(likely[int(at)])) for at in np.argsort(-likely, kind="stable")[:top]
        ]
        lines = [{"clip_id": clip_id, "log_likelihood": score} for clip_id, score in best]
        told = (
            json.dumps(lines, indent=2)
            if as_json
            else "\n".join(f"{score:10.2f}  {name}" for name, score in best)
        )
        typer.echo(told)
        return
    with progress_bar("ranking", len(some)) as advance:
        found = rank_tracks(
            loaded, some, source, queries=min(queries, len(some)), seed=seed, prior=prior, advance=advance
        )
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return
    chance = 100 * min(10, found.items) / found.items
    typer.echo(
        f"{found.queries} queries over {found.items} tracks: R@1 {100 * found.recall_at_1:.1f} %, "
        f"R@5 {100 * found.recall_at_5:.1f} %, R@10 {100 * found.recall_at_10:.1f} % (chance {chance:.1f} %), "
        f"median rank {found.median_rank:.1f}"
    )
