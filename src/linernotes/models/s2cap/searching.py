"""A text decoder of transformers as the `step` of a search, its keys and values kept from step to step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linernotes.decoding import DecodingOptions, State, StepResult, new_search, search_together
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.models.s2cap.tokens import Marks
from linernotes.models.s2cap.writer import TextDecoder
from linernotes.registry import need_extra

WRITTEN_AT_ONCE = 8
"""Clips: every hypothesis holds keys and values of all states of its clip."""


class CachedStep:
    """A `Step` whose rows are hypotheses of the clips of `audio`; a step can't be taken twice."""

    def __init__(self, decoder: TextDecoder, audio: AudioEmbeddings) -> None:
        transformers = need_extra("transformers", "torch")
        own, heard = transformers.DynamicCache(), transformers.DynamicCache()
        self._decoder, self._audio = decoder, audio
        self._cache: Any = transformers.EncoderDecoderCache(own, heard)
        self._clips = np.arange(len(audio.states))

    @property
    def start(self) -> State:
        """A row for each clip."""
        return {"row": self._clips, "clip": self._clips}

    def __call__(self, state: State, tokens: NDArray[np.int64]) -> StepResult:
        """Log-probabilities (rows, vocabulary) of what follows the newest `tokens (rows,)`."""
        rows, clips = state["row"], state["clip"]
        device = self._audio.states.device
        if self._cache.get_seq_length():
            self._keep(torch.from_numpy(rows).to(device), clips)
        self._clips = clips
        some = AudioEmbeddings(self._audio.states[clips], self._audio.mask[clips])
        scores = self._decoder(torch.from_numpy(tokens).to(device)[:, None], some, self._cache)[:, -1]
        log_probs = torch.log_softmax(scores.float(), dim=-1).cpu().numpy()
        return StepResult(log_probs, {"row": np.arange(len(tokens)), "clip": clips})

    def _keep(self, rows: torch.Tensor, clips: NDArray[np.int64]) -> None:
        """Pasts in a new order; keys and values of the audio move only where rows change their clip."""
        self._cache.self_attention_cache.batch_select_indices(rows)
        if not np.array_equal(clips, self._clips) and self._decoder.prefix is None:
            self._cache.cross_attention_cache.batch_select_indices(rows)


@torch.no_grad()
def write_ids(
    decoder: TextDecoder, audio: AudioEmbeddings, marks: Marks, options: DecodingOptions
) -> list[tuple[int, ...]]:
    """Token ids of a caption for each clip, without the start and from the end on.

    The limits of `options` count what leads a caption (BART's `<s>`), which the decoder writes itself.
    """
    if (longest := decoder.longest) is not None:
        most = min(options.max_tokens, longest - 1)
        options = replace(options, max_tokens=most, min_tokens=min(options.min_tokens, most))
    found = []
    for start in range(0, len(audio.states), WRITTEN_AT_ONCE):
        part = slice(start, start + WRITTEN_AT_ONCE)
        step = CachedStep(decoder, AudioEmbeddings(audio.states[part], audio.mask[part]))
        searches = [new_search(marks.start, marks.end, options) for _ in step.start["clip"]]
        search_together(step, step.start, searches)
        found += [search.hypotheses[0].tokens for search in searches]
    return found
