"""`linernotes retrieve`: which recordings a trained model finds a caption likeliest for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from linernotes.cli.progress import progress_bar
from linernotes.cli.train import FEATURES, ROOT

if TYPE_CHECKING:
    from linernotes.training.examples import Example
    from linernotes.training.ranking import TrackScorer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("retrieve")(retrieve)


def retrieve(
    model: Path = typer.Argument(
        ..., help="Folder of a trained model, such as runs/NAME/best, or of an exported one."
    ),
    data: Path = typer.Option(..., help="The manifest with the tracks."),
    root: Path | None = typer.Option(None, help=ROOT),
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

    A folder that `export onnx` wrote needs no PyTorch and ranks alike.

    Examples:

    * `linernotes retrieve runs/late/best --data rendered/manifest.jsonl`
    * `linernotes retrieve late-onnx --data rendered/manifest.jsonl --query "A calm piano piece."`
    """
    from linernotes.training.examples import load_split
    from linernotes.training.ranking import rank_tracks
    from linernotes.training.track_scorers import load_track_scorer

    some = load_split(data, split, root)[:tracks]
    with progress_bar("listening", len(some)) as advance:
        scorer = load_track_scorer(model, some, features, advance)
    if query:
        with progress_bar("ranking", len(some)) as advance:
            likeliest = _likeliest(scorer, some, query, prior, advance)[:top]
        _print_likeliest(likeliest, as_json)
        return
    count = min(queries, len(some))
    with progress_bar("ranking", len(some)) as advance:
        found = rank_tracks(scorer, some, queries=count, seed=seed, prior=prior, advance=advance)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return
    chance = 100 * min(10, found.items) / found.items
    typer.echo(
        f"{found.queries} queries over {found.items} tracks: R@1 {100 * found.recall_at_1:.1f} %, "
        f"R@5 {100 * found.recall_at_5:.1f} %, R@10 {100 * found.recall_at_10:.1f} % (chance {chance:.1f} %), "
        f"median rank {found.median_rank:.1f}"
    )


@dataclass(frozen=True, slots=True)
class _Ranked:
    clip_id: str
    log_likelihood: float


def _likeliest(
    scorer: TrackScorer, tracks: Sequence[Example], query: str, prior: bool, advance: Callable[[float], Any]
) -> list[_Ranked]:
    """All tracks for one query, the likeliest first."""
    import numpy as np

    from linernotes.training.ranking import against_prior, log_likelihoods

    asked = [query, *(track.captions[0] for track in tracks)] if prior else [query]
    scores = log_likelihoods(scorer, tracks, asked, advance)
    likely = (against_prior(scores) if prior else scores)[0]
    order = np.argsort(-likely, kind="stable")
    return [_Ranked(tracks[at].clip_id, float(likely[at])) for at in order.tolist()]


def _print_likeliest(ranked: Sequence[_Ranked], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in ranked], indent=2))
        return
    typer.echo("\n".join(f"{one.log_likelihood:10.2f}  {one.clip_id}" for one in ranked))
