"""`linernotes transfer-table`: what pre-training on pseudo captions is worth, on a data set of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from linernotes.cli.train import FEATURES, training_bar


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("transfer-table")(transfer_table)


def transfer_table(
    supervised: Path = typer.Argument(..., help="The recipe for people's captions."),
    pretraining: Path = typer.Argument(..., help="The recipe for pseudo captions."),
    data: Path = typer.Option(..., help="The manifest, with tags and with people's captions."),
    pretraining_data: Path | None = typer.Option(
        None, help="Another manifest with tags to pre-train on; without it, the clips that are not labelled."
    ),
    methods: list[str] = typer.Option(
        ["tag_concat", "template", "lp"],
        "--captions",
        help="tag_concat, template, lp (by the shipped writers), or METHOD=MANIFEST with captions made before; "
        "k2c only so. Several times for several.",
    ),
    labelled: int = typer.Option(
        0,
        min=0,
        help="Training clips with people's captions, drawn by artist; 0: all serve both.",
    ),
    test_clips: int = typer.Option(0, min=0, help="Caption at most so many test clips; 0: all."),
    overrides: list[str] = typer.Option([], "--set", help="Change a setting of both recipes."),
    out: Path = typer.Option(
        Path("runs/transfer-table"), help="Folder of all runs; what it holds is not done again."
    ),
    bert_model: str | None = typer.Option(
        None, help="For BERTScore: a folder or name, such as roberta-large."
    ),
    features: Path | None = typer.Option(None, help=FEATURES),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Train and measure supervised, zero-shot and transfer captioners: Table 4 of the LP-MusicCaps paper.

    Needs the extras: `pip install 'linernotes[torch,train,metrics]'`.

    Example: `R=recipes/lp_musiccaps; linernotes transfer-table $R/smoke-supervised.toml $R/smoke-pretrain.toml
    --data rendered/manifest.jsonl --labelled 300 --test-clips 200`
    """
    from linernotes.registry import need_extra

    need_extra("torch", "train")
    from linernotes.training.recipe import load_recipe
    from linernotes.training.transfer_study import Study, run_study, study_to_json
    from linernotes.training.transfer_table import transfer_table as markdown

    recipes = [
        load_recipe(path, [f"data.manifest={json.dumps(str(manifest))}", *overrides])
        for path, manifest in ((supervised, data), (pretraining, pretraining_data or data))
    ]
    try:
        study = Study(recipes[0], recipes[1], _captions(methods), labelled, test_clips, bert_model)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with training_bar() as advance:
        result = run_study(study, out, features=features, advance=advance)
    typer.echo(json.dumps(study_to_json(result), indent=2) if as_json else markdown(result), nl=as_json)


def _captions(methods: list[str]) -> dict[str, Path | None]:
    """METHOD or METHOD=MANIFEST, in their order."""
    found: dict[str, Path | None] = {}
    for each in methods:
        name, equals, manifest = each.partition("=")
        found[name.strip()] = Path(manifest) if equals else None
    return found
