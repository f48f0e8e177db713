"""`linernotes denoise`: a small T5 pre-trained on captions, for CRESCENDO where no published one is at hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from linernotes.cli.train import training_bar


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("denoise")(denoise)


def denoise(
    manifest: Path = typer.Argument(..., help="Clips whose captions are learned; their audio is not read."),
    out: Path = typer.Option(..., help="Folder to write, in the layout of a published T5."),
    steps: int = typer.Option(2000, min=1, help="Updates."),
    batch_size: int = typer.Option(32, min=1, help="Captions an update."),
    dim: int = typer.Option(128, min=2, help="Width of a state."),
    layers: int = typer.Option(2, min=1, help="Of the encoder, and as many of the decoder."),
    heads: int = typer.Option(4, min=1, help="Attention heads of a layer."),
    feed_forward: int = typer.Option(256, min=1, help="Width inside a layer."),
    tokens: int = typer.Option(2000, min=300, help="Pieces of words in the tokenizer, at most."),
    train_split: str = typer.Option("train", help="Split that is learned from."),
    held_out_split: str = typer.Option("validation", help="Split that the loss is measured on."),
    seed: int = typer.Option(0, help="Of weights, order and spans."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Pre-train a small T5 on captions by hiding spans of them.

    Needs the extra: `pip install 'linernotes[torch]'`. A published T5 needs none of this: name it in
    `model.writer.source`.

    Example:

    * `linernotes denoise singing/manifest.jsonl --out runs/caption-t5 --steps 3000`
    """
    from linernotes.manifest import read_manifest
    from linernotes.registry import need_extra

    need_extra("torch", "torch")
    need_extra("transformers", "torch")
    from linernotes.models.s2cap.config import WriterSizes
    from linernotes.models.s2cap.denoising import DenoiseOptions, pretrain_on_captions

    sizes = WriterSizes(dim=dim, layers=layers, heads=heads, feed_forward=feed_forward)
    options = DenoiseOptions(sizes=sizes, tokens=tokens, steps=steps, batch_size=batch_size, seed=seed)
    captions: dict[str, list[str]] = {train_split: [], held_out_split: []}
    for clip in read_manifest(manifest):
        captions.get(clip.split, []).extend(clip.captions)
    with training_bar() as advance:
        done = pretrain_on_captions(captions[train_split], captions[held_out_split], out, options, advance)
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2, default=str))
        return
    typer.echo(
        f"{out}: a T5 trained on {done.captions} captions. Cross entropy of hidden spans in "
        f"{done.held_out_captions} others: {done.before:.2f} nats a token before, {done.after:.2f} after."
    )
