"""Whether CRESCENDO taught anything: cosines of held-out clips with their own captions and with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from linernotes.models.families import load_family, load_model
from linernotes.models.s2cap import S2Cap
from linernotes.training.batches import WaveformSource
from linernotes.training.examples import Example, load_split

CONFIDENCE = 0.95
DRAWS = 2000
"""Of the bootstrap over clips."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Mean cosines in -1..1, and by how much a clip's own caption is nearer than those of others."""

    clips: int
    own: float
    others: float
    margin: float
    margin_low: float
    margin_high: float
    """Bounds of the 95 % bootstrap interval over clips."""


@dataclass(frozen=True, slots=True)
class AlignmentReport:
    """Of a trained model, and of the same one before training."""

    trained: Alignment
    untrained: Alignment


def report_alignment(
    folder: Path,
    manifest: Path,
    split: str,
    *,
    limit: int = 0,
    seed: int = 0,
    advance: Callable[[float], None] = lambda done: None,
) -> AlignmentReport:
    """Measure a checkpoint of stage "align" on the first caption of each clip of a split.

    Raises:
        ValueError: it is another model, its text encoder is not at hand, or the clips say all the same.
    """
    model = load_model(folder)
    if not isinstance(model, S2Cap) or model.config.stage != "align":
        raise ValueError(
            f"{str(folder)!r} was not trained by CRESCENDO: give what a recipe of stage 'align' left"
        )
    examples = load_split(manifest, split, limit=limit)
    torch.manual_seed(seed)
    fresh = load_family("s2cap").new(model.config, [])
    assert isinstance(fresh, S2Cap)
    trained = measure_alignment(model, examples, advance=advance)
    return AlignmentReport(trained, measure_alignment(fresh.eval(), examples))


def measure_alignment(
    model: S2Cap,
    examples: Sequence[Example],
    advance: Callable[[float], None] = lambda done: None,
) -> Alignment:
    """Cosines of clips with captions, those that read like a clip's own left out of the others."""
    captions = [example.captions[0] for example in examples]
    source = WaveformSource(model.sample_rate, model.max_seconds)
    rows = []
    for number, example in enumerate(examples, 1):
        heard = source.together([source.clip(example)])
        with torch.no_grad():
            audio = model.encode(heard.samples, heard.lengths)
        rows.append(model.cosines(audio, captions)[0].cpu().numpy())
        advance(number)
    return margins(np.stack(rows), captions)


def margins(cosines: NDArray[np.float32], captions: Sequence[str]) -> Alignment:
    """From cosines (clips, captions), caption i being that of clip i.

    Raises:
        ValueError: all captions are equal.
    """
    other = np.array([[one != another for another in captions] for one in captions])
    if not other.any(1).all():
        raise ValueError("all captions of the split are equal: there is nothing to tell apart")
    own = cosines.diagonal()
    others = (cosines * other).sum(1) / other.sum(1)
    found = own - others
    draws = np.random.default_rng(0).integers(len(found), size=(DRAWS, len(found)))
    low, high = np.quantile(found[draws].mean(1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Alignment(
        len(found), float(own.mean()), float(others.mean()), float(found.mean()), float(low), float(high)
    )
