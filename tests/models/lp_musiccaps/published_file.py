"""A small LP-MusicCaps checkpoint with the names of the published ones, and the tokenizer that belongs to it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from linernotes.models.lp_musiccaps import BartSizes, LpMusicCaps, LpMusicCapsConfig
from linernotes.models.lp_musiccaps.bart import new_bart
from linernotes.models.lp_musiccaps.network import SHARED, TIED
from linernotes.models.lp_musiccaps.published import RENAMED
from linernotes.models.subwords import TOKENIZER_FILE, train_subwords

SIZES = BartSizes(dim=64, layers=2, heads=1, feed_forward=32, positions=140, dropout=0.0)


def small_model() -> LpMusicCaps:
    """Random weights that say something."""
    torch.manual_seed(3)
    subwords = train_subwords(["A low hum, long.", "Slow drums (rather bright)."], 130)
    model = LpMusicCaps(LpMusicCapsConfig(spectrogram="released"), subwords, new_bart(SIZES, subwords))
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data.normal_(std=0.2)
    return model.eval()


def published_weights(model: LpMusicCaps) -> dict[str, Tensor]:
    """The model's tensors under the published names, the tied ones written out."""
    back = {ours: theirs for theirs, ours in RENAMED.items()}
    weights = {back.get(name, name): tensor for name, tensor in model.network.state_dict().items()}
    return {**weights, **dict.fromkeys(TIED, weights[SHARED])}


def write_tokenizer(model: LpMusicCaps, folder: Path) -> Path:
    """A folder with the model's tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TOKENIZER_FILE).write_text(model.vocabulary.to_json(), "utf-8")
    return folder
