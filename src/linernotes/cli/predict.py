"""`linernotes predict`: what a trained model says of the clips of a manifest."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from linernotes.cli.train import FEATURES, ROOT, training_bar


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("predict")(predict)


def predict(
    model: Path = typer.Argument(..., help="What training wrote, runs/NAME/best, or export onnx."),
    data: Path = typer.Option(..., help="The manifest."),
    root: Path | None = typer.Option(None, help=ROOT),
    split: str = typer.Option("test", help="Which of its clips."),
    limit: int = typer.Option(0, min=0, help="The first so many clips; 0 takes all."),
    out: Path = typer.Option(..., help="The folder to write predictions.jsonl and references.jsonl into."),
    beams: int | None = typer.Option(None, min=1, help="In place of the recipe's."),
    features: Path | None = typer.Option(None, help=FEATURES),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Caption the clips of a split, and score what the model detects against what the manifest states of them.

    Predictions and references are what `evaluate`, `compare` and `judge` read. Of a model that detects features
    (SonicVerse) each prediction holds them as facts, and heads.json says how often they are right.

    Needs the extras: `pip install 'linernotes[torch,train]'`, but for what `export onnx` wrote.

    Example: `linernotes predict runs/b/best --data set.jsonl --out predicted/b`
    """
    from linernotes.models.exported import is_exported
    from linernotes.registry import need_extra
    from linernotes.training.head_scores import head_table
    from linernotes.training.predictions import predict_exported, write_predictions

    with training_bar() as advance:
        if is_exported(model):
            predicted = predict_exported(model, data, split, root, limit=limit, beams=beams, advance=advance)
        else:
            need_extra("torch", "torch")
            from linernotes.training.predicting import predict_split

            kept = features or out / "features"
            predicted = predict_split(
                model, data, split, kept, root, limit=limit, beams=beams, advance=advance
            )
    examples, found = predicted.examples, predicted.found
    written = write_predictions(found, examples, out)
    if as_json:
        told = {
            "clips": len(examples),
            "files": [str(path) for path in written],
            "heads": [asdict(one) for one in found.heads],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    if found.heads:
        typer.echo(head_table(found.heads))
    typer.echo("\n".join(str(path) for path in written))
