"""A MERT of a few thousand random weights, written in the published layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": [8] * 7,
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


def write_mert(folder: Path, *, pickled: bool = False, normalise: bool = False, **sizes: Any) -> Path:
    """The same weights for the same sizes, as safetensors or as the older pickled file with its older names."""
    import torch
    from safetensors.torch import save_file
    from transformers import HubertConfig, HubertModel

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    chosen = {**SIZES, **sizes}
    weights = {
        name: value.clone() for name, value in HubertModel(HubertConfig(**chosen)).state_dict().items()
    }
    config = {
        **chosen,
        "model_type": "mert_model",
        "architectures": ["MERTModel"],
        "feature_extractor_cqt": False,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"do_normalize": normalise, "sampling_rate": 24_000})
    )
    if pickled:
        at = "encoder.pos_conv_embed.conv."
        weights[f"{at}weight_g"] = weights.pop(f"{at}parametrizations.weight.original0")
        weights[f"{at}weight_v"] = weights.pop(f"{at}parametrizations.weight.original1")
        torch.save(weights, folder / "pytorch_model.bin")
    else:
        save_file(weights, folder / "model.safetensors")
    return folder
