"""The input of the small writer: control pieces, then the aspects; the same for training and for writing."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.writers.small.tokenizer import BpeTokenizer

COVERAGE_STEPS = (0.5, 0.65, 0.8, 0.92)
"""Shares of aspect words said at which the next <cov> control begins."""
LENGTH_STEPS = (15, 25, 35, 45, 55, 70)
"""Words of the caption at which the next <len> control begins."""
PLAIN, USES = "<plain>", "<uses>"
"""Whether sentences on where a piece might be played are wanted."""
PAD, BOS, EOS, SEPARATOR = "<pad>", "<bos>", "<eos>", "<sep>"
CONTROLS = (
    PLAIN,
    USES,
    "<cov?>",
    *(f"<cov{i}>" for i in range(len(COVERAGE_STEPS) + 1)),
    "<len?>",
    *(f"<len{i}>" for i in range(len(LENGTH_STEPS) + 1)),
)
SPECIALS = (PAD, BOS, EOS, SEPARATOR, *CONTROLS)


def coverage_control(share: float | None) -> str:
    """The control for a caption that says `share` of the aspect words; None leaves it open."""
    return "<cov?>" if share is None else f"<cov{sum(share >= step for step in COVERAGE_STEPS)}>"


def length_control(words: float | None) -> str:
    """The control for a caption of so many words; None leaves it open."""
    return "<len?>" if words is None else f"<len{sum(words >= step for step in LENGTH_STEPS)}>"


def source_ids(
    tokenizer: BpeTokenizer, controls: Sequence[str], aspects: Sequence[str], limit: int
) -> list[int]:
    """Control ids, then every aspect followed by <sep>, cut to `limit` ids."""
    ids = [tokenizer.special(name) for name in controls]
    for aspect in aspects:
        ids += [*tokenizer.encode(f" {aspect}"), tokenizer.special(SEPARATOR)]
    return ids[:limit]
