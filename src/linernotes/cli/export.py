"""`linernotes export onnx`: a trained model for machines without PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import typer

exports = typer.Typer(
    name="export", help="Trained models for machines without PyTorch.", no_args_is_help=True
)
TOLD_OF_TRAINING = ("step", "metrics", "git_revision")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(exports)


@exports.callback()
def _group() -> None:
    """Trained models for machines without PyTorch."""


@exports.command("onnx")
def onnx(
    model: Path = typer.Argument(..., help="Folder of a trained model, such as runs/NAME/best."),
    out: Path | None = typer.Option(None, help="Folder to write; MODEL-onnx or MODEL-int8 if not given."),
    int8: bool = typer.Option(
        False,
        "--int8",
        help="lp-musiccaps: matrices in eight bits: small and quick, captions may differ.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Write a trained caption model as ONNX graphs, which run in the base install.

    Needs the extras: `pip install 'linernotes[torch,onnx]'`. The graphs are run beside the original before the
    folder is kept. Captions are the same, greedy and with beams, but for --int8, which rounds; `linernotes caption
    --model` takes the folder.

    Examples:

    * `linernotes export onnx runs/attention/best --out attention-onnx`
    * `linernotes export onnx runs/lp/best --int8`
    """
    from linernotes.registry import need_extra

    need_extra("torch", "torch")
    need_extra("onnx", "onnx")
    from dataclasses import asdict

    from linernotes.checkpoint import read_checkpoint
    from linernotes.models.exported import is_exported
    from linernotes.models.on_arrays import ModelOnArrays
    from linernotes.models.onnx_export import TrainedAs, export_onnx
    from linernotes.trained_captioner import load_trained_captioner

    if is_exported(model):
        raise ValueError(f"{str(model)!r} is an exported model already: give the folder that training wrote")
    trained = load_trained_captioner(model)
    assert isinstance(trained.model, ModelOnArrays)
    stored = read_checkpoint(model)
    told = {name: stored.info[name] for name in TOLD_OF_TRAINING if name in stored.info}
    about = TrainedAs(stored.family, trained.name, trained.decoding, trained.licences, told)
    folder = out or model.with_name(f"{model.resolve().name}-{'int8' if int8 else 'onnx'}")
    report = export_onnx(trained.model.model, about, folder, int8=int8)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
        return
    typer.echo(
        f"{report.size_bytes / 1e6:.1f} MB; log-probability of a test caption differs by {report.difference:.1e}\n"
        f"{report.folder}"
    )
