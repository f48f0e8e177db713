"""LP-MusicCaps as ONNX files, for `linernotes.models.exported_pieces`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.decibel_mel import BANDS, mel_tables
from linernotes.models.byte_pieces import TOKENIZER_FILE, byte_pieces_from_json
from linernotes.models.exported_folder import ENCODER, LISTEN, STEP
from linernotes.models.exported_pieces import FRONTENDS, STEPPED
from linernotes.models.lp_musiccaps import LpMusicCaps
from linernotes.models.lp_musiccaps.graphs import HearGraph, ListenGraph, ReadGraph
from linernotes.models.lp_musiccaps.network import LpNetwork
from linernotes.models.lp_musiccaps.writing import slot_sizes, token_marks
from linernotes.models.onnx_file import ModelFiles, graph_file

TABLES_DIFFER_AT_MOST = 1e-4
"""Of the spectrogram's window and filters: more than rounding explains."""
CLIPS, HYPOTHESES, POSITIONS, SLOTS = 2, 3, 4, 5
"""Sizes of the example that is traced, all of which may vary afterwards."""


def lp_files(model: LpMusicCaps) -> ModelFiles:
    """Graphs and tokenizer.

    Raises:
        ValueError: the tokenizer or the spectrogram is one that the base install does not have.
    """
    network, text = model.network, model.vocabulary.to_json()
    byte_pieces_from_json(text)
    _refuse_other_tables(network.audio_encoder.spectrogram)
    marks = token_marks(network.bart.config)
    contents = {
        TOKENIZER_FILE: text.encode(),
        ENCODER: _encoder_file(network),
        LISTEN: _listen_file(network.bart),
        STEP: _step_file(network.bart),
    }
    names = {convention: name for name, convention in FRONTENDS.items()}
    config = model.config
    return ModelFiles(
        contents, names[config.spectrogram], config.max_tokens, start_id=marks.start, end_id=marks.end
    )


class _EarsGraph(nn.Module):
    """Spectrograms (clips, frames, 128) and how many positions hold sound (clips,) -> BART's encoder states."""

    def __init__(self, network: LpNetwork) -> None:
        super().__init__()
        self.ears, self.hear = network.audio_encoder, HearGraph(network.bart)

    def forward(self, spectrograms: Tensor, real: Tensor) -> Tensor:
        whole = torch.ones_like(spectrograms[..., 0], dtype=torch.bool)
        states: Tensor = self.hear(self.ears.embed(AudioEmbeddings(spectrograms, whole)).states, real)
        return states


def _encoder_file(network: LpNetwork) -> bytes:
    spectrograms = torch.rand(CLIPS, network.audio_encoder.frames, BANDS)
    axes = {name: {0: "clips"} for name in ("spectrograms", "real", "states")}
    example = [spectrograms, torch.tensor([1, 1])]
    return graph_file(_EarsGraph(network), example, ["spectrograms", "real"], ["states"], axes)


def _listen_file(bart: Any) -> bytes:
    states = torch.rand(CLIPS, POSITIONS, bart.config.d_model)
    names = [f"sound_{kind}_{layer}" for layer in range(bart.config.decoder_layers) for kind in KINDS]
    axes = {"states": {0: "clips", 1: "positions"}, **{name: _axes(name, "positions") for name in names}}
    return graph_file(ListenGraph(bart), [states], ["states"], names, axes)


def _step_file(bart: Any) -> bytes:
    sizes = slot_sizes(bart.config)
    memory: dict[str, Tensor] = {}
    for layer in range(sizes.layers):
        for what, length in (("sound", POSITIONS), ("past", SLOTS)):
            keys = torch.rand(CLIPS, sizes.heads, sizes.head_dim, length)
            memory |= {f"{what}_keys_{layer}": keys, f"{what}_values_{layer}": keys.transpose(2, 3)}
    new = [f"new_{kind}_{layer}" for layer in range(sizes.layers) for kind in KINDS]
    axes = {
        "tokens": {0: "rows"},
        "sound": {0: "clips", 1: "positions"},
        "own": {0: "clips", 1: "hypotheses", 2: "slots"},
        "log_probs": {0: "rows"},
        **{name: _axes(name, "positions" if name.startswith("sound") else "slots") for name in memory},
        **{name: _axes(name, "hypotheses") for name in new},
    }
    tokens = torch.zeros(CLIPS * HYPOTHESES, dtype=torch.long)
    masks = torch.zeros(CLIPS, POSITIONS), torch.zeros(CLIPS, HYPOTHESES, SLOTS)
    example = [tokens, torch.tensor([SLOTS]), *masks, *memory.values()]
    return graph_file(ReadGraph(bart), example, [*STEPPED, *memory], ["log_probs", *new], axes)


KINDS = ("keys", "values")


def _axes(name: str, length: str) -> dict[int, str]:
    return {0: "clips", 3 if "keys" in name else 2: length}


def _refuse_other_tables(spectrogram: Any) -> None:
    tables = mel_tables()
    for ours, theirs in ((tables.window, spectrogram.window), (tables.filters, spectrogram.filters)):
        if np.abs(ours - theirs.cpu().numpy()).max() > TABLES_DIFFER_AT_MOST:
            raise ValueError("the spectrogram has a window or filters of its own: no export to ONNX has them")
