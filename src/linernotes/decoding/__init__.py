"""Greedy, beam and nucleus decoding, written once for every decoder: ONNX or PyTorch, constrained or free.

A decoder is a function `step(state, tokens) -> StepResult`: `tokens (rows,)` are the newest tokens, `state` maps
names to arrays whose first axis is the row, so that a search can reorder hypotheses without knowing the model.
Everything here is numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linernotes.decoding.options import (
    Constraint,
    DecodingOptions,
    FloatArray,
    Hypothesis,
    State,
    Step,
    StepResult,
)
from linernotes.decoding.scores import nucleus, repeated_ngram_ends
from linernotes.decoding.searches import BeamSearch, Search, Walk

__all__ = [
    "BeamSearch",
    "Constraint",
    "DecodingOptions",
    "FloatArray",
    "Hypothesis",
    "Search",
    "State",
    "Step",
    "StepResult",
    "Walk",
    "beam_search",
    "greedy_search",
    "new_search",
    "nucleus",
    "nucleus_sample",
    "repeated_ngram_ends",
    "search_together",
]


def beam_search(
    step: Step,
    state: State,
    bos_id: int,
    eos_id: int,
    options: DecodingOptions,
    constraint: Constraint | None = None,
) -> list[Hypothesis]:
    """The best hypotheses, best first; `state` holds one row. Ties go to the earlier beam, the smaller token."""
    search = BeamSearch(bos_id, eos_id, options, constraint)
    search_together(step, state, [search])
    return search.hypotheses


def greedy_search(
    step: Step,
    state: State,
    bos_id: int,
    eos_id: int,
    options: DecodingOptions,
    constraint: Constraint | None = None,
) -> Hypothesis:
    """The most likely allowed token at every step, until <eos> or `max_tokens`."""
    search = Walk(bos_id, eos_id, options, constraint, draws=False)
    search_together(step, state, [search])
    return search.hypotheses[0]


def nucleus_sample(
    step: Step,
    state: State,
    bos_id: int,
    eos_id: int,
    options: DecodingOptions,
    constraint: Constraint | None = None,
) -> Hypothesis:
    """Tokens drawn from the nucleus: the likeliest ones that together reach `top_p` (Holtzman et al. 2020)."""
    search = Walk(bos_id, eos_id, options, constraint, draws=True)
    search_together(step, state, [search])
    return search.hypotheses[0]


def new_search(bos_id: int, eos_id: int, options: DecodingOptions) -> Search:
    """The search that `options` ask for: a draw with `top_p`, else greedy with one beam, beams with more."""
    if options.top_p is not None:
        return Walk(bos_id, eos_id, options, draws=True)
    if options.beams == 1:
        return Walk(bos_id, eos_id, options, draws=False)
    return BeamSearch(bos_id, eos_id, options)


def search_together(step: Step, state: State, searches: Sequence[Search]) -> None:
    """Bring all searches to their end, one call of `step` for the next token of them all.

    `state` holds one row for each search. In each call the rows of a search stand together, and all searches that
    still go on have as many: where one has fewer hypotheses than another, it repeats its last.
    """
    going, width = list(searches), 1
    while going:
        tokens = np.array([_filled(search.newest, width) for search in going], dtype=np.int64).ravel()
        result = step(state, tokens)
        for number, search in enumerate(going):
            search.read(result.log_probs[number * width :][: len(search.newest)])
        left = [(number, search) for number, search in enumerate(going) if not search.done]
        wider = max((len(search.newest) for _, search in left), default=1)
        rows = [number * width + np.array(_filled(search.sources, wider)) for number, search in left]
        going, width = [search for _, search in left], wider
        if going:
            order = np.concatenate(rows)
            state = {name: array[order] for name, array in result.state.items()}


def _filled(row: Sequence[int], width: int) -> list[int]:
    return [*row, *[row[-1]] * (width - len(row))]
