"""An AST, a wav2vec 2.0 and a HuBERT of a few thousand random weights, written in the published layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SPEECH: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
AST: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_length": 256,
    "num_mel_bins": 32,
    "frequency_stride": 10,
    "time_stride": 10,
}


def write_ast(folder: Path) -> Path:
    """As its authors published it: a classifier around the encoder, and the scaling of spectrograms."""
    import torch
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    torch.manual_seed(0)
    ASTForAudioClassification(ASTConfig(**AST)).save_pretrained(folder)
    ASTFeatureExtractor(max_length=256, num_mel_bins=32, mean=-4.0, std=4.5).save_pretrained(folder)
    return folder


def write_wav2vec2(folder: Path) -> Path:
    """As published: the encoder inside a network for pre-training."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForPreTraining

    torch.manual_seed(0)
    quantizer = {"num_codevectors_per_group": 4, "codevector_dim": 8, "proj_codevector_dim": 8}
    Wav2Vec2ForPreTraining(Wav2Vec2Config(**SPEECH, **quantizer)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


def write_hubert(folder: Path) -> Path:
    """As published: the encoder alone."""
    import torch
    from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor

    torch.manual_seed(0)
    HubertModel(HubertConfig(**SPEECH)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder
