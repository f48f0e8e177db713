"""Which seconds of a recording each word of its caption attended to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linernotes.plot import DOTS_PER_INCH, SUFFIXES
from linernotes.registry import need_extra

if TYPE_CHECKING:
    from linernotes.models.word_search import Explanation

WIDTH_IN, WORD_HEIGHT_IN = 8.0, 0.2
COLOURS = "cividis_r"


def plot_attention(explanation: Explanation, frame_s: float, out: Path) -> None:
    """Draw words from top to bottom and time from left to right, darker where the model listened more.

    Raises:
        MissingExtraError: matplotlib is not installed.
        ValueError: `out` is neither a .png nor an .svg file.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"{str(out)!r}: a picture can be {' or '.join(SUFFIXES)}; give it one of these suffixes"
        )
    figures = need_extra("matplotlib.figure", "plot")
    words, weights = explanation.words, explanation.weights
    figure = figures.Figure(figsize=(WIDTH_IN, 1.2 + WORD_HEIGHT_IN * len(words)), layout="constrained")
    axes = figure.add_subplot()
    seconds = weights.shape[1] * frame_s
    image = axes.imshow(
        weights,
        aspect="auto",
        cmap=COLOURS,
        vmin=0.0,
        interpolation="nearest",
        extent=(0, seconds, len(words), 0),
    )
    axes.set_yticks([row + 0.5 for row in range(len(words))], labels=words, parse_math=False)
    axes.set_xlabel("seconds")
    figure.colorbar(image, ax=axes, label="share of attention")
    figure.savefig(out, dpi=DOTS_PER_INCH)
